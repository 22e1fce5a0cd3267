"""Models by name: R-WAE and its baselines, each a module with a class `Model`."""

import importlib

from rwae_tf.compat import keras_settings
from rwae_tf.errors import InputError


def build(config, spec):
    """Build the model of `config` for sequences like `spec`, with initial weights.

    Raises:
      InputError: where Keras has another backend or number format, or for sequences that the model is not for.
    """
    if line := keras_settings.fault():
        raise InputError(line)
    return importlib.import_module(f"{__name__}.{config.model.model}").Model(config, spec)
