"""Keras as this package needs it, whatever KERAS_BACKEND and the user's keras.json say."""

import atexit
import os
import shutil
import sys
import tempfile

_NEEDED = {"floatx": "float32", "image_data_format": "channels_last"}
_NOT_FOR_KERAS = ("sklearn", "matplotlib")
"""What Keras imports, where it is installed, for wrappers and plots that no command uses."""


def take_over():
    """Have the process of a command use Keras on TensorFlow with Keras's own settings. Call it before Keras's import.

    Keras reads keras.json (backend, floatx, image_data_format, epsilon) in KERAS_HOME, else in ~/.keras.
    """
    if "keras" in sys.modules:
        return
    place = tempfile.mkdtemp(prefix="rwae_tf-keras-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    os.environ.update(KERAS_BACKEND="tensorflow", KERAS_HOME=place)
    sys.meta_path.insert(0, _Finder)


class _Finder:
    """Finds no module, and refuses those of `_NOT_FOR_KERAS` while Keras is imported; later they are there."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """What Python asks of everything in `sys.meta_path`."""
        del path, target
        if name in _NOT_FOR_KERAS and "keras" in sys.modules and not hasattr(sys.modules["keras"], "__version__"):
            raise ModuleNotFoundError(f"{name}: not imported for Keras", name=name)


def fault():
    """What keeps a model from being made in a process that is not a command's, in a line with the mend, or None."""
    mend = "set KERAS_BACKEND=tensorflow in the environment before Python starts"
    try:
        import keras
    except ModuleNotFoundError as error:
        return f"keras: cannot be imported ({error}); {mend}"
    if keras.config.backend() != "tensorflow":
        return f"keras: its backend is {keras.config.backend()}, by KERAS_BACKEND or keras.json; {mend}"
    for name, needed in _NEEDED.items():
        given = getattr(keras.config, name)()
        if given != needed:
            return (f"keras: its {name} is {given}, by keras.json or a call; call keras.config.set_{name}({needed!r}) "
                    "before a model is made")
    policy = keras.config.dtype_policy().name
    return None if policy == "float32" else (
        f"keras: its dtype policy is {policy}; call keras.config.set_dtype_policy('float32') before a model is made")
