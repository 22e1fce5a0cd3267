"""The requests in a SavedModel's `assets.extra/tf_serving_warmup_requests`, read without TensorFlow Serving's protos.

`rwae_tf.serving.warm_up` writes them, and says what the file holds. A file that holds anything else is passed over, as
a version is better served cold than not at all.
"""

import os
import struct

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework import tensor_pb2

from rwae_tf.serving import assets


def requests(path):
    """Pairs of a signature's name and its inputs, name -> array.

    Args:
      path: folder of a SavedModel.
    """
    file = os.path.join(path, assets.FOLDER, assets.WARM_UP)
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
    request = _fields(_fields(_fields(record)[assets.PREDICT_LOG][0])[assets.REQUEST][0])
    name = _fields(request[assets.MODEL_SPEC][0])[assets.SIGNATURE_NAME][0].decode()
    inputs = {}
    for entry in map(_fields, request[assets.INPUTS]):
        tensor = tensor_pb2.TensorProto.FromString(entry[assets.VALUE][0])
        inputs[entry[assets.KEY][0].decode()] = tf.make_ndarray(tensor)
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
