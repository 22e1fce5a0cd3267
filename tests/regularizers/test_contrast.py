"""InfoNCE beside scikit-learn's cross-entropy; the mutual information beside that of Gaussians."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax
from sklearn.metrics import log_loss

from rwae_tf.regularizers import contrast


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("shape, temperature", [((7, 3), 0.5), ((5, 4, 2), 0.1)])
def test_info_nce_is_the_cross_entropy_of_scikit_learn(shape, temperature):
    anchor, positive = normal(0, *shape), normal(1, *shape)
    a, b = (code.reshape(len(code), -1) for code in (anchor, positive))
    cosines = a @ b.T / np.linalg.norm(a, axis=1)[:, None] / np.linalg.norm(b, axis=1)
    labels = np.arange(len(a))
    expected = np.mean([log_loss(labels, softmax(logits / temperature, 1)) for logits in (cosines, cosines.T)])
    assert float(contrast.info_nce(anchor, positive, temperature)) == pytest.approx(expected, rel=1e-4)


def test_info_nce_is_zero_for_views_apart_from_all_others_and_ln_n_for_codes_that_say_nothing():
    apart = np.eye(6, dtype=np.float32)
    assert float(contrast.info_nce(apart, 3 * apart, 0.01)) < 1e-6  # lengths do not count
    same = np.ones((6, 4), np.float32)
    assert float(contrast.info_nce(same, same, 0.5)) == pytest.approx(np.log(6), rel=1e-5)


@pytest.mark.parametrize("correlation", [0.0, 0.6, 0.9])
def test_mutual_information_is_that_of_gaussians(correlation):
    """q(z|x) = N(x, 0.5^2) of pairs x of this correlation: the codes correlate by it over 1.25 each.

    The mean of 1500 log ratios whose deviation is about 0.6 at 0.9: 5 standard errors are 0.08; the mixture of 1500
    posteriors is smooth at a deviation of 0.5.
    """
    count, deviation = 1500, 0.5
    x_c = normal(0, count, 1)
    x_m = (correlation * x_c + np.sqrt(1 - correlation**2) * normal(1, count, 1)).astype(np.float32)
    pairs = [(x + deviation * normal(seed, *x.shape), x, np.full_like(x, deviation))
             for seed, x in ((2, x_c), (3, x_m[:, None]))]
    expected = -0.5 * np.log(1 - (correlation / (1 + deviation**2)) ** 2)
    assert float(contrast.mutual_information(*pairs)) == pytest.approx(expected, abs=0.08)


def test_mutual_information_is_a_mean_over_frames_and_has_a_gradient():
    content, motion = ((normal(0, 6, 2), normal(1, 6, 2), np.ones((6, 2), np.float32)),
                       (normal(2, 6, 3, 2), normal(3, 6, 3, 2), np.ones((6, 3, 2), np.float32)))
    frames = [float(contrast.mutual_information(content, [array[:, t:t + 1] for array in motion])) for t in range(3)]
    assert float(contrast.mutual_information(content, motion)) == pytest.approx(np.mean(frames), rel=1e-4)
    z, loc, scale = map(tf.constant, motion)
    with tf.GradientTape() as tape:
        tape.watch(z)
        found = contrast.mutual_information(content, (z, loc, scale))
    assert np.abs(tape.gradient(found, z)).max() > 0
