"""The flagfiles of the package: tools/ of a clone, or a copy inside the installed package."""

import difflib
import os

from rwae_tf.errors import InputError

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_FOLDERS = (os.path.join(_PACKAGE, "_presets"), os.path.join(os.path.dirname(_PACKAGE), "tools"))


def names():
    """Names of all presets, such as "mug" and "cpu/sprites", sorted."""
    folder = _folder()
    paths = [os.path.relpath(os.path.join(path, file), folder) for path, _, files in os.walk(folder) for file in files
             if file.endswith(".flags")]
    return sorted(os.path.splitext(name)[0].replace(os.sep, "/") for name in paths)


def path(name):
    """The flagfile of a preset.

    Raises:
      InputError: for a name that no preset has.
    """
    known = names()
    if name not in known:
        close = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]}?" if close else f"choose one of {', '.join(known)}"
        raise InputError(f"--preset={name}: no such preset; {hint}")
    return os.path.join(_folder(), *name.split("/")) + ".flags"


def _folder():
    return next((folder for folder in _FOLDERS if os.path.isdir(folder)), _FOLDERS[0])
