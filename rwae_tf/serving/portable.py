"""Write a model for runtimes other than TensorFlow: ONNX (onnxruntime, openvino, ...) or LiteRT (phones).

    encode.onnx, decode.onnx, swap.onnx            any number of clips of any length
    encode.tflite, decode.tflite, swap.tflite      one clip of a fixed length; a signature of the same name

The tensors are those of the signatures without `_bytes` (`serving.signatures`). Their values are not checked: these
runtimes cannot say what is wrong. `reconstruct` is `decode` of `encode`. `generate` is left out: neither format has
TensorFlow's stateless random numbers. A model without an encoder has `decode` alone.
"""

import os
import tempfile
from typing import Any, Mapping, Optional

import keras
import tensorflow as tf

from rwae_tf.errors import InputError
from rwae_tf.models.base import SequenceModel
from rwae_tf.serving import assets, metadata, signatures, versions
from rwae_tf.utils import files

OPSET = 18
_VERBS = ("encode", "decode", "swap")


def export(model: SequenceModel, export_dir: str, budget: Optional[Mapping[str, Any]] = None,
           actions: Optional[Mapping[str, Any]] = None, format: str = "onnx", length: int = 0) -> str:
    """Write `model` to `export_dir`/<version>, version being the next free integer, and return that path.

    Args:
      model, export_dir, budget, actions: as of `saved_model.export`; the last two go to the metadata.
      format: "onnx" or "litert".
      length: of LiteRT, frames of a clip; 0 takes those of the clips that the model was trained on.

    Raises:
      InputError: for another format, for a length that the format has not, if tf2onnx is not installed, or if
        `export_dir` is a file or holds SavedModels.
    """
    if format not in _FORMATS:
        raise InputError(f"format={format}: expected one of {', '.join(assets.FORMATS)}")
    if length < 0 or length and format != "litert":
        raise InputError(f"length={length}: only litert has clips of one length, from 1 frame on; else leave it out")
    if files.is_folder(export_dir) and any(files.exists(os.path.join(export_dir, str(number), "saved_model.pb"))
                                           for number in versions.numbers(export_dir)):
        raise InputError(f"{export_dir}: holds SavedModels, whose server loads no {format}; give another export_dir")

    def write(folder):
        _FORMATS[format](model, folder, length)
        metadata.write(folder, metadata.text(model, None, budget, actions))

    return versions.add(export_dir, write, last=[])


def _write_onnx(model, folder, _):
    try:
        import tf2onnx
    except ModuleNotFoundError as error:
        raise InputError(f"{error.name} is not installed; pip install -e '.[portable]'") from None
    for name, (verb, specs) in _verbs(model).items():
        function = tf.function(verb, input_signature=specs, autograph=False)
        converted, _ = tf2onnx.convert.from_function(function, input_signature=specs, opset=OPSET)
        _name_sizes(converted.graph)
        with open(os.path.join(folder, f"{name}.onnx"), "wb") as file:
            file.write(converted.SerializeToString())


def _write_litert(model, folder, length):
    for name, (verb, specs) in _verbs(model, 1, length or model.spec.length).items():
        function = tf.function(verb, input_signature=specs, autograph=False)
        function.get_concrete_function()
        archive = keras.export.ExportArchive()
        archive.add_endpoint(name, function)
        with tempfile.TemporaryDirectory() as saved:  # of a function that no SavedModel holds the converter aborts
            archive.write_out(saved, verbose=False)
            converted = tf.lite.TFLiteConverter.from_saved_model(saved, signature_keys=[name]).convert()
        with open(os.path.join(folder, f"{name}.tflite"), "wb") as file:
            file.write(converted)


_FORMATS = {"onnx": _write_onnx, "litert": _write_litert}


def _verbs(model, clips=None, frames=None):
    verbs = signatures.verbs(model, clips, frames)
    return {name: verbs[name] for name in _VERBS if name in verbs}


def _name_sizes(graph):
    """Name the free sizes of the inputs and outputs of an ONNX graph."""
    for tensor in (*graph.input, *graph.output):
        names = ("clips", "content_frames" if tensor.name == "content" else "frames")
        for name, size in zip(names, tensor.type.tensor_type.shape.dim, strict=False):
            if not size.dim_value:
                size.dim_param = name
