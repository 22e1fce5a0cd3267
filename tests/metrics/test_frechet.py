"""Frechet distance against closed forms and scipy's matrix square root."""

import numpy as np
import pytest
import scipy.linalg

from rwae_tf.errors import InputError
from rwae_tf.metrics.frechet import frechet


def with_moments(mean, covariance, size, seed):
    """Features [size, D] whose sample mean and unbiased covariance are exactly these."""
    x = np.random.default_rng(seed).normal(size=(size, len(mean)))
    x -= x.mean(0)
    white = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T
    return mean + white @ np.linalg.cholesky(covariance).T


def by_scipy(a, b):
    root = scipy.linalg.sqrtm(np.cov(a.T) @ np.cov(b.T)).real
    return np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(np.cov(a.T) + np.cov(b.T) - 2 * root)


def test_two_gaussians_with_diagonal_covariances():
    """|m - m'|^2 + sum (s - s')^2 = (1 + 4 + 0) + ((1-3)^2 + (2-2)^2 + (5-1)^2) = 5 + 20."""
    a = with_moments(np.zeros(3), np.diag([1.0, 4.0, 25.0]), 40, seed=0)
    b = with_moments(np.array([1.0, -2.0, 0.0]), np.diag([9.0, 4.0, 1.0]), 60, seed=1)
    assert frechet(a, b) == pytest.approx(25.0, rel=1e-9)


def test_covariances_that_do_not_commute():
    rng = np.random.default_rng(2)
    a = rng.normal(size=(200, 8)) @ rng.normal(size=(8, 8))
    b = rng.normal(size=(150, 8)) @ rng.normal(size=(8, 8)) + rng.normal(size=8)
    assert frechet(a, b) == pytest.approx(by_scipy(a, b), rel=1e-8)
    assert frechet(b, a) == pytest.approx(frechet(a, b), rel=1e-8)


def test_fewer_clips_than_features():
    """Covariances of rank 4 in 12 dimensions: the same distance as in the 9 dimensions that they span."""
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(5, 12)), rng.normal(size=(5, 12)) + 1
    basis = scipy.linalg.orth(np.concatenate([a, b]).T)  # ten columns: both spans and the means
    assert frechet(a, b) == pytest.approx(frechet(a @ basis, b @ basis), rel=1e-6)
    root = scipy.linalg.sqrtm(np.cov(a.T))  # tr (S S')^(1/2) = sum of singular values of S^(1/2) S'^(1/2)
    nuclear = np.linalg.svd(root.real @ scipy.linalg.sqrtm(np.cov(b.T)).real, compute_uv=False).sum()
    expected = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(np.cov(a.T) + np.cov(b.T)) - 2 * nuclear
    assert frechet(a, b) == pytest.approx(expected, rel=1e-6)


def test_equal_features_are_no_distance_apart():
    a = np.random.default_rng(4).normal(size=(50, 6)).astype(np.float32)
    assert 0.0 <= frechet(a, a) < 1e-9


@pytest.mark.parametrize("real, generated, words", [
    (np.ones((4, 3)), np.ones((4, 2)), r"\(4, 3\) and \(4, 2\)"),
    (np.ones(4), np.ones(4), "as many features each"),
    (np.ones((4, 3)), np.ones((1, 3)), "more clips"),
    (np.ones((4, 3)), np.full((4, 3), np.nan), "NaN in the clips"),
])
def test_what_has_no_distance_is_refused(real, generated, words):
    with pytest.raises(InputError, match=words):
        frechet(real, generated)
