"""Sequences in an .npz file, as `np.savez(path, x=clips, action=labels)` writes it, or in an .npy.

`x` is uint8 [N, T, H, W, C] with C = 1 or 3; `np.savez(path, clips)` calls it `arr_0`. Clips of various lengths and
sizes are `arr_0`, `arr_1`, ... instead, each uint8 [T, H, W, C], as `np.savez(path, *clips, action=labels)` writes
them. Every other array holds the labels of one factor, N integers or texts. An .npy holds uint8 [N, T, H, W, C], or
one clip [T, H, W, C]. Pickled objects are refused, and so is a file of which the headers declare more than half of the
machine's memory, before it is read.
"""

import math
import os
import re
import zipfile

import numpy as np

from rwae_tf.errors import InputError
from rwae_tf.utils.arrays import UNREADABLE

FORM = "np.savez(path, x=clips) with clips uint8 [N, T, H, W, C] and C = 1 or 3 writes what is read"


class NoClips(InputError):
    """An .npy that holds something else, as labels."""


def count(path):
    """Number N of the sequences in a file; InputError, one line, for a file that is not of this form."""
    headers = _headers(path)
    if _is_npy(path):
        return _count_npy(path, *headers["x"])
    x, labels = _kinds(headers)
    if not x:
        likely = [key for key, (shape, _) in headers.items() if len(shape) >= 4]
        named = f"; if {likely[0]} holds the clips, write it under the name x" if likely else ""
        if len(likely) > 1:
            named = f"; write {' and '.join(likely)} to files of their own, train.npz and test.npz if they are that"
        raise InputError(f"{path}: has neither x nor arr_0{named}; {FORM}")
    whole = x == ["x"] or _is_whole(headers, x)
    number = headers[x[0]][0][0] if whole and headers[x[0]][0] else len(x)
    for key in x:
        shape, dtype = headers[key]
        form, rank = ("[N, T, H, W, C]", 5) if whole else ("[T, H, W, C]", 4)
        if dtype != np.uint8 or len(shape) != rank or shape[-1] not in (1, 3) or 0 in shape:
            raise InputError(f"{path}: {key} must be uint8 {form} with C = 1 or 3, not {dtype} {list(shape)}"
                             f"{_mend(key, shape, dtype)}")
    for key in labels:
        shape, dtype = headers[key]
        if dtype.kind not in "iuUSb" or shape != (number,):
            raise InputError(f"{path}: {key} must hold {number} integers or texts, one for each sequence, not "
                             f"{dtype} {list(shape)}")
    _check_memory(path, headers)
    return number


def _count_npy(path, shape, dtype):
    """Number of the sequences in an .npy."""
    if len(shape) < 4 or dtype.kind not in "iufb":
        raise NoClips(f"{path}: {dtype} {list(shape)} are no clips; {FORM}")
    if dtype != np.uint8 or len(shape) > 5 or shape[-1] not in (1, 3) or 0 in shape:
        raise InputError(f"{path}: must be uint8 [N, T, H, W, C], or one clip [T, H, W, C], with C = 1 or 3, not "
                         f"{dtype} {list(shape)}{_mend('x', shape, dtype)}")
    _check_memory(path, {"x": (shape, dtype)})
    return shape[0] if len(shape) == 5 else 1


def _mend(key, shape, dtype):
    """How an array is made one that is read, in words; empty where nobody knows."""
    if dtype.kind == "f":
        return (f"; write np.round(255 * {key}).astype(np.uint8) for values of 0 to 1, {key}.round().astype(np.uint8) "
                "for 0 to 255")
    if dtype.kind in "iu" and dtype != np.uint8:
        return f"; write {key}.astype(np.uint8) for values of 0 to 255, and scale larger ones to these before"
    if dtype.kind == "b":
        return f"; write np.uint8(255) * {key}"
    if key != "x" and len(shape) == 5 and shape[-1] in (1, 3):
        return "; name the arrays, as np.savez(path, x=clips, action=labels)"
    if len(shape) == 4 and shape[-1] in (1, 3):
        return f"; of one clip [T, H, W, C], write x={key}[None]"
    if len(shape) == 4:
        return (f"; of grey clips [N, T, H, W], write x={key}[..., None]; of [T, N, H, W], as Moving MNIST has it, "
                f"x={key}.swapaxes(0, 1)[..., None]")
    if len(shape) == 5 and shape[2] in (1, 3):
        return f"; with the channels before height and width, write x=np.moveaxis({key}, 2, -1)"
    if shape and shape[-1] == 4:
        return f"; with alpha, write {key}[..., :3]"
    return ""


def _check_memory(path, headers):
    declared = sum(math.prod(shape) * dtype.itemsize for shape, dtype in headers.values())
    if declared > memory() // 2:
        raise InputError(f"{path}: declares {declared / 2**30:.1f} GiB, more than half of this machine's memory; write "
                         "several smaller files")


def _is_npy(path):
    return path.lower().endswith(".npy")


def _is_whole(headers, x):
    """Whether the one array without a name holds all clips, as `np.savez(path, clips)` writes them."""
    return len(x) == 1 and len(headers[x[0]][0]) == 5


def labels(path):
    """The label arrays of a file that `count` knows as good: {name: texts [N]}."""
    if _is_npy(path):
        return {}
    found = _load(path, lambda keys: _kinds(keys)[1])
    return {name: [_text(value) for value in values.tolist()] for name, values in found.items()}


def clips(path):
    """The sequences of a file that `count` knows as good: a list, or an array, of uint8 [T, H, W, C]."""
    found = list(_load(path, lambda keys: _kinds(keys)[0]).values())
    if len(found) == 1 and found[0].ndim == 5:
        return found[0]
    return found


def memory():
    """Bytes of this machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _load(path, choose):
    """The arrays of a file under those of its keys that `choose(keys)` names: {key: array}."""
    try:
        if _is_npy(path):
            return {"x": np.load(path, allow_pickle=False)}
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in choose(file)}
    except UNREADABLE as error:
        raise InputError(f"{path}: not a readable {_suffix(path)} ({_reason(error)})") from None


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
        if _is_npy(path):
            with open(path, "rb") as file:
                return {"x": _header(path, "the array", file, os.fstat(file.fileno()).st_size)}
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                key = info.filename.removesuffix(".npy")
                with archive.open(info) as file:
                    headers[key] = _header(path, key, file, info.file_size)
    except InputError:
        raise
    except UNREADABLE as error:
        raise InputError(f"{path}: not a readable {_suffix(path)} ({_reason(error)})") from None
    return headers


def _header(path, key, file, size):
    """Shape and dtype of an array in an open file of `size` bytes."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    if dtype.hasobject:
        raise InputError(f"{path}: {key} holds pickled objects, which are never read; of clips of different lengths, "
                         f"write np.savez(path, *clips), each uint8 [T, H, W, C]; {FORM}")
    if file.tell() + math.prod(shape) * dtype.itemsize != size:
        raise ValueError(f"{key} declares {list(shape)} and holds something else")
    return shape, dtype


def _reason(error):
    return getattr(error, "strerror", None) or error


def _suffix(path):
    return "npy" if _is_npy(path) else "npz"
