"""Squared error per sequence and its baselines against loops over pixels."""

import numpy as np

from rwae_tf.metrics import squared_error


def batches(sizes=(3, 3, 1)):
    draw = np.random.default_rng(0)
    return [draw.random((size, 4, 2, 2, 3)).astype(np.float32) for size in sizes]


def test_squared_errors_are_sums_over_a_sequence():
    found = squared_error.squared_errors(batches(), lambda x: 0.5 * x)
    expected = [sum((float(v) / 2) ** 2 for v in clip.ravel()) for batch in batches() for clip in batch]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert len(found) == 7  # the short last batch counts


def test_mean_frame_weighs_every_frame_alike():
    everything = np.concatenate(batches()).astype(np.float64)
    np.testing.assert_allclose(squared_error.mean_frame(batches()), everything.mean((0, 1)), rtol=1e-6)


def test_baselines_of_a_blinking_pixel():
    """x = 0, 1, 0, 1: the mean 1/2 costs 4/4 = 1; the first frame, 0, costs 1 + 1 = 2."""
    x = np.tile(np.array([0, 1, 0, 1], np.float32)[None, :, None], (5, 1, 1))
    mean = squared_error.mean_frame([x])
    assert squared_error.measure_baselines(lambda: [x], mean) == {"mean_image": 1.0, "first_frame": 2.0}


def test_perfect_reconstruction_costs_nothing():
    assert (squared_error.squared_errors(batches(), lambda x: x) == 0).all()
