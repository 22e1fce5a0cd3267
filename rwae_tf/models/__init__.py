"""Models by name: R-WAE and its baselines."""

from rwae_tf.compat import keras_settings
from rwae_tf.errors import InputError
from rwae_tf.models.ds_vae import DSVAE
from rwae_tf.models.rwae import RWAE

_MODELS = {"rwae": RWAE, "ds_vae": DSVAE}


def build(config, spec):
    """Build the model of `config` for sequences like `spec`, with initial weights.

    Raises:
      InputError: where Keras has another backend or number format.
    """
    if line := keras_settings.fault():
        raise InputError(line)
    return _MODELS[config.model.model](config, spec)
