"""Small trained models that ship with the package: `pretrained/NAME` of a clone, or a copy inside an installed package.

Such a folder holds config.json and spec.json, as a run does, and besides

    weights.npz     every variable of the model, by number; matrices in float16 where that changes no measured number
    model.json      what the model is, its budget, data, licence and measured numbers
    README.md       the same to read: the model card
    SHA256SUMS      checksums of all of these, as `sha256sum --check` reads them
    judge/          the judge that measured it, where that is small

Imports no TensorFlow.
"""

import difflib
import io
import os

import numpy as np

from rwae_tf.errors import InputError
from rwae_tf.utils import files, json_file
from rwae_tf.utils.arrays import UNREADABLE

PREFIX = "pretrained/"
LARGEST = 6e6  # bytes of one of them; a repository is no place for more
WEIGHTS, RECORD, CARD, SUMS, JUDGE = "weights.npz", "model.json", "README.md", "SHA256SUMS", "judge"
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_FOLDERS = (os.path.join(_PACKAGE, "_pretrained"), os.path.join(os.path.dirname(_PACKAGE), "pretrained"))


def folder():
    """The folder of all of them."""
    return next((path for path in _FOLDERS if os.path.isdir(path)), _FOLDERS[1])


def names():
    """Their names, sorted."""
    if not os.path.isdir(folder()):
        return []
    return sorted(name for name in os.listdir(folder()) if os.path.exists(os.path.join(folder(), name, RECORD)))


def find(path):
    """The folder that `path` means: itself, or of "pretrained/NAME" the one that ships.

    Raises:
      InputError: for a NAME that is none.
    """
    if os.path.isdir(path) or not path.startswith(PREFIX):
        return path
    name = path.removeprefix(PREFIX).rstrip("/")
    if name not in names():
        close = difflib.get_close_matches(name, names(), 1)
        hint = f"did you mean {PREFIX}{close[0]}?" if close else f"there are {', '.join(names()) or 'none here'}"
        raise InputError(f"{path}: no such pretrained model; {hint}")
    return os.path.join(folder(), name)


def size(path):
    """Bytes of all files in the folder `path` and below it."""
    return sum(os.path.getsize(os.path.join(top, name)) for top, _, names in os.walk(path) for name in names)


def is_pretrained(path):
    """Whether a folder is one of these, and not that of a run."""
    return os.path.exists(os.path.join(path, WEIGHTS)) and os.path.exists(os.path.join(path, RECORD))


def record(path):
    """What model.json in the folder `path` says."""
    return json_file.read(os.path.join(path, RECORD), "the record of a pretrained model", "a pretrained model")


def read_weights(path):
    """The variables in the folder `path`, float16 as float32, in the model's order.

    Raises:
      InputError: for a damaged file.
    """
    try:
        with open(os.path.join(path, WEIGHTS), "rb") as file, np.load(io.BytesIO(file.read())) as weights:
            arrays = [weights[name] for name in sorted(weights.files)]
    except UNREADABLE as error:
        raise InputError(f"{os.path.join(path, WEIGHTS)}: damaged ({error}); git checkout brings it back") from None
    return [array.astype(np.float32) if array.dtype == np.float16 else array for array in arrays]


def write_weights(path, arrays):
    """Write variables, in the model's order, for `read_weights`."""
    np.savez_compressed(os.path.join(path, WEIGHTS), **{f"{k:04d}": array for k, array in enumerate(arrays)})


def write_checksums(path):
    """Write SHA256SUMS for all other files in the folder `path`."""
    lines = [f"{files.sha256(os.path.join(path, name))}  {name}\n" for name in _files(path)]
    with open(os.path.join(path, SUMS), "w", encoding="utf-8") as file:
        file.writelines(lines)


def faults(path):
    """What is wrong with the files in the folder `path`, a line each; none where all are as they were written."""
    try:
        with open(os.path.join(path, SUMS), encoding="utf-8") as file:
            sums = dict(reversed(line.rstrip("\n").split("  ", 1)) for line in file)
    except (OSError, ValueError) as error:
        return [f"{SUMS}: cannot be read ({error})"]
    lines = [f"{name}: missing" for name in sums if not os.path.exists(os.path.join(path, name))]
    lines += [f"{name}: not in {SUMS}" for name in _files(path) if name not in sums]
    return lines + [f"{name}: changed" for name in _files(path)
                    if name in sums and sums[name] != files.sha256(os.path.join(path, name))]


def _files(path):
    """Relative paths of the files in a folder, checksums left out, and what `evaluate` and `generate` leave."""
    listed = []
    for top, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if name == JUDGE)
        listed += [os.path.relpath(os.path.join(top, name), path) for name in sorted(names) if name != SUMS]
    return listed
