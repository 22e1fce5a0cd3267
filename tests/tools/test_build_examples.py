"""The examples of BUILD.md run as printed."""

import pathlib
import re

import numpy as np
import pytest

PAGE = (pathlib.Path(__file__).resolve().parents[2] / "BUILD.md").read_text(encoding="utf-8")


def example(title):
    """The names that the first block of Python of a section defines."""
    section = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S).group(1)
    names = {}
    exec(re.search(r"^```python\n(.*?)^```$", section, re.M | re.S).group(1), names)
    return names


def test_dataset(tmp_path):
    frames = np.arange(5 * 9, dtype=np.uint8).reshape(5, 9, 1, 1, 1) * np.ones((64, 64, 3), np.uint8)
    np.save(tmp_path / "train.npy", frames)
    made = example("Add a dataset")["Dataset"]
    train, held_out = (made(split, str(tmp_path), 32, None, 0, 0.2) for split in ("train", "validation"))
    assert (len(train), len(held_out)) == (4, 1)
    batch = next(train.batches(4))
    assert batch["x"].shape == (4, 8, 32, 32, 3) and batch["labels"]["who"].tolist() == [0] * 4
    shown = {round(float(x) * 255) for clips in (train, held_out) for x in next(clips.batches(4))["x"][:, 0, 0, 0, 0]}
    assert shown == {0, 9, 18, 27, 36}


def test_backbone():
    from rwae_tf.layers.policy import Policy

    names = example("Add a backbone")
    features = names["FlatEncoder"](Policy(), (16, 16, 3), 2, 5)(np.zeros((4, 16, 16, 3), np.float32))
    logits = names["FlatDecoder"](Policy(), (16, 16, 3), 2)(features)
    assert features.shape == (4, 5) and logits.shape == (4, 16, 16, 3)


def test_regularizer():
    terms = example("Add a regularizer")["terms"]
    q, p = np.ones((4, 3), np.float32), np.zeros((4, 3), np.float32)
    found = terms(lambda z: 2 * z[:, :1] + 1, q, p, None, None)
    assert float(found["content_divergence"]) == pytest.approx(1 - 3) and float(found["critic"]) == pytest.approx(2)


def test_model():
    import tensorflow as tf
    import tiny

    from rwae_tf.layers.policy import Policy
    from rwae_tf.noise import BatchNoise

    made = example("Add a model")["MotionVAE"](tiny.config(), tiny.SPEC, Policy())
    with tf.GradientTape() as tape:
        terms = made.losses(tf.random.uniform([4, 4, 16, 16, 3]), BatchNoise(tf.constant([0, 0]), 4), lambda x: x)
    assert float(terms["objective"]) == pytest.approx(float(terms["reconstruction"] + terms["motion_kl"]), rel=1e-5)
    owned = [weight for layer in made.parts()["autoencoder"] for weight in layer.trainable_weights]
    assert all(slope is not None for slope in tape.gradient(terms["objective"], owned))
