"""Models: R-WAE and what it is compared with, each found by its name."""

from rwae_tf.compat import keras_settings
from rwae_tf.errors import InputError
from rwae_tf.models.ds_vae import DSVAE
from rwae_tf.models.rwae import RWAE

_MODELS = {"rwae": RWAE, "ds_vae": DSVAE}


def build(config, spec):
    """The model of `config` for sequences like `spec`, its weights created.

    Raises:
      InputError: where Keras has another backend or number format.
    """
    if line := keras_settings.fault():
        raise InputError(line)
    return _MODELS[config.model.model](config, spec)
