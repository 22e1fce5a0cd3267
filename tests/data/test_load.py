import dataclasses
import importlib
import subprocess
import sys

import numpy as np
import pytest

import rwae_tf
from rwae_tf import data
from rwae_tf.config import DataConfig
from rwae_tf.errors import InputError


@pytest.fixture(params=data.names())
def name(request):
    return request.param


def test_names_are_datasets_only():
    assert {"folder", "moving_shapes", "sm_mnist", "sprites"} <= set(data.names())
    for name in data.names():
        assert issubclass(importlib.import_module(f"rwae_tf.data.datasets.{name}").Dataset, data.Clips)


@pytest.mark.parametrize("split", data.SPLITS)
def test_batch_is_as_the_spec_says(name, split, data_dirs):
    clips = data.load(name, split, data_dirs[name], size=32, length=5, validation_fraction=0.1)
    batch = clips.batch([0, 1, len(clips) - 1])
    assert batch["x"].shape == (3, 5, *clips.spec.frame_shape)
    assert batch["x"].dtype == np.float32
    low, high = (0, 1) if clips.spec.modality == "video" else (-400, 100)  # decibels
    assert low <= batch["x"].min() < batch["x"].max() <= high
    assert list(batch["labels"]) == list(clips.spec.factors)
    assert set(clips.spec.static) <= set(clips.spec.factors)
    for factor, label in batch["labels"].items():
        assert label.shape == (3,) and label.dtype == np.int32
        assert 0 <= label.min() and label.max() < len(clips.spec.factors[factor])


def test_every_size_is_the_same_clip(name, data_dirs):
    x = {size: data.load(name, "test", data_dirs[name], size, 3).batch([2, 5])["x"] for size in (64, 32, 16)}
    if x[64].ndim == 3:  # speech has no size
        np.testing.assert_array_equal([x[32], x[16]], [x[64], x[64]])
        return
    for size in (32, 16):
        k = 64 // size
        blocks = x[64].reshape(2, 3, size, k, size, k, -1)
        np.testing.assert_allclose(x[size], blocks.mean((3, 5)), atol=1e-6)


def test_batches_hold_every_test_clip_once_in_order(name, data_dirs):
    clips = data.load(name, "test", data_dirs[name], size=16, length=1)
    # 7 divides neither 3600 (7 * 514 = 3598) nor 2664 (7 * 380 = 2660) nor 12: the last batch is short.
    batches = list(clips.batches(7))
    assert [len(b["x"]) for b in batches] == [7] * (len(clips) // 7) + [len(clips) % 7] * (len(clips) % 7 > 0)
    labels = clips.labels(np.arange(len(clips)))
    for factor in clips.spec.factors:
        np.testing.assert_array_equal(np.concatenate([b["labels"][factor] for b in batches]), labels[factor])
    again = list(data.load(name, "test", data_dirs[name], size=16, length=1).batches(7))
    for batch, same in zip(batches, again, strict=True):
        np.testing.assert_array_equal(batch["x"], same["x"])


def test_a_clip_does_not_depend_on_its_batch(name, data_dirs):
    clips = data.load(name, "train", data_dirs[name], length=4)
    together = clips.frames(np.array([11, 4, 8]), epoch=2)
    speech = clips.spec.modality == "speech"
    assert together.dtype == (np.float32 if speech else np.uint8)
    assert together.shape[:4] == ((3, 4, 200) if speech else (3, 4, 64, 64))
    np.testing.assert_array_equal(clips.frames(np.array([4]), epoch=2)[0], together[1])


@pytest.mark.parametrize("split", ["validation", "test"])
def test_measured_clips_are_the_same_in_every_epoch(name, split, data_dirs):
    clips = data.load(name, split, data_dirs[name], length=4, validation_fraction=0.1)
    index = np.arange(2)
    np.testing.assert_array_equal(clips.frames(index, epoch=0), clips.frames(index, epoch=5))
    again = data.load(name, split, data_dirs[name], length=4, validation_fraction=0.1)
    np.testing.assert_array_equal(again.frames(index), clips.frames(index))


def test_validation_clips_are_no_other_clips(name, data_dirs):
    made = {split: data.load(name, split, data_dirs[name], length=2, validation_fraction=0.1) for split in data.SPLITS}
    index = np.arange(min(len(clips) for clips in made.values()))
    # With their labels: of the small stand-ins, which hide much, two characters may look alike.
    found = {split: {(clip.tobytes(), *map(int, labels))
                     for clip, *labels in zip(clips.frames(index), *clips.labels(index).values(), strict=True)}
             for split, clips in made.items()}
    assert found["validation"] and not found["validation"] & (found["train"] | found["test"])


def test_holding_out_leaves_test_alone(name, data_dirs):
    whole, beside = (data.load(name, "test", data_dirs[name], 16, 2, validation_fraction=share) for share in (0.0, 0.3))
    for batch, same in zip(whole.batches(600), beside.batches(600), strict=True):
        np.testing.assert_array_equal(batch["x"], same["x"])


def test_validation_needs_clips_that_were_held_out(name, data_dirs):
    with pytest.raises(InputError, match="split=validation.*--validation_fraction=0.1") as caught:
        data.load(name, "validation", data_dirs[name])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("arguments, words", [
    ({"dataset": "nothing"}, ["nothing", "moving_shapes", "sm_mnist", "sprites"]),
    ({"dataset": "pipeline"}, ["pipeline", "moving_shapes"]),
    ({"dataset": "../sprites"}, ["../sprites", "moving_shapes"]),
    ({"split": "valid"}, ["valid", "train", "validation", "test"]),
    ({"validation_fraction": 0.6}, ["validation_fraction=0.6", "0 to 0.5"]),
    ({"validation_fraction": -0.1}, ["validation_fraction=-0.1"]),
    ({"validation_fraction": float("nan")}, ["validation_fraction=nan"]),
    ({"validation_fraction": True}, ["validation_fraction=True"]),
    ({"size": 48}, ["48", "64", "32", "16"]),
    ({"length": 0}, ["length=0"]),
    ({"length": 2.5}, ["length=2.5"]),
    ({"seed": -1}, ["seed=-1"]),
    ({"seed": 2**32}, [f"seed={2**32}"]),
    ({"num_digits": 2}, ["moving_shapes", "num_digits", "skip_invalid"]),
    ({"dataset": "sm_mnist", "digits": 2}, ["sm_mnist", "digits", "num_digits"]),
    ({"dataset": "sm_mnist"}, ["sm_mnist", "data_dir", "mnist.npz"]),
    ({"dataset": "sprites", "data_dir": ""}, ["sprites", "data_dir", "body/0.png"]),
    ({"dataset": "folder"}, ["folder", "data_dir", "videos"]),
    ({"dataset": "folder", "data_dir": "x", "frame_step": 0}, ["frame_step=0", "at least 1"]),
    ({"dataset": "timit"}, ["speech", "data_dir", "FVMH0", "LDC93S1"]),
    ({"dataset": "librispeech"}, ["speech", "data_dir", "19-198-0000.flac", "openslr"]),
    ({"dataset": "speakers"}, ["speech", "data_dir", "ann/hello.wav"]),
])
def test_bad_arguments_are_refused_in_one_line(arguments, words):
    with pytest.raises(InputError) as caught:
        data.load(**{"dataset": "moving_shapes", **arguments})
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_from_config_passes_what_the_dataset_has(mnist_dir):
    config = DataConfig(dataset="sm_mnist", data_dir=str(mnist_dir), size=32, length=6, num_digits=2)
    clips = data.from_config(config, "train", seed=4)
    same = data.load("sm_mnist", "train", str(mnist_dir), 32, 6, 4, num_digits=2)
    assert clips.spec == same.spec and list(clips.spec.factors) == ["digit", "digit_2"]
    np.testing.assert_array_equal(clips.batch([1])["x"], same.batch([1])["x"])
    assert data.from_config(config, "test", length=3).spec.length == 3
    held = dataclasses.replace(config, validation_fraction=0.1)  # 2 of 20 digits
    assert [len(data.from_config(held, split)) for split in data.SPLITS] == [18, 2, 12]


def test_from_config_refuses_an_option_the_dataset_does_not_have():
    assert len(data.from_config(DataConfig(dataset="moving_shapes"), "test")) == 3600
    with pytest.raises(InputError, match="moving_shapes.*num_digits"):
        data.from_config(DataConfig(dataset="moving_shapes", num_digits=2), "test")


def test_loading_needs_no_tensorflow():
    code = ("import sys, rwae_tf; rwae_tf.data.load('moving_shapes', length=1).batch([0]); "
            "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_public_name():
    assert rwae_tf.data.load is data.load


def test_a_file_of_ones_own_is_a_clip_as_a_model_takes_it(tmp_path):
    from PIL import Image

    from rwae_tf.data.speech import audio
    from rwae_tf.types import SequenceSpec

    frames = [Image.new("L", (20, 16), level) for level in (0, 120, 255)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    video = data.read(str(tmp_path / "a.gif"), DataConfig(), SequenceSpec((8, 8, 1), 4), length=2)
    assert video.shape == (1, 2, 8, 8, 1) and video.dtype == np.float32
    np.testing.assert_allclose(video[0, :, 0, 0, 0], [0, 120 / 255], atol=0.02)
    audio.write_wav(str(tmp_path / "a.wav"), np.random.default_rng(0).normal(0, 0.1, 8000))
    speech = data.read(str(tmp_path / "a.wav"), DataConfig(), SequenceSpec((200,), 20, "speech"))
    assert speech.shape == (1, 40, 200)  # of 48 frames, two whole segments
