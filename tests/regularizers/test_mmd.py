"""MMD^2 against a double loop, closed forms between Gaussians and the spread it has under q = p.

For q = N(0, s^2 I) and p = N(0, I) in d dimensions, the difference of two samples is N(0, v I) with
v = 2 s^2 within q, 2 within p and 1 + s^2 across, and the Gaussian kernel's mean is

    E exp(-|delta|^2 / (2 sigma^2)) = (1 + v / sigma^2)^(-d / 2).

So E MMD^2 = K(2 s^2) + K(2) - c K(1 + s^2), K the sum of that over the bandwidths.
"""

import numpy as np
import pytest
import tensorflow as tf
from mmd_loops import loop_mmd2, normal

from rwae_tf.regularizers import mmd

MIXTURE = (1.0, 2.0, 4.0, 8.0, 16.0)
RNG = np.random.default_rng(0)


def mixture(d2):
    return mmd.rbf(d2, MIXTURE)


def kernel_mean(v, d, bandwidths):
    return sum((1 + v / sigma**2) ** (-d / 2) for sigma in bandwidths)


def expected_mmd2(s, d, bandwidths, c):
    return (kernel_mean(2 * s**2, d, bandwidths) + kernel_mean(2.0, d, bandwidths)
            - c * kernel_mean(1 + s**2, d, bandwidths))


def mmd2(q, p, kernel, c=2.0, estimator="unbiased", paired=0):
    """The estimate from samples."""
    return mmd.mmd2(mmd.grams(q, p, kernel), c, estimator, paired)


@pytest.mark.parametrize("name", ["rbf", "imq"])
@pytest.mark.parametrize("estimator", ["unbiased", "biased", "as_printed"])
@pytest.mark.parametrize("c", [2.0, 1.0])
def test_equals_a_double_loop(name, estimator, c):
    q, p = RNG.normal(size=(2, 6, 3)).astype(np.float32), 1 + RNG.normal(size=(2, 4, 3)).astype(np.float32)
    expected = [loop_mmd2(q[i], p[i], name, (0.5, 2.0), c, estimator) for i in range(2)]
    values = tf.function(mmd2)(q, p, lambda d2: mmd.KERNELS[name](d2, (0.5, 2.0)), c, estimator)
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("estimator", ["unbiased", "biased", "as_printed"])
@pytest.mark.parametrize("paired", [1, 3])
def test_paired_samples_equal_a_double_loop(estimator, paired):
    q, p = RNG.normal(size=(2, 6, 3)).astype(np.float32), 1 + RNG.normal(size=(2, 6, 3)).astype(np.float32)
    expected = [loop_mmd2(q[i], p[i], "rbf", (0.5, 2.0), 2.0, estimator, paired) for i in range(2)]
    values = mmd2(q, p, lambda d2: mmd.rbf(d2, (0.5, 2.0)), 2.0, estimator, paired)
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)


def pairs_of_a_perfect_prior(seed, batches, n, d, within):
    """q and p [batches, n, d], each N(0, I) over the rows, whose rows share a past: x = past + within * noise."""
    past = np.sqrt(1 - within**2) * normal(seed, batches, n, d)
    return past + within * normal(seed + 1, batches, n, d), past + within * normal(seed + 2, batches, n, d)


@pytest.mark.parametrize("within", [0.05, 0.5])
def test_paired_samples_of_equal_distributions(within):
    """A prior that foresees the codes: only without i = j is the estimate 0 on average.

    A pair (q_i, p_i) has the variance 2 within^2 per dimension, so i = j adds -2 (K(2 within^2) - K(2)) / n.
    """
    n, d, batches = 30, 12, 400
    q, p = pairs_of_a_perfect_prior(20, batches, n, d, within)
    right, printed = (mmd2(q, p, mixture, estimator=name, paired=1).numpy() for name in ("unbiased", "as_printed"))
    assert right.mean() == pytest.approx(0, abs=4 * right.std() / np.sqrt(batches))
    bias = -2 * (kernel_mean(2 * within**2, d, MIXTURE) - kernel_mean(2.0, d, MIXTURE)) / n
    assert printed.mean() == pytest.approx(bias, abs=4 * printed.std() / np.sqrt(batches))
    assert bias < -5 * right.std()  # far more than the estimate varies


def test_gradient_on_paired_samples_leads_nowhere_where_they_are_equal():
    """On average over many batches, scaling q up or down changes nothing to first order; as printed, it pays."""
    n, d, batches = 30, 12, 400
    q, p = pairs_of_a_perfect_prior(23, batches, n, d, 0.05)
    slopes = {}
    for name in ("unbiased", "as_printed"):
        # d/ds of the estimate for (1 + s) q beside (1 + s) p, one number a batch.
        with tf.GradientTape() as tape:
            s = tf.zeros([batches, 1, 1])
            tape.watch(s)
            value = mmd2((1 + s) * q, (1 + s) * p, mixture, estimator=name, paired=1)
        slopes[name] = tf.squeeze(tape.gradient(value, s)).numpy()
    error = slopes["unbiased"].std() / np.sqrt(batches)
    assert slopes["unbiased"].mean() == pytest.approx(0, abs=4 * error)
    # As printed, spreading all samples lowers the estimate: by -2 / n times the change of K(2 0.05^2) - K(2).
    def reward(f):
        return kernel_mean(2 * (0.05 * f) ** 2, d, MIXTURE) - kernel_mean(2 * f**2, d, MIXTURE)

    step = 1e-4
    up, down = reward(1 + step), reward(1 - step)
    expected = -2 / n * (up - down) / (2 * step)
    assert slopes["as_printed"].mean() == pytest.approx(expected, abs=4 * slopes["as_printed"].std() / np.sqrt(batches))
    assert expected < -20 * error


def null_spread(n, d, bandwidths):
    """The exact standard deviation of the unbiased estimate of n and n samples of N(0, I), q = p.

    With V the second moment of the centred kernel, E k(x,y)^2 - 2 E k(x,y) k(x,z) + (E k)^2, the sums within
    q and within p have the variance 2 V / (n (n - 1)) each, the cross term 4 V / n^2, and nothing correlates.
    The Gaussian integrals: k_a k_b of one pair has the exponent (1/a^2 + 1/b^2) / 2; k_a(x, y) averaged over
    y is (1 + 1/a^2)^(-d/2) exp(-|x|^2 / (2 (a^2 + 1))).
    """
    pairs = [(a, b) for a in bandwidths for b in bandwidths]
    same = sum((1 + 2 / a**2 + 2 / b**2) ** (-d / 2) for a, b in pairs)
    shared = sum(((1 + 1 / a**2) * (1 + 1 / b**2) * (1 + 1 / (a**2 + 1) + 1 / (b**2 + 1))) ** (-d / 2)
                 for a, b in pairs)
    moment = same - 2 * shared + kernel_mean(2.0, d, bandwidths) ** 2
    return np.sqrt(4 * moment / (n * (n - 1)) + 4 * moment / n**2)


@pytest.mark.parametrize("n, spread", [(60, 0.0104), (30, 0.0209)])
def test_equal_distributions_give_zero_with_the_known_spread(n, spread):
    # 400 batches: the mean's standard error is spread / 20, of which 4 are allowed; that of a standard
    # deviation is about 1 / sqrt(800) = 3.5 % (5 % for a skewed one), of which 3 are allowed.
    assert null_spread(n, 12, MIXTURE) == pytest.approx(spread, abs=5e-5)
    values = mmd2(normal(n, 400, n, 12), normal(n + 1, 400, n, 12), mixture).numpy()
    assert values.mean() == pytest.approx(0, abs=4 * spread / 20)
    assert values.std() == pytest.approx(spread, rel=0.15)
    assert 0.2 < np.mean(values < 0) < 0.8  # negative values are normal and not clipped


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["independent", "paired"])
def test_null_deviation_is_that_of_many_batches(kind):
    # Of 300 estimates of the deviation, each from one batch, the mean is within 15 % of the deviation of 300 values.
    n, d, batches, steps = 30, 12, 300, 3
    if kind == "independent":
        q, p = normal(30, steps, batches, n, d), normal(31, steps, batches, n, d)
    else:
        q, p = (tf.stack(parts) for parts in zip(*(pairs_of_a_perfect_prior(32 + 3 * t, batches, n, d, 0.5)
                                                   for t in range(steps)), strict=True))

    @tf.function
    def estimate(q, p):
        k = mmd.grams(q, p, mixture)
        return tf.reduce_sum(mmd.mmd2(k, paired=1)), mmd.null_sd(k)

    values, deviations = np.transpose([estimate(q[:, b], p[:, b]) for b in range(batches)])
    assert np.mean(deviations) == pytest.approx(np.std(values), rel=0.15)


def test_null_deviation_of_all_frames_at_once_averages_over_clips():
    # Samples of one clip repeated T times say no more than one of them: the deviation is that of n samples, not n T.
    q, p = normal(40, 20, 2), normal(41, 20, 2)
    repeated = mmd.grams(tf.repeat(q, 4, 0), tf.repeat(p, 4, 0), mixture)
    assert float(mmd.null_sd(repeated, 4)) == pytest.approx(float(mmd.null_sd(mmd.grams(q, p, mixture))), rel=1e-4)


def test_the_biased_estimator_adds_a_constant():
    # The diagonal replaces k(i != j) by k(0) = 5 in 1 / n of both sums: 2 (5 - K(2)) / n = 0.0877 at n = 60.
    q, p = normal(1, 100, 60, 12), normal(2, 100, 60, 12)
    excess = (mmd2(q, p, mixture, estimator="biased") - mmd2(q, p, mixture)).numpy()
    assert 2 * (5 - kernel_mean(2.0, 12, MIXTURE)) / 60 == pytest.approx(0.087, abs=1e-3)
    assert excess.mean() == pytest.approx(2 * (5 - kernel_mean(2.0, 12, MIXTURE)) / 60, abs=5e-4)


def test_equal_samples():
    # q and p the same samples: the biased estimate is 0, the unbiased one misses the diagonal of the
    # cross term: 2 (mean over i != j) - 2 (that (n - 1) + 5 n / n) / n = 2 (mean - 5) / n.
    q = normal(3, 20, 4)
    k = mixture(mmd.squared_distances(q, q)).numpy()
    others = (k.sum() - np.trace(k)) / (20 * 19)
    assert float(mmd2(q, q, mixture, estimator="biased")) == pytest.approx(0, abs=1e-6)
    assert float(mmd2(q, q, mixture)) == pytest.approx(2 * (others - 5) / 20, rel=1e-4)


BEST = [(1, (1.0,), 2.0, 1.00), (1, (1.0,), 1.0, 2.30), (12, MIXTURE, 2.0, 1.00), (12, MIXTURE, 1.0, 3.18)]


@pytest.mark.parametrize("d, bandwidths, c, best", BEST)
def test_best_posterior_scale(d, bandwidths, c, best):
    # In closed form; for d = 1, sigma = 1 also by hand: (2 + s^2) / (1 + 2 s^2) = (c / 2)^(2/3).
    grid = np.arange(0.3, 6, 0.005)
    exact = grid[np.argmin(expected_mmd2(grid, d, bandwidths, c))]
    assert exact == pytest.approx(best, abs=0.006)
    if d == 1:
        ratio = (c / 2) ** (2 / 3)
        assert np.sqrt((2 - ratio) / (2 * ratio - 1)) == pytest.approx(best, abs=0.006)

    # By the estimator: q = s * noise for each s with the same noise, 2000 batches of 20. Means and standard
    # errors of the differences to the best s: it beats s 30 % off on either side by more than 4 of them.
    noise, p = normal(4, 2000, 20, d), normal(5, 2000, 20, d)

    def estimate(s):
        return mmd2(s * noise, p, lambda d2: mmd.rbf(d2, bandwidths), c).numpy()

    for s in (best / 1.3, best * 1.3):
        difference = estimate(s) - estimate(best)
        error = difference.std() / np.sqrt(2000)
        assert difference.mean() > 4 * error
        expected = expected_mmd2(s, d, bandwidths, c) - expected_mmd2(best, d, bandwidths, c)
        assert difference.mean() == pytest.approx(expected, abs=4 * error)


@pytest.mark.parametrize("s, c", [(0.5, 2.0), (2.0, 2.0), (2.0, 1.0)])
def test_the_estimator_is_unbiased(s, c):
    values = mmd2(s * normal(6, 1000, 20, 12), normal(7, 1000, 20, 12), mixture, c).numpy()
    error = values.std() / np.sqrt(1000)
    assert values.mean() == pytest.approx(expected_mmd2(s, 12, MIXTURE, c), abs=4 * error)


def test_near_samples_far_from_the_origin_are_told_apart():
    # x = 1000 and 1000.5: |x|^2 + |y|^2 - 2xy has a rounding error of 0.1 and more in float32; d^2 is 0.25.
    x = tf.constant([[1000.0], [1000.5]])
    np.testing.assert_allclose(mmd.squared_distances(x, x), [[0, 0.25], [0.25, 0]], rtol=1e-6)
