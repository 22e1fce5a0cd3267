"""The reader that training can afford: its regression against scikit-learn, its views, what it reads and leaves out."""

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge

from rwae_tf import data
from rwae_tf.metrics import kernel_probe
from rwae_tf.types import SequenceSpec


def test_regression_against_scikit_learn():
    rng = np.random.default_rng(0)
    features, others, targets = rng.normal(size=(60, 5)), rng.normal(size=(20, 5)), rng.normal(size=(60, 3))
    pairs = np.square(features[:, None] - features).sum(-1)
    theirs = KernelRidge(
        kernel="rbf", gamma=1 / (2 * kernel_probe.BANDWIDTH * np.median(pairs)), alpha=kernel_probe.RIDGE
    )
    theirs.fit(features, targets - targets.mean(0))
    ours = kernel_probe.KernelRidge(features, targets)
    np.testing.assert_allclose(ours(others), theirs.predict(others) + targets.mean(0), atol=1e-4)


def test_regression_on_clips_that_are_all_alike_is_their_mean():
    targets = np.eye(2)[[0, 0, 1]]
    np.testing.assert_allclose(kernel_probe.KernelRidge(np.ones((3, 4)), targets)(np.ones((2, 4))),
                               np.tile([2 / 3, 1 / 3], (2, 1)), atol=1e-6)


@pytest.mark.parametrize("size", [16, 32])
def test_views_against_loops(size):
    x = np.random.default_rng(0).random((2, 3, size, size, 1), np.float32) ** 8  # few bright pixels
    seen, block = kernel_probe.views(x), size // 16
    for i in range(2):
        centres = []
        for t in range(3):
            frame = np.array([[x[i, t, block * r:block * (r + 1), block * c:block * (c + 1), 0].mean()
                               for c in range(16)] for r in range(16)])
            row, column = (frame.sum(axis) @ np.arange(16) / frame.sum() for axis in (1, 0))
            centres.append((row, column))
            rolled = np.roll(frame, (6 - round(row), 6 - round(column)), (0, 1))[:12, :12]
            np.testing.assert_allclose(seen["figure"][i, t], rolled.ravel(), rtol=1e-5)
            coarse = frame.reshape(8, 2, 8, 2).mean((1, 3))
            np.testing.assert_allclose(seen["clip"][i, 0].reshape(3, 64)[t], coarse.ravel(), rtol=1e-5)
        np.testing.assert_allclose(seen["path"][i, 0], (np.array(centres) - np.mean(centres, 0)).ravel(), atol=1e-3)


def test_the_figure_is_the_same_wherever_it_is():
    x = np.zeros((2, 1, 16, 16, 3), np.float32)
    patch = np.random.default_rng(0).random((3, 3, 3), np.float32)
    x[0, 0, 1:4, 12:15] = x[1, 0, 9:12, 4:7] = patch
    seen = kernel_probe.views(x)["figure"]
    np.testing.assert_array_equal(seen[0], seen[1])


def batches(clips, indices, count=4):
    return [clips.batch(part) for part in np.array_split(indices, count)]


def test_moving_shapes_are_read_by_several_views():
    """The shape by the figure, the heading by the path: 300 clips are enough, each view reads what it is for."""
    clips = data.load("moving_shapes", size=16, length=8)
    order = np.random.default_rng(0).permutation(len(clips))[:400]
    found = kernel_probe.fit(batches(clips, order[:300]), batches(clips, order[300:]), clips.spec)
    assert {"shape", "size", "colour", "heading"} <= set(found.accuracy)
    batch = clips.batch(np.arange(100) + 8000)
    answers = found(batch["x"])
    assert set(answers) == set(found.accuracy)
    for factor, answer in answers.items():
        np.testing.assert_array_equal(answer.sum(1), 1)
        assert (answer.argmax(1) == batch["labels"][factor]).mean() > 0.85, factor


def lit(count, seed):
    """Clips of light or dark frames, and labels: "light", which they show, and ones that nothing or all show."""
    rng = np.random.default_rng(seed)
    light = rng.integers(0, 2, count).astype(np.int32)
    x = (0.2 + 0.6 * light)[:, None, None, None, None] * np.ones((1, 2, 16, 16, 1), np.float32)
    return {"x": x, "labels": {"light": light, "luck": rng.integers(0, 2, count).astype(np.int32),
                               "same": np.zeros(count, np.int32)}}


LIT = SequenceSpec((16, 16, 1), 2, factors={name: ("a", "b") for name in ("light", "luck", "same")},
                   static=("light", "luck", "same"))


def test_what_cannot_be_read_is_left_out():
    """Neither luck nor a class that all clips are of, which any answer names rightly."""
    found = kernel_probe.fit([lit(40, 0)], [lit(60, 1)], LIT)
    assert found.accuracy == {"light": 1.0} and set(found(lit(5, 2)["x"])) == {"light"}


@pytest.mark.parametrize("fitted, held_out", [
    ([], [lit(60, 1)]),
    ([lit(40, 0)], []),
    ([lit(40, 0)], [lit(kernel_probe.FEWEST - 1, 1)]),
    ([{"x": lit(40, 0)["x"], "labels": {}}], [{"x": lit(60, 1)["x"], "labels": {}}]),
], ids=["none to fit", "none to check", "few to check", "no labels"])
def test_no_reader_without_clips_or_labels(fitted, held_out):
    assert kernel_probe.fit(fitted, held_out, LIT) is None


def test_no_reader_where_nothing_can_be_read():
    spec = LIT._replace(factors={"luck": ("a", "b")})
    assert kernel_probe.fit([lit(40, 0)], [lit(60, 1)], spec) is None
