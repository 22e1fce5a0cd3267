"""Warm-up requests, which TensorFlow Serving answers while it loads a model, so that no client has to wait.

The first call of a signature plans its graph and takes seconds, later ones milliseconds. The file is a TFRecord of
`tensorflow.serving.PredictionLog`, one request for each signature. Its few fields are written here by hand: no package
of TensorFlow Serving is needed to export.
"""

import os

import numpy as np
import tensorflow as tf

from rwae_tf.serving import assets, signatures


def write(folder, functions, spec, length):
    """Write the requests for a SavedModel.

    Args:
      folder: of the SavedModel.
      functions: signature name -> tf.function with an input signature.
      spec: the `SequenceSpec` of the model.
      length: frames of a clip.
    """
    os.makedirs(os.path.join(folder, assets.FOLDER), exist_ok=True)
    with tf.io.TFRecordWriter(os.path.join(folder, assets.FOLDER, assets.WARM_UP)) as writer:
        for name, function in functions.items():
            inputs = {key: example(tensor, spec, length) for key, tensor in signatures.inputs(function).items()}
            writer.write(prediction_log(name, inputs))


def example(tensor, spec, length):
    """An array that a signature accepts as the input described by `tensor`, a TensorSpec: one clip, black or silent."""
    free = iter((1, length))
    shape = [next(free) if size is None else size for size in tensor.shape]
    if tensor.dtype == tf.string:
        return np.full(shape, tf.io.encode_png(tf.zeros(spec.frame_shape, tf.uint8)).numpy(), object)
    if tensor.name == "length":
        return np.full(shape, length, np.int32)
    if tensor.name == "action":
        return np.eye(*shape, dtype=np.float32)
    return np.zeros(shape, tensor.dtype.as_numpy_dtype)


def prediction_log(signature, inputs):
    """A serialized PredictionLog of one request.

    Args:
      signature: its name.
      inputs: name -> array.
    """
    request = _field(assets.MODEL_SPEC, _field(assets.SIGNATURE_NAME, signature.encode()))
    for key, value in inputs.items():
        tensor = tf.make_tensor_proto(value).SerializeToString()
        request += _field(assets.INPUTS, _field(assets.KEY, key.encode()) + _field(assets.VALUE, tensor))
    return _field(assets.PREDICT_LOG, _field(assets.REQUEST, request))


def _field(number, payload):
    """A length-delimited field of the protocol-buffer wire format."""
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _varint(value):
    groups = []
    while value >= 128:
        groups.append(value & 127 | 128)
        value >>= 7
    return bytes([*groups, value])
