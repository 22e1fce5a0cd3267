"""Disentangled recurrent Wasserstein autoencoders (R-WAE) in TensorFlow and Keras 3.

    import rwae_tf
    clips = rwae_tf.data.load("moving_shapes", split="test", size=32)
    model = rwae_tf.load("runs/quickstart")
    codes = model.encode(next(clips.batches(8))["x"])

Importing the package loads neither TensorFlow nor any data and touches no device.
"""

import importlib

from rwae_tf.export import export

__version__ = "0.1.0"
__all__ = ["Codes", "Config", "InputError", "SequenceSpec", "data", "export", "load"]

_HOME = {"Codes": "rwae_tf.types", "SequenceSpec": "rwae_tf.types", "Config": "rwae_tf.config",
         "InputError": "rwae_tf.errors", "load": "rwae_tf.runs.run_dir"}


def __getattr__(name):
    """Import a public name at its first use."""
    if name == "load":  # before Keras is imported, which may fail
        from rwae_tf import errors
        from rwae_tf.compat import keras_settings

        if line := keras_settings.fault():
            raise errors.InputError(line)
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in __all__:
        return importlib.import_module(f"rwae_tf.{name}")
    raise AttributeError(f"module 'rwae_tf' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
