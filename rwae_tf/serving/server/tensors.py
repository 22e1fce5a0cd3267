"""One value of JSON <-> one NumPy array, by TensorFlow Serving's rules."""

import base64
import binascii
import contextlib
import itertools
import json

import numpy as np

from rwae_tf.serving.server import replies

_NAMES = {"float32": "float", "float64": "double", "object": "string"}
_LARGEST = float(np.finfo(np.float32).max)
_DEEPEST = 32  # dimensions of an array
_EXACT = 2**24 - 1  # whole numbers up to here are exact in float32


def fast(value, dtype):
    """The array of a rectangular list of plain numbers that fit `dtype`, else None: `exact` then says why."""
    dtype = np.dtype(dtype)
    if dtype.kind == "O":
        return None
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError):  # ragged
        return None
    kind = array.dtype.kind
    if not array.size and kind == "f" and array.ndim:
        return array.astype(dtype)
    if dtype.kind == "f" and kind == "f":
        with np.errstate(over="ignore"):
            narrow = array.astype(dtype)
        # A list of true, false and floats becomes floats in NumPy; so do whole numbers above 2^24.
        plain = np.array_equal(np.isinf(narrow), np.isinf(array)) and not _has_bools(value, array.ndim)
        return narrow if plain else None
    if dtype.kind == "f" and kind in "iu":
        fits = array.max() <= _EXACT and array.min() >= -_EXACT
        return array.astype(dtype) if fits and not _has_bools(value, array.ndim) else None
    if dtype.kind in "iu" and kind == "i":
        limits = np.iinfo(dtype)
        fits = array.min() >= limits.min and array.max() <= limits.max
        return array.astype(dtype) if fits and not _has_bools(value, array.ndim) else None
    return None


def _has_bools(value, rank):
    """Whether true or false stands among the numbers of a rectangular list. NumPy reads them as 1 and 0."""
    if not rank:
        return isinstance(value, bool)
    for _ in range(rank - 1):
        value = itertools.chain.from_iterable(value)
    return bool in set(map(type, value))


def exact(value, dtype):
    """The array of a value, read number by number.

    Args:
      value: of JSON: a number, string or object, or nested lists of them.
      dtype: a NumPy type, `object` for strings.

    Raises:
      ServingError: naming the first fault.
    """
    dtype = np.dtype(dtype)
    shape, inner = [], value
    while isinstance(inner, list):
        shape.append(len(inner))
        inner = inner[0] if inner else None
    if len(shape) > _DEEPEST:
        raise replies.invalid(f"Encountered list at unexpected level: {len(shape)} expected < {_DEEPEST}")
    leaves = []
    _walk(value, shape, 0, dtype, leaves)
    array = np.empty(len(leaves), dtype)
    array[:] = leaves
    return array.reshape(shape)


def _walk(value, shape, level, dtype, leaves):
    if not isinstance(value, list):
        if level != len(shape):
            raise replies.invalid(f"JSON Value: {brief(value)} found at incorrect level: {level + 1} in the JSON DOM. "
                                  f"Expected at level: {len(shape)}")
        leaves.append(_leaf(value, dtype))
        return
    if level >= len(shape):
        raise replies.invalid(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise replies.invalid(f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: "
                              f"{shape[level]}")
    for inner in value:
        _walk(inner, shape, level + 1, dtype, leaves)


def _leaf(value, dtype):
    if dtype.kind == "O":
        if isinstance(value, dict):
            return _from_base64(value)
        if isinstance(value, str):
            return value.encode("utf-8", "surrogatepass")
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        pass
    elif dtype.kind == "f":
        lossy = abs(value) > _EXACT if isinstance(value, int) else _LARGEST < abs(value) < float("inf")
        if lossy:
            raise replies.invalid(f"Cannot convert JSON value: {brief(value)} to float without loss of precision.")
        return value
    elif isinstance(value, int) and np.iinfo(dtype).min <= value <= np.iinfo(dtype).max:
        return value
    raise replies.invalid(f"JSON Value: {brief(value)} Type: {_type_name(value)} is not of expected type: "
                          f"{_NAMES.get(dtype.name, dtype.name)}")


def _from_base64(value):
    if set(value) != {"b64"} or not isinstance(value["b64"], str):
        raise replies.invalid(f"JSON Value: {brief(value)} not formatted correctly for base64 data")
    with contextlib.suppress(ValueError):  # as most clients write it
        return binascii.a2b_base64(value["b64"], strict_mode=True)
    text = "".join(value["b64"].split()).rstrip("=")  # padding is optional
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise replies.invalid("Unable to base64 decode") from None


def to_base64(value):
    """Bytes as the object that stands for them in JSON."""
    return {"b64": base64.b64encode(value).decode("ascii")}


def to_text(value):
    """Bytes as the text they hold."""
    return value.decode("utf-8", "replace")


def is_object(value):
    """Whether a value is an object, and not one that stands for bytes."""
    return isinstance(value, dict) and not (set(value) == {"b64"} and isinstance(value["b64"], str))


def shape_text(shape):
    """A shape as TensorFlow Serving writes it, such as [2,3]."""
    return "[" + ",".join(map(str, shape)) + "]"


def brief(value):
    """A value of JSON in at most 300 characters."""
    try:
        text = json.dumps(value)
    except RecursionError:
        text = "lists in lists"
    return text if len(text) <= replies.LONGEST else text[: replies.LONGEST] + "..."


def _type_name(value):
    if isinstance(value, bool):
        return str(value)
    names = {type(None): "Null", dict: "Object", list: "Array", str: "String"}
    return names.get(type(value), "Number")
