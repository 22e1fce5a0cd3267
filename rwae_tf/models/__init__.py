"""Models by name: R-WAE and its baselines, each a module with a class `Model`."""

import importlib

from rwae_tf.compat import keras_settings
from rwae_tf.errors import InputError
from rwae_tf.layers.policy import Policy


def build(config, spec, policy=None):
    """Build the model of `config` for sequences like `spec`, with initial weights.

    Args:
      config: the `Config` of the run.
      spec: the `SequenceSpec` of its data.
      policy: the `Policy` that makes its layers and optimizers; None for the one that `config.training` says.

    Raises:
      InputError: where Keras has another backend or number format, or for sequences that the model is not for.
    """
    if line := keras_settings.fault():
        raise InputError(line)
    policy = policy or Policy(config.training.kernels, config.training.precision)
    return importlib.import_module(f"{__name__}.{config.model.model}").Model(config, spec, policy)
