"""What an exported model refuses, in its graph: wrong shapes and values; what it says of itself; warm-up requests."""

import functools
import io
import json
import os
import types

import loader
import numpy as np
import pytest
import rest
import tensorflow as tf
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from PIL import Image
from tensorflow.core.framework import tensor_pb2

from rwae_tf.errors import InputError
from rwae_tf.serving import metadata, saved_model, signatures, warm_up

ONE_MODEL = pytest.mark.parametrize("exported", ["actions"], indirect=True)  # frames [16, 16, 1], 4 actions
Z_C, Z_M = np.zeros((2, 6), np.float32), np.zeros((2, 3, 3), np.float32)
ACTION = np.eye(4, dtype=np.float32)[:2]
SEED, LENGTH = np.array([0, 1], np.int32), np.array([3, 2], np.int32)


def clips(*shape, fill=0.5, **holding):
    x = np.full(shape or (2, 3, 16, 16, 1), fill, np.float32)
    if holding:
        x[1, 2, 3, 4, 0] = holding["value"]
    return x


def changed(array, position, value):
    array = array.copy()
    array[position] = value
    return array


_FILE = io.BytesIO()
Image.new("L", (16, 16)).save(_FILE, "PNG")  # not by TensorFlow, which is not to start while tests are collected
BLACK = _FILE.getvalue()
IMAGES = np.full((2, 3), BLACK, object)


@functools.cache
def load(path):
    return tf.saved_model.load(path).signatures


VALID = {"encode": {"video": clips()}, "reconstruct": {"video": clips()},
         "decode": {"z_c": Z_C, "z_m": Z_M, "action": ACTION},
         "swap": {"content": clips(), "motion": clips(2, 5, 16, 16, 1)},
         "generate": {"seed": SEED, "length": LENGTH, "action": ACTION}, "metadata": {"rows": SEED},
         "encode_uint8": {"video_uint8": np.full((2, 3, 16, 16, 1), 255, np.uint8)},
         "encode_bytes": {"video_bytes": IMAGES},
         "swap_bytes": {"content_bytes": IMAGES, "motion_bytes": IMAGES[:, :1]}}
SHAPE = "is not compatible with expected shape "
WRONG = [  # verb, input, its wrong value, what the error says
    *[(verb, name, value, words) for verb, name in (
        ("encode", "video"), ("reconstruct", "video"), ("swap", "content"), ("swap", "motion"))
      for value, words in (
        (clips(2, 3, 1, 16, 16), SHAPE + "[?,?,16,16,1]"),
        (clips(2, 3, 16, 16, 3), SHAPE + "[?,?,16,16,1]"),
        (clips(3, 16, 16, 1), SHAPE + "[?,?,16,16,1]"),
        (clips(0, 3, 16, 16, 1), f"{name}: empty; give one clip of one frame at least"),
        (clips(2, 0, 16, 16, 1), f"{name}: empty; "),
        (clips(fill=255.0), f"{name}: values from 255 to 255, expected 0 to 1; divide uint8 frames by 255"),
        (clips(value=-0.25), f"{name}: values from -0.25 to 0.5, expected 0 to 1"),
        (clips(value=np.nan), f"{name}: 1 of 1536 values are NaN or infinite"),  # 2 * 3 * 16 * 16
        (clips(value=np.inf), f"{name}: 1 of 1536 values are NaN or infinite"))],
    ("swap", "content", clips(1, 3, 16, 16, 1), "first dimensions differ; content has 1; motion has 2"),
    ("decode", "z_c", np.zeros((2, 5), np.float32), SHAPE + "[?,6]"),
    ("decode", "z_m", np.zeros((2, 3, 4), np.float32), SHAPE + "[?,?,3]"),
    ("decode", "z_c", changed(Z_C, (1, 2), np.nan), "z_c: 1 of 12 values are NaN or infinite"),
    ("decode", "z_m", changed(Z_M, 0, -np.inf), "z_m: 9 of 18 values are NaN or infinite"),
    ("decode", "z_c", np.zeros((3, 6), np.float32),
     "first dimensions differ; z_c has 3; z_m has 2; action has 2"),
    *[(verb, "action", value, words) for verb in ("decode", "generate") for value, words in (
        (np.zeros((2, 3), np.float32), SHAPE + "[?,4]"),
        (0 * ACTION, "action: numbers from 0, with sums from 0 to 0; expected numbers from 0 on with a sum of 1"),
        (2 * ACTION, "action: numbers from 0, with sums from 2 to 2; expected"),
        (changed(ACTION, 1, [2, -1, 0, 0]), "action: numbers from -1, with sums from 1 to 1; expected"),
        (changed(ACTION, (1, 1), np.nan), "action: 1 of 8 values are NaN or infinite"))],
    ("generate", "length", np.array([3, 0], np.int32), "length: values from 0 to 3, expected 1 to 10000 frames"),
    ("generate", "length", np.array([3, 10_001], np.int32), "length: values from 3 to 10001, expected 1 to 10000"),
    ("generate", "length", np.array([[3, 2]], np.int32), SHAPE + "[?]"),
    ("generate", "length", LENGTH[:0], "length: empty"),
    ("encode_uint8", "video_uint8", np.zeros((2, 3, 8, 16, 1), np.uint8), SHAPE + "[?,?,16,16,1]"),
    ("encode_uint8", "video_uint8", np.zeros((0, 3, 16, 16, 1), np.uint8), "video: empty"),
    ("encode_bytes", "video_bytes", IMAGES[:0], "video: empty"),
    ("encode_bytes", "video_bytes", IMAGES[0], SHAPE + "[?,?]"),
    ("encode_bytes", "video_bytes", np.full((1, 1), b"text", object), "image: neither PNG nor JPEG"),
    ("swap_bytes", "content_bytes", IMAGES[:1], "first dimensions differ; content has 1; motion has 2"),
    ("generate", "seed", SEED[:1], "first dimensions differ; seed has 1; length has 2; action has 2"),
]


@pytest.mark.slow
@ONE_MODEL
def test_wrong_requests_are_refused_in_one_clear_line(exported, tmp_path):
    requests = [(verb, {**VALID[verb], name: value}) for verb, name, value, _ in WRONG]
    refusals = loader.refusals(exported, tmp_path, [*requests, *VALID.items()])
    for (verb, name, _, words), refusal in zip(WRONG, refusals, strict=False):
        assert refusal and words in refusal.splitlines()[0], (verb, name, words, refusal)
    assert refusals[len(WRONG):] == [None] * len(VALID)


@pytest.mark.slow
@ONE_MODEL
def test_actions_rounded_to_two_decimals_are_welcome(exported):
    served = load(exported.path)["generate"]
    action = np.array([[0.33, 0.33, 0.33, 0.0]], np.float32)  # of 1/3 each
    video = served(seed=tf.constant([5]), length=tf.constant([2]), action=tf.constant(action))["video"]
    np.testing.assert_allclose(video, exported.model.generate(1, 2, seed=5, action=action), rtol=0, atol=1e-5)


@pytest.mark.slow
@ONE_MODEL
def test_one_seed_draws_the_same_clips_in_python_and_served(exported):
    served = load(exported.path)["generate"]
    video = served(seed=tf.constant([4, 5]), length=tf.constant([3, 3]), action=tf.constant(ACTION))["video"]
    np.testing.assert_allclose(video, exported.model.generate(2, 3, seed=4, action=ACTION), rtol=0, atol=1e-5)
    assert np.abs(video[0] - video[1]).max() > 1e-3


@pytest.fixture(scope="module")
def speech():
    """The signatures of a small model of speech, of at most 30 frames."""
    model = rest.build_speech()
    return types.SimpleNamespace(model=model, served=signatures.signatures(model, max_length=30))


@pytest.mark.parametrize("value, words", [
    (np.nan, "speech: 1 of 8000 values are NaN or infinite"),
    (5000, "speech: values from -60 to 5000, expected -1000.0 to 1000.0 decibels"),
    (-400, None),  # digital silence
])
def test_speech(speech, value, words):
    x = np.full((2, 20, 200), -60.0, np.float32)
    x[0, 1, 2] = value
    if words is None:
        assert set(speech.served["encode"](tf.constant(x))) == {"z_c", "z_m"}
        return
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        speech.served["encode"](tf.constant(x))
    assert words in str(caught.value)


def test_cap_on_length(speech, tmp_path):
    generate = speech.served["generate"]
    assert generate(tf.constant([1]), tf.constant([30]))["speech"].shape == (1, 30, 200)
    with pytest.raises(tf.errors.InvalidArgumentError, match="length: values from 31 to 31, expected 1 to 30 frames"):
        generate(tf.constant([1]), tf.constant([31]))
    for wrong in (0, 2.5, True):
        with pytest.raises(InputError, match="max_length="):
            saved_model.export(speech.model, str(tmp_path), max_length=wrong)
    assert not list(tmp_path.iterdir())


# Fields of TensorFlow Serving's apis/prediction_log.proto, predict.proto and model.proto; a map is a repeated entry and
# a message a string of bytes on the wire.
PROTO = {
    "ModelSpec": [("name", 1, "string"), ("signature_name", 3, "string")],
    "Entry": [("key", 1, "string"), ("value", 2, "bytes")],
    "PredictRequest": [("model_spec", 1, "ModelSpec"), ("inputs", 2, "Entry")],
    "PredictLog": [("request", 1, "PredictRequest")],
    "PredictionLog": [("predict_log", 6, "PredictLog")],
}


def parsed(record):
    """Signature name and inputs of a serialized PredictionLog."""
    try:
        from tensorflow_serving.apis import prediction_log_pb2

        request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
        pairs = dict(request.inputs)
    except ImportError:
        request = _message_class().FromString(record).predict_log.request
        pairs = {entry.key: tensor_pb2.TensorProto.FromString(entry.value) for entry in request.inputs}
    return request.model_spec.signature_name, {
        name: tf.constant(tf.make_ndarray(tensor)) for name, tensor in pairs.items()}


@functools.cache
def _message_class():
    file = descriptor_pb2.FileDescriptorProto(name="warm_up.proto", package="warm_up", syntax="proto3")
    for name, fields in PROTO.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            entry = message.field.add(name=field, number=number, label=3 if kind == "Entry" else 1)
            entry.type = {"string": 9, "bytes": 12}.get(kind, 11)
            if entry.type == 11:
                entry.type_name = f".warm_up.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("warm_up.PredictionLog"))


@pytest.mark.slow
@ONE_MODEL
def test_warm_up_requests_are_answered(exported):
    path = os.path.join(exported.path, "assets.extra", "tf_serving_warmup_requests")
    served, names = load(exported.path), []
    for record in tf.data.TFRecordDataset(path).as_numpy_iterator():
        name, inputs = parsed(record)
        names.append(name)
        answer = served[name](**inputs)
        assert all(len(output) == 1 for output in answer.values())  # one clip of the model's length
        if "video_bytes" in answer:
            assert answer["video_bytes"].shape == (1, 8)
    verbs = ("encode", "decode", "reconstruct", "swap", "generate")
    twins = (verb + suffix for verb in verbs for suffix in ("_uint8", "_bytes"))
    assert sorted(names) == sorted([*verbs, *twins, "metadata"])


def test_numbers_on_the_wire():
    assert [warm_up._varint(value) for value in (0, 127, 128, 300)] == [b"\0", b"\x7f", b"\x80\x01", b"\xac\x02"]


@pytest.mark.slow
@ONE_MODEL
def test_metadata_is_served_and_lies_beside_the_model(exported):
    served = load(exported.path)["metadata"]
    texts = served(rows=tf.constant([0, 0]))["metadata"].numpy()
    assert len(texts) == 2 and texts[0] == texts[1]
    with open(os.path.join(exported.path, "assets.extra", "metadata.json"), encoding="utf-8") as file:
        read = json.load(file)
    assert json.loads(texts[0]) == read
    assert read["versions"]["tensorflow"] == tf.__version__ and set(read["versions"]) == {
        "tensorflow", "keras", "rwae_tf"}
    assert (read["frame_shape"], read["length"], read["max_length"], read["action_size"]) == ([16, 16, 1], 8, 10_000, 4)
    assert read["configuration"]["model"]["content_size"] == 6 and "data_dir" not in read["configuration"]["data"]
    assert read["training"] == {"seconds": 60, "hardware": "2 cores"} and read["actions"] is None


@pytest.mark.slow
@ONE_MODEL
def test_metadata_names_factors_and_actions(exported):
    spec = exported.model.spec._replace(factors={"shape": ("disc", "ring"), "heading": ("up", "down")},
                                        static=("shape",))
    model = types.SimpleNamespace(config=exported.model.config, spec=spec)
    actions = {"factor": "heading", "matching": ["up", None, "down", "up"], "iterations": 3}
    read = json.loads(metadata.text(model, 50, actions=actions))
    assert read["factors"] == {"shape": {"classes": ["disc", "ring"], "static": True},
                               "heading": {"classes": ["up", "down"], "static": False}}
    assert read["actions"] == {"factor": "heading", "names": ["up", None, "down", "up"]}
