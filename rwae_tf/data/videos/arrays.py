"""Sequences in an .npz file, as `np.savez(path, x=clips, action=labels)` writes it.

`x` is uint8 [N, T, H, W, C] with C = 1 or 3. Clips of various lengths and sizes are `arr_0`, `arr_1`, ... instead, each
uint8 [T, H, W, C], as `np.savez(path, *clips, action=labels)` writes them. Every other array holds the labels of
one factor, N integers or texts. Pickled objects are refused, and so is a file of which the headers declare more
than half of the machine's memory, before it is read.
"""

import math
import os
import re
import zipfile
import zlib

import numpy as np

from rwae_tf.errors import InputError

FORM = "np.savez(path, x=clips) with clips uint8 [N, T, H, W, C] and C = 1 or 3 writes what is read"
_BROKEN = (ValueError, OSError, EOFError, TypeError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)


def count(path):
    """Number N of the sequences in a file; InputError, one line, for a file that is not of this form."""
    headers = _headers(path)
    x, labels = _kinds(headers)
    if not x:
        raise InputError(f"{path}: has neither x nor arr_0; {FORM}")
    number = headers["x"][0][0] if x == ["x"] and headers["x"][0] else len(x)
    for key in x:
        shape, dtype = headers[key]
        form, rank = ("[N, T, H, W, C]", 5) if key == "x" else ("[T, H, W, C]", 4)
        if dtype != np.uint8 or len(shape) != rank or shape[-1] not in (1, 3) or 0 in shape:
            raise InputError(f"{path}: {key} must be uint8 {form} with C = 1 or 3, not {dtype} {list(shape)}")
    for key in labels:
        shape, dtype = headers[key]
        if dtype.kind not in "iuUSb" or shape != (number,):
            raise InputError(f"{path}: {key} must hold {number} integers or texts, one for each sequence, not "
                             f"{dtype} {list(shape)}")
    declared = sum(math.prod(shape) * dtype.itemsize for shape, dtype in headers.values())
    if declared > memory() // 2:
        raise InputError(f"{path}: declares {declared / 2**30:.1f} GiB, more than half of this machine's memory; write "
                         "several smaller files")
    return number


def labels(path):
    """The label arrays of a file that `count` knows as good: {name: texts [N]}."""
    found = _load(path, lambda keys: _kinds(keys)[1])
    return {name: [_text(value) for value in values.tolist()] for name, values in found.items()}


def clips(path):
    """The sequences of a file that `count` knows as good: a list, or an array, of uint8 [T, H, W, C]."""
    found = _load(path, lambda keys: _kinds(keys)[0])
    return found["x"] if "x" in found else list(found.values())


def memory():
    """Bytes of this machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _load(path, choose):
    """The arrays of a file under those of its keys that `choose(keys)` names: {key: array}."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in choose(file)}
    except _BROKEN as error:
        raise InputError(f"{path}: not a readable npz ({getattr(error, 'strerror', None) or error})") from None


def _text(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _kinds(keys):
    """Which of the keys are clips, in order, and which labels; both sorted."""
    numbered = sorted((key for key in keys if re.fullmatch("arr_[0-9]+", key)), key=lambda key: int(key[4:]))
    x = ["x"] if "x" in keys else numbered
    return x, sorted(set(keys) - set(x))


def _headers(path):
    """Key -> (shape, dtype) of every array in a file, of which only the headers are read."""
    headers = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                with archive.open(info) as file:
                    version = np.lib.format.read_magic(file)
                    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else \
                        np.lib.format.read_array_header_2_0
                    shape, _, dtype = read(file)
                    start = file.tell()
                key = info.filename.removesuffix(".npy")
                if dtype.hasobject:
                    raise InputError(f"{path}: {key} holds pickled objects, which are never read; {FORM}")
                if start + math.prod(shape) * dtype.itemsize != info.file_size:
                    raise ValueError(f"{key} declares {list(shape)} and holds something else")
                headers[key] = shape, dtype
    except InputError:
        raise
    except _BROKEN as error:
        raise InputError(f"{path}: not a readable npz ({getattr(error, 'strerror', None) or error})") from None
    return headers
