"""The requests in a SavedModel's `assets.extra/tf_serving_warmup_requests`, read without TensorFlow Serving's protos.

`rwae_tf.serving.warm_up` writes them, and says what the file holds. A file that holds anything else is passed over, as
a version is better served cold than not at all.
"""

import os
import struct

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework import tensor_pb2

PATH = os.path.join("assets.extra", "tf_serving_warmup_requests")
# Numbers of fields in TensorFlow Serving's protocol (apis/prediction_log.proto, predict.proto, model.proto).
_PREDICT_LOG, _REQUEST, _MODEL_SPEC, _SIGNATURE_NAME, _INPUTS, _KEY, _VALUE = 6, 1, 1, 3, 2, 1, 2


def requests(path):
    """Pairs of a signature's name and its inputs, name -> array.

    Args:
      path: folder of a SavedModel.
    """
    file = os.path.join(path, PATH)
    if not os.path.exists(file):
        return
    try:
        yield from map(_request, _records(file))
    except (ValueError, KeyError, IndexError, struct.error, DecodeError):
        return


def _records(path):
    """The records of a TFRecord file, whose checksums are not looked at."""
    with open(path, "rb") as file:
        while header := file.read(12):  # a length and its checksum
            [size] = struct.unpack("<Q", header[:8])
            yield file.read(size)
            file.read(4)


def _request(record):
    request = _fields(_fields(_fields(record)[_PREDICT_LOG][0])[_REQUEST][0])
    name = _fields(request[_MODEL_SPEC][0])[_SIGNATURE_NAME][0].decode()
    inputs = {}
    for entry in map(_fields, request[_INPUTS]):
        tensor = tensor_pb2.TensorProto.FromString(entry[_VALUE][0])
        inputs[entry[_KEY][0].decode()] = tf.make_ndarray(tensor)
    return name, inputs


def _fields(message):
    """Number -> values of the length-delimited fields of a message on the wire."""
    fields, place = {}, 0
    while place < len(message):
        key, place = _varint(message, place)
        size, place = _varint(message, place)
        if key & 7 != 2:
            raise ValueError("a field that is not length-delimited")
        fields.setdefault(key >> 3, []).append(message[place: place + size])
        place += size
    return fields


def _varint(message, place):
    value = shift = 0
    while True:
        byte = message[place]
        value, place, shift = value | (byte & 127) << shift, place + 1, shift + 7
        if byte < 128:
            return value, place
