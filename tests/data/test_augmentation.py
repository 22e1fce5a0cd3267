"""Varied clips: mirrored, moved, under another light."""

import numpy as np
import tensorflow as tf

from rwae_tf.data import augmentation

X = np.random.default_rng(0).random((40, 3, 20, 20, 3), np.float32)


def varied(name, x=X, seed=5):
    return augmentation.KINDS[name](tf.constant(x), [seed, 0]).numpy()


def test_half_of_the_clips_are_mirrored():
    mirrored = sum(np.array_equal(y, x[:, :, ::-1]) for x, y in zip(X, varied("mirror"), strict=True))
    left = sum(np.array_equal(y, x) for x, y in zip(X, varied("mirror"), strict=True))
    assert mirrored + left == 40 and 10 <= mirrored <= 30  # within 3.2 standard deviations, sqrt(40) / 2


def test_clips_move_by_a_tenth_at_most_and_borders_go_on():
    found = set()
    for x, y in zip(X, varied("shift"), strict=True):
        padded = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")  # a tenth of 20 pixels
        (where,) = [(dy, dx) for dy in range(5) for dx in range(5)
                    if np.array_equal(y, padded[:, dy:dy + 20, dx:dx + 20])]
        found.add(where)
    assert {dy for dy, _ in found} == {dx for _, dx in found} == set(range(5))


def test_light_is_the_same_for_all_frames_of_a_clip():
    x = np.concatenate([np.full((40, 3, 20, 10, 3), 0.2), np.full((40, 3, 20, 10, 3), 0.4)], 3).astype(np.float32)
    y = varied("light", x)
    dark, bright = y[..., 0, :], y[..., -1, :]
    assert np.ptp(dark, (1, 2)).max() == 0 and np.ptp(bright, (1, 2)).max() == 0
    gain = (bright - dark)[:, 0, 0] / 0.2  # [40, 3]
    assert 0.6 * 0.8 <= gain.min() < 0.7 and 1.2 < gain.max() <= 1.3 * 1.2
    lift = dark[:, 0, 0] - 0.2 * gain
    unclipped = dark[:, 0, 0].min(1) > 0
    assert np.abs(lift[unclipped]).max() <= 0.1 + 1e-6 and np.ptp(lift[unclipped], 1).max() < 1e-6
    assert np.ptp(lift[unclipped].mean(1)) > 0.1
    assert varied("light").min() >= 0 and varied("light").max() <= 1


def test_a_seed_gives_the_same_variations():
    for name in augmentation.KINDS:
        np.testing.assert_array_equal(varied(name), varied(name))
        assert not np.array_equal(varied(name), varied(name, seed=6))


def test_one_after_the_other_each_by_a_seed_of_its_own():
    found = augmentation.augment(tf.constant(X), ("mirror", "shift"), [5, 1]).numpy()
    mirrored = augmentation.augment(tf.constant(X), ("mirror",), [5, 1]).numpy()
    kept = [np.array_equal(y, x) for x, y in zip(X, mirrored, strict=True)]
    # A clip that "mirror" alone leaves, it leaves here too; what it was moved by is not the same for all such clips.
    moved = [[(dy, dx) for dy in range(5) for dx in range(5) if np.array_equal(
        y, np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")[:, dy:dy + 20, dx:dx + 20])]
        for x, y in zip(X, found, strict=True)]
    assert [bool(where) for where in moved] == kept and len({where[0] for where in moved if where}) > 5
