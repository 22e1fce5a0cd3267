"""Requests and answers of `:predict`: JSON in row form (`instances`) or column form (`inputs`) <-> NumPy arrays.

The rules and the words of the errors are those of TensorFlow Serving (its `json_tensor.cc`); where it repeats a whole
request in an error, the first 300 characters stand here. Rectangular lists of numbers, the bulk of a request, are
read by NumPy at once; what it cannot read is walked through, which finds the first fault.
"""

import json

import numpy as np
import orjson

from rwae_tf.serving.server import replies, tensors

ROW, COLUMN = "instances", "inputs"
_ANSWERS = {ROW: "predictions", COLUMN: "outputs"}


def parse_json(body):
    """The object in the bytes of a request.

    Raises:
      ServingError: for what is no JSON, or no object.
    """
    if not body:
        raise replies.invalid("JSON Parse error: The document is empty")
    try:
        value = orjson.loads(body)
    except ValueError:  # it knows no NaN and no Infinity, which the interface allows, and its errors have no offset
        value = _parse_lenient(body)
    if not isinstance(value, dict):
        raise replies.invalid(f"JSON Value: {tensors.brief(value)} Is not object")
    return value


def _parse_lenient(body):
    try:
        return json.loads(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise replies.invalid(f"JSON Parse error: Invalid encoding in string. at offset: {error.start}") from None
    except json.JSONDecodeError as error:
        raise replies.invalid(f"JSON Parse error: {error.msg} at offset: {error.pos}") from None
    except (ValueError, RecursionError) as error:
        raise replies.invalid(f"JSON Parse error: {type(error).__name__}: {error}") from None


def signature_name(request):
    """The signature that a parsed request names, "" for the default one."""
    name = request.get("signature_name", "")
    if not isinstance(name, str):
        raise replies.invalid(f"JSON Value: {tensors.brief(request)} not formatted correctly. 'signature_name' key "
                              "must be a string value.")
    return name


def read(request, dtypes):
    """The inputs in a parsed request.

    Args:
      request: the object of `parse_json`.
      dtypes: name of an input -> its NumPy type, `object` for strings.

    Returns:
      The form, `ROW` or `COLUMN`, and name -> array.

    Raises:
      ServingError: for a request that does not give exactly these inputs.
    """
    if ROW in request and COLUMN in request:
        raise replies.invalid(f"JSON Value: {tensors.brief(request)} Not formatted correctly expecting only one of "
                              "'inputs' or 'instances' keys to exist ")
    if ROW in request:
        return ROW, _rows(request, dtypes)
    if COLUMN in request:
        return COLUMN, _columns(request[COLUMN], dtypes)
    raise replies.invalid("Missing 'inputs' or 'instances' key")


def write(form, outputs):
    """The bytes of an answer.

    Args:
      form: of the request.
      outputs: name -> array; strings are bytes, in base64 where the name ends with `_bytes`.

    Raises:
      ServingError: in row form for outputs of different first dimensions.
    """
    values = {name: _jsonable(name, array) for name, array in sorted(outputs.items())}
    if form == ROW:
        counts = {name: np.shape(array)[0] if np.ndim(array) else None for name, array in outputs.items()}
        if None in counts.values() or len(set(counts.values())) != 1:
            raise replies.invalid(f"Tensors have inconsistent batch sizes: {counts}")
    if len(values) == 1:
        [answer] = values.values()
    elif form == ROW:
        answer = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    else:
        answer = values
    return orjson.dumps({_ANSWERS[form]: answer}, option=orjson.OPT_SERIALIZE_NUMPY)


def _jsonable(name, array):
    if array.dtype != object:
        return np.ascontiguousarray(array)
    encode = tensors.to_base64 if name.endswith("_bytes") else tensors.to_text
    flat = np.empty(array.size, object)
    flat[:] = [encode(value) for value in array.ravel()]
    return flat.reshape(array.shape).tolist()


def _rows(request, dtypes):
    rows = request[ROW]
    if not isinstance(rows, list):
        raise replies.invalid(f"JSON Value: {tensors.brief(request)} Excepting 'instances' to be an list/array")
    if not rows:
        raise replies.invalid(f"JSON Value: {tensors.brief(request)} No values in 'instances' array")
    if not isinstance(rows[0], dict) and len(dtypes) > 1:
        raise replies.invalid("instances is a plain list, but expecting list of objects as multiple input tensors "
                              "required as per tensorinfo_map")
    named = tensors.is_object(rows[0])
    for k, row in enumerate(rows):
        if tensors.is_object(row) != named:
            raise replies.invalid(f"Expecting object but got list at item {k} of input list" if named else
                                  f"Expecting value/list but got object at item {k} of input list")
    if not named:
        [(name, dtype)] = dtypes.items()
        return {name: _stack(rows, dtype, "")}
    for k, row in enumerate(rows):
        _check_keys(k, row, dtypes)
    return {name: _stack([row[name] for row in rows], dtype, f" key: {name}") for name, dtype in dtypes.items()}


def _check_keys(k, row, dtypes):
    for name in row:
        if name not in dtypes:
            raise _element(k, f" key: {name}", f"JSON object: does not have named input: {name}")
    if len(row) != len(dtypes):
        raise replies.invalid(f"Failed to process element: {k} of 'instances' list. JSON object: {tensors.brief(row)} "
                              f"keys must be equal to: {','.join(sorted(dtypes))}")


def _stack(values, dtype, key):
    """One array of the values of all rows, which must have one shape."""
    array = tensors.fast(values, dtype)
    if array is not None:
        return array
    arrays = []
    for k, value in enumerate(values):
        try:
            arrays.append(tensors.exact(value, dtype))
        except replies.ServingError as error:
            raise _element(k, key, str(error)) from None
        first, last = arrays[0], arrays[-1]
        if first.size != last.size:
            raise _element(k, key, f"Expecting tensor size: {first.size} but got: {last.size}")
        if first.shape != last.shape:
            raise _element(k, key, f"Expecting shape {tensors.shape_text(first.shape)} but got: "
                                   f"{tensors.shape_text(last.shape)}")
    return np.stack(arrays)


def _element(k, key, message):
    return replies.invalid(f"Failed to process element: {k}{key} of 'instances' list. Error: INVALID_ARGUMENT: "
                           f"{message}")


def _columns(value, dtypes):
    if not tensors.is_object(value):
        if len(dtypes) > 1:
            raise replies.invalid("inputs is a plain value/list, but expecting an object as multiple input tensors "
                                  "required as per tensorinfo_map")
        [(name, dtype)] = dtypes.items()
        value = {name: value}
    arrays = {}
    for name, dtype in dtypes.items():  # other names are passed over, as by TensorFlow Serving
        if name not in value:
            raise replies.invalid(f"Missing named input: {name} in 'inputs' object.")
        array = tensors.fast(value[name], dtype)
        arrays[name] = tensors.exact(value[name], dtype) if array is None else array
    return arrays
