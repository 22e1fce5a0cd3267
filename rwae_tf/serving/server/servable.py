"""One version of a model in memory, run by TensorFlow's own session, as TensorFlow Serving runs it."""

import json
import os

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import saved_model_pb2

from rwae_tf.compat import private, quiet
from rwae_tf.serving.server import replies, warm_up
from rwae_tf.serving.server.tensors import shape_text

DEFAULT = "serving_default"
PREDICT = "tensorflow/serving/predict"
_TAG = "serve"


class Signature:
    """One signature.

    Attributes:
      name: of the signature.
      inputs: name -> NumPy type, `object` for strings; in alphabetical order.
      shapes: name of an input -> sizes, None where any will do.
      outputs: names, in alphabetical order.
      call: arrays in the order of `inputs` -> arrays in the order of `outputs`.
    """

    def __init__(self, name, definition, session):
        self.name = name
        self.inputs = {key: tf.dtypes.as_dtype(definition.inputs[key].dtype).as_numpy_dtype
                       for key in sorted(definition.inputs)}
        self.shapes = {key: [None if size.size < 0 else size.size for size in definition.inputs[key].tensor_shape.dim]
                       for key in self.inputs if not definition.inputs[key].tensor_shape.unknown_rank}
        self.outputs = sorted(definition.outputs)
        self.call = private.session_call(session, [definition.outputs[key].name for key in self.outputs],
                                         [definition.inputs[key].name for key in self.inputs])


class Servable:
    """A loaded SavedModel.

    Args:
      name: of the model.
      version: of the model.
      path: folder of the SavedModel.

    Raises:
      tf.errors.OpError, OSError: for one that cannot be loaded.
    """

    def __init__(self, name, version, path):
        self.name, self.version = name, version
        self._definitions = _read_definitions(path)
        self._session = tf.compat.v1.Session(graph=tf.Graph())
        with self._session.graph.as_default(), quiet.warnings():
            tf.compat.v1.saved_model.loader.load(self._session, [_TAG], path)  # "deprecated", and what servers do
        self._signatures = {key: Signature(key, definition, self._session)
                            for key, definition in self._definitions.items() if definition.method_name == PREDICT}
        for signature, inputs in warm_up.requests(path):
            if signature in self._signatures:
                self.run(self._signatures[signature], inputs)

    def signature(self, name):
        """The `Signature` of a name, or the default one for "".

        Raises:
          ServingError: for a name that is none.
        """
        name = name or DEFAULT
        if name not in self._signatures:
            raise replies.invalid(f'Serving signature name: "{name}" not found in signature def')
        return self._signatures[name]

    def run(self, signature, inputs):
        """Outputs of a signature, name -> array.

        Args:
          signature: a `Signature` of this servable.
          inputs: name -> array.

        Raises:
          ServingError: for what the model refuses.
        """
        for key, sizes in signature.shapes.items():
            _check_shape(key, inputs[key].shape, sizes)
        try:
            arrays = signature.call(*(inputs[key] for key in signature.inputs))
        except tf.errors.OpError as error:
            raise replies.from_tensorflow(error) from None
        return dict(zip(signature.outputs, map(np.asarray, arrays), strict=True))

    def metadata(self):
        """The answer to `/metadata`, an object for JSON."""
        definitions = {key: json.loads(_to_json(definition)) for key, definition in sorted(self._definitions.items())}
        return {"model_spec": {"name": self.name, "signature_name": "", "version": str(self.version)},
                "metadata": {"signature_def": {"signature_def": definitions}}}


def _check_shape(name, shape, sizes):
    """Refuse an array that the graph would refuse, in the words of its `ensure_shape`, but by the input's name."""
    if len(shape) != len(sizes) or any(size not in (None, given) for size, given in zip(sizes, shape, strict=True)):
        expected = shape_text("?" if size is None else size for size in sizes)
        raise replies.invalid(f"Shape of tensor {name} {shape_text(shape)} is not compatible with expected shape "
                              f"{expected}.")


def _read_definitions(path):
    """Name -> SignatureDef of the SavedModel in a folder."""
    model = saved_model_pb2.SavedModel()
    with open(os.path.join(path, "saved_model.pb"), "rb") as file:
        model.ParseFromString(file.read())
    [graph] = [graph for graph in model.meta_graphs if _TAG in graph.meta_info_def.tags]
    hidden = "__saved_model_init_op"
    return {name: definition for name, definition in graph.signature_def.items() if name != hidden}


def _to_json(message):
    options = {"preserving_proto_field_name": True}
    try:
        return json_format.MessageToJson(message, including_default_value_fields=True, **options)
    except TypeError:  # protobuf 5 and later
        return json_format.MessageToJson(message, always_print_fields_with_no_presence=True, **options)
