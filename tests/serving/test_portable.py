"""ONNX and LiteRT: numbers of the model in Python, from files of which nothing is left where the export fails."""

import json
import os
import sys

import numpy as np
import pytest
import tensorflow as tf
import tiny

from rwae_tf.errors import InputError
from rwae_tf.serving import portable

ACTIONS = 3


@pytest.fixture(scope="module")
def model():
    built, random = tiny.build(action_size=ACTIONS), np.random.default_rng(0)
    for weight in built.trainable_weights:  # at their initial values all outputs are nearly the same grey
        weight.assign(weight + random.normal(0, 0.3, weight.shape))
    return built


def requests(model, clips, length):
    """Verb -> its inputs, and the outputs of `model`."""
    x, y = tiny.sequences(clips, length), tiny.sequences(clips, length, seed=1)
    codes = {name: np.asarray(code) for name, code in model.encode(x)._asdict().items()}
    return {"encode": ({"video": x}, codes), "decode": (codes, {"video": model.decode(model.encode(x))}),
            "swap": ({"content": x, "motion": y}, {"video": model.swap(content=x, motion=y)})}


def assert_equal(answer, outputs):
    assert set(answer) == set(outputs)
    for name, expected in outputs.items():
        np.testing.assert_allclose(answer[name], expected, rtol=0, atol=1e-5)


def metadata(path):
    with open(os.path.join(path, "assets.extra", "metadata.json"), encoding="utf-8") as file:
        return json.load(file)


@pytest.mark.slow
def test_onnx_equals_the_model_whatever_the_number_and_length_of_clips(model, tmp_path):
    for package in ("tf2onnx", "onnxruntime"):
        pytest.importorskip(package, reason="the extra `portable` is not installed")
    import onnxruntime

    path = portable.export(model, str(tmp_path / "onnx"))
    assert path == str(tmp_path / "onnx" / "1") and metadata(path)["action_size"] == ACTIONS
    sessions = {name: onnxruntime.InferenceSession(f"{path}/{name}.onnx") for name in ("encode", "decode", "swap")}
    assert [tensor.shape[:2] for tensor in sessions["swap"].get_inputs()] == [
        ["clips", "content_frames"], ["clips", "frames"]]
    for clips, length in ((1, 1), (3, 4), (2, 40)):
        for name, (inputs, outputs) in requests(model, clips, length).items():
            names = [tensor.name for tensor in sessions[name].get_outputs()]
            assert_equal(dict(zip(names, sessions[name].run(names, inputs), strict=True)), outputs)


@pytest.mark.slow
def test_litert_equals_the_model_without_operations_of_tensorflow(model, tmp_path):
    path = portable.export(model, str(tmp_path / "litert"), format="litert", length=3)
    assert metadata(path)["action_size"] == ACTIONS
    for name, (inputs, outputs) in requests(model, 1, 3).items():
        interpreter = tf.lite.Interpreter(os.path.join(path, f"{name}.tflite"))
        assert not any(operation["op_name"].startswith("Flex") for operation in interpreter._get_ops_details())
        assert_equal(interpreter.get_signature_runner(name)(**inputs), outputs)


@pytest.mark.parametrize("options, words", [
    ({"format": "torch"}, "format=torch: expected one of saved_model, onnx, litert"),
    ({"format": "litert", "length": -1}, "length=-1: only litert has clips of one length, from 1 frame on"),
    ({"format": "onnx", "length": 8}, "length=8: only litert has clips of one length")])
def test_wrong_options_are_refused(tmp_path, options, words):
    with pytest.raises(InputError, match=words):
        portable.export(None, str(tmp_path / "E"), **options)
    assert not os.listdir(tmp_path)


def test_a_folder_that_a_server_watches_gets_no_other_format(tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"")
    with pytest.raises(InputError, match="holds SavedModels, whose server loads no onnx"):
        portable.export(None, str(tmp_path))
    assert os.listdir(tmp_path) == ["1"]


def test_a_missing_package_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)  # importing a name that is bound to None fails
    with pytest.raises(InputError, match=r"tf2onnx is not installed; pip install -e '.\[portable\]'"):
        portable.export(None, str(tmp_path))
    assert not os.listdir(tmp_path)
