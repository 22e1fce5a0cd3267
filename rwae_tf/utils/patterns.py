"""Paths that TensorFlow takes for patterns of paths: it reads checkpoints and SavedModels of all that match."""

import contextlib
import os
import tempfile

from rwae_tf.errors import InputError
from rwae_tf.utils import files

_SIGNS = "*?[\\"
SAID = "TensorFlow takes *, ?, [ and \\ in a path for a pattern"


def is_pattern(path):
    """Whether TensorFlow takes a path for a pattern, and so may find nothing, or something else, where it leads."""
    return bool(set(_SIGNS) & set(path if files.is_remote(path) else os.path.abspath(path)))


@contextlib.contextmanager
def literal(folder):
    """A name of a folder that TensorFlow does not take for a pattern: its own, or a link to it for as long as needed.

    Raises:
      InputError: for a folder of a bucket, which cannot be linked to.
    """
    if not set(_SIGNS) & set(folder):
        yield folder
        return
    refuse_in_bucket(folder)
    with tempfile.TemporaryDirectory(prefix="rwae_tf-") as place:
        if is_pattern(place):
            raise InputError(f"TMPDIR={tempfile.gettempdir()}: {SAID}; name a folder without them")
        link = os.path.join(place, "folder")
        os.symlink(os.path.abspath(folder), link)
        yield link


def refuse_in_bucket(folder):
    """Refuse a folder of a bucket whose name is a pattern."""
    if files.is_remote(folder) and is_pattern(folder):
        raise InputError(f"{folder}: {SAID}; take a name without them")


def refuse(folder):
    """Refuse a folder for what TensorFlow alone reads, such as a SavedModel, whose name is a pattern."""
    if is_pattern(folder):
        whole = folder if files.is_remote(folder) else os.path.abspath(folder)
        raise InputError(f"{whole}: {SAID}, so no program could load from there; take a folder without them")
