"""manifest.json of prepared takes: what the TFRecord shards beside it hold, and where.

    version     of this layout
    spec        frame_shape, stride (one of how many recorded frames was prepared), length (of the shortest take), crop
    source      digest of version and spec, of the names and sizes of all frames, and of skipped
    licence     a note
    counts      takes, frames, subjects, takes of each expression, what was skipped and why
    skipped     what the search for takes passed over: take, why, detail
    shards      name, bytes, sha256; takes: take, subject, expression, frames (how many), offset (of their bytes in the
                shard) and box (left, top, side in the original frames); skipped

Frames are uncompressed inside the shards, so that takes are read at their offsets, without parsing or copying.
"""

import functools
import hashlib
import json
import os

import numpy as np

from rwae_tf.data.base import NATIVE_SIZE
from rwae_tf.data.prepare.mug.discovery import EXPRESSIONS
from rwae_tf.errors import InputError

VERSION = 1
FRAME_SHAPE = (NATIVE_SIZE, NATIVE_SIZE, 3)
FRAME_BYTES = int(np.prod(FRAME_SHAPE))
_MEND = "run tools/prepare_mug.py, which writes what is missing or damaged"


def path(data_dir):
    """Path of the manifest of a whole preparation."""
    return os.path.join(data_dir, "manifest.json")


def partial_path(data_dir):
    """Path of the manifest of a preparation that is not finished."""
    return os.path.join(data_dir, "manifest.partial.json")


def read(data_dir):
    """The manifest in a folder, its shards checked.

    Raises:
      InputError: if it is missing, unfinished, broken or of another version, or if a shard is not the one it names.
    """
    name = path(data_dir)
    if not os.path.exists(name) and os.path.exists(partial_path(data_dir)):
        raise InputError(f"{data_dir}: not finished; run tools/prepare_mug.py again with the same flags, it goes on")
    try:
        with open(name, encoding="utf-8") as file:
            manifest = json.load(file)
    except OSError as error:
        raise InputError(f"{name}: {error.strerror}; {_MEND}") from None
    except ValueError as error:
        raise InputError(f"{name}: not JSON ({error}); {_MEND}") from None
    if not isinstance(manifest, dict) or manifest.get("version") != VERSION:
        found = manifest.get("version") if isinstance(manifest, dict) else None
        raise InputError(f"{name}: version {found!r}, but this package reads {VERSION}; {_MEND}")
    try:
        _check_fields(manifest)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{name}: not a manifest of this package ({error!r}); {_MEND}") from None
    for shard in manifest["shards"]:
        check_shard(os.path.join(data_dir, shard["name"]), shard)
    return manifest


def _check_fields(manifest):
    """Raise KeyError, TypeError or ValueError where a manifest says what cannot be."""
    if tuple(manifest["spec"]["frame_shape"]) != FRAME_SHAPE:
        raise ValueError(f"frame_shape {manifest['spec']['frame_shape']}")
    stride = manifest["spec"]["stride"]
    if not isinstance(stride, int) or stride < 1:
        raise ValueError(f"stride {stride!r}")
    takes = [(shard, take) for shard in manifest["shards"] for take in shard["takes"]]
    if not takes:
        raise ValueError("no takes")
    for shard, take in takes:
        end = take["offset"] + take["frames"] * FRAME_BYTES
        fits = isinstance(end, int) and 0 < take["frames"] and 0 <= take["offset"] and end <= shard["bytes"]
        if not fits or take["expression"] not in EXPRESSIONS or not isinstance(take["subject"], str):
            raise ValueError(f"take {take}")


def check_shard(name, shard):
    """Refuse the file `name` if it has not the length and the digest that the manifest's entry `shard` names."""
    try:
        status = os.stat(name)
    except OSError as error:
        raise InputError(f"{name}: {error.strerror}; {_MEND}") from None
    if status.st_size != shard["bytes"]:
        raise InputError(f"{name}: {status.st_size} bytes, not the {shard['bytes']} of the manifest; {_MEND}")
    if _digest(name, status.st_size, status.st_mtime_ns) != shard["sha256"]:
        raise InputError(f"{name}: SHA-256 is not the one in the manifest, the file is damaged; {_MEND}")


def digest(name):
    """SHA-256 of a file in hexadecimal."""
    with open(name, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@functools.lru_cache(maxsize=4096)
def _digest(name, size, changed):
    """`digest`, once for a file of that size and time of change: all splits of a dataset read the same shards."""
    return digest(name)
