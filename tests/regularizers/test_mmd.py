"""MMD^2 against a double loop, closed forms between Gaussians and the spread it has under q = p.

For q = N(0, s^2 I) and p = N(0, I) in d dimensions, the difference of two samples is N(0, v I) with
v = 2 s^2 within q, 2 within p and 1 + s^2 across, and the Gaussian kernel's mean is

    E exp(-|delta|^2 / (2 sigma^2)) = (1 + v / sigma^2)^(-d / 2).

So E MMD^2 = K(2 s^2) + K(2) - c K(1 + s^2), K the sum of that over the bandwidths.
"""

import numpy as np
import pytest
import tensorflow as tf

from rwae_tf.config import ObjectiveConfig
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


def normal(seed, *shape):
    return tf.random.stateless_normal(shape, seed=(seed, 7))


def loop_kernel(x, y, name, bandwidths):
    d2 = sum((a - b) ** 2 for a, b in zip(x, y, strict=True))
    if name == "rbf":
        return sum(np.exp(-d2 / (2 * sigma**2)) for sigma in bandwidths)
    return sum(2 * sigma**2 / (2 * sigma**2 + d2) for sigma in bandwidths)


def loop_mmd2(q, p, name, bandwidths, c=2.0, estimator="unbiased"):
    """Eq. 21, term by term."""
    q, p = np.asarray(q, np.float64), np.asarray(p, np.float64)
    total = 0.0
    for x in (q, p):
        pairs = [loop_kernel(x[i], x[j], name, bandwidths) for i in range(len(x)) for j in range(len(x))
                 if i != j or estimator == "biased"]
        total += sum(pairs) / len(pairs)
    cross = [loop_kernel(x, y, name, bandwidths) for x in q for y in p]
    return total - c * sum(cross) / len(cross)


@pytest.mark.parametrize("name", ["rbf", "imq"])
@pytest.mark.parametrize("estimator", ["unbiased", "biased"])
@pytest.mark.parametrize("c", [2.0, 1.0])
def test_equals_a_double_loop(name, estimator, c):
    q, p = RNG.normal(size=(2, 6, 3)).astype(np.float32), 1 + RNG.normal(size=(2, 4, 3)).astype(np.float32)
    expected = [loop_mmd2(q[i], p[i], name, (0.5, 2.0), c, estimator) for i in range(2)]
    values = tf.function(mmd.mmd2)(q, p, lambda d2: mmd.KERNELS[name](d2, (0.5, 2.0)), c, estimator)
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)


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
    values = mmd.mmd2(normal(n, 400, n, 12), normal(n + 1, 400, n, 12), mixture).numpy()
    assert values.mean() == pytest.approx(0, abs=4 * spread / 20)
    assert values.std() == pytest.approx(spread, rel=0.15)
    assert 0.2 < np.mean(values < 0) < 0.8  # negative values are normal and not clipped


def test_the_biased_estimator_adds_a_constant():
    # The diagonal replaces k(i != j) by k(0) = 5 in 1 / n of both sums: 2 (5 - K(2)) / n = 0.0877 at n = 60.
    q, p = normal(1, 100, 60, 12), normal(2, 100, 60, 12)
    excess = (mmd.mmd2(q, p, mixture, estimator="biased") - mmd.mmd2(q, p, mixture)).numpy()
    assert 2 * (5 - kernel_mean(2.0, 12, MIXTURE)) / 60 == pytest.approx(0.087, abs=1e-3)
    assert excess.mean() == pytest.approx(2 * (5 - kernel_mean(2.0, 12, MIXTURE)) / 60, abs=5e-4)


def test_equal_samples():
    # q and p the same samples: the biased estimate is 0, the unbiased one misses the diagonal of the
    # cross term: 2 (mean over i != j) - 2 (that (n - 1) + 5 n / n) / n = 2 (mean - 5) / n.
    q = normal(3, 20, 4)
    k = mixture(mmd.squared_distances(q, q)).numpy()
    others = (k.sum() - np.trace(k)) / (20 * 19)
    assert float(mmd.mmd2(q, q, mixture, estimator="biased")) == pytest.approx(0, abs=1e-6)
    assert float(mmd.mmd2(q, q, mixture)) == pytest.approx(2 * (others - 5) / 20, rel=1e-4)


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
        return mmd.mmd2(s * noise, p, lambda d2: mmd.rbf(d2, bandwidths), c).numpy()

    for s in (best / 1.3, best * 1.3):
        difference = estimate(s) - estimate(best)
        error = difference.std() / np.sqrt(2000)
        assert difference.mean() > 4 * error
        expected = expected_mmd2(s, d, bandwidths, c) - expected_mmd2(best, d, bandwidths, c)
        assert difference.mean() == pytest.approx(expected, abs=4 * error)


@pytest.mark.parametrize("s, c", [(0.5, 2.0), (2.0, 2.0), (2.0, 1.0)])
def test_the_estimator_is_unbiased(s, c):
    values = mmd.mmd2(s * normal(6, 1000, 20, 12), normal(7, 1000, 20, 12), mixture, c).numpy()
    error = values.std() / np.sqrt(1000)
    assert values.mean() == pytest.approx(expected_mmd2(s, 12, MIXTURE, c), abs=4 * error)


def test_near_samples_far_from_the_origin_are_told_apart():
    # x = 1000 and 1000.5: |x|^2 + |y|^2 - 2xy has a rounding error of 0.1 and more in float32; d^2 is 0.25.
    x = tf.constant([[1000.0], [1000.5]])
    np.testing.assert_allclose(mmd.squared_distances(x, x), [[0, 0.25], [0.25, 0]], rtol=1e-6)


def motion(samples, **options):
    z_q, z_p = normal(8, 5, 3, 2), 0.5 + normal(9, 5, 3, 2)
    objective = ObjectiveConfig(motion_samples=samples, motion_bandwidths=(1.0, 3.0), **options)
    return z_q.numpy(), z_p.numpy(), float(tf.function(mmd.motion_mmd)(z_q, z_p, objective))


@pytest.mark.parametrize("samples", ["teacher_forced", "free"])
@pytest.mark.parametrize("kernel", ["rbf", "imq"])
def test_motion_mmd_is_summed_over_time(samples, kernel):
    z_q, z_p, value = motion(samples, motion_kernel=kernel)
    expected = sum(loop_mmd2(z_q[:, t], z_p[:, t], kernel, (1.0, 3.0)) for t in range(3))
    assert value == pytest.approx(expected, rel=1e-4)


def test_motion_mmd_on_pairs():
    z_q, z_p, value = motion("pair")
    expected = loop_mmd2(z_q[:, 0], z_p[:, 0], "rbf", (1.0, 3.0))
    for t in (1, 2):
        pair_q = np.concatenate([z_q[:, t - 1], z_q[:, t]], -1)
        pair_p = np.concatenate([z_q[:, t - 1], z_p[:, t]], -1)
        expected += loop_mmd2(pair_q, pair_p, "rbf", (1.0, 3.0))
    assert value == pytest.approx(expected, rel=1e-4)


def test_motion_mmd_on_all_steps_at_once():
    z_q, z_p, value = motion("pool_time")
    expected = loop_mmd2(z_q.reshape(15, 2), z_p.reshape(15, 2), "rbf", (1.0, 3.0))
    assert value == pytest.approx(expected, rel=1e-4)


def test_a_prior_that_foresees_far_apart_codes_is_rewarded():
    # Teacher-forced, row j of z_p depends on row j of z_q. Where the prior foresees every code, z_p = z_q, and all
    # codes are far apart, the terms i != j are 0 and n of the n^2 mixed pairs are k(0) = 2, the number of bandwidths:
    # MMD^2 = -2 / n^2 * n * 2 = -4 / n for each of the T steps. Without such pairs it is 0.
    n, steps = 6, 3
    z_q = tf.tile(1000.0 * tf.range(n, dtype=tf.float32)[:, None, None], [1, steps, 2])
    objective = ObjectiveConfig(motion_bandwidths=(1.0, 3.0))
    assert float(mmd.motion_mmd(z_q, z_q, objective)) == pytest.approx(-4 / n * steps)
    assert float(mmd.motion_mmd(z_q, z_q + 500.0, objective)) == 0


def test_motion_mmd_options_reach_the_estimator():
    z_q, z_p, value = motion("teacher_forced", mmd_estimator="biased", mmd_cross_coefficient=1.0)
    expected = sum(loop_mmd2(z_q[:, t], z_p[:, t], "rbf", (1.0, 3.0), 1.0, "biased") for t in range(3))
    assert value == pytest.approx(expected, rel=1e-4)


def test_median_rule_measures_in_median_distances():
    z_q, z_p, value = motion("teacher_forced", motion_bandwidth_rule="median")
    expected = 0
    for t in range(3):
        pooled = np.concatenate([z_q[:, t], z_p[:, t]])
        # 10 samples have 45 pairs, so the median is one of the distances.
        median = np.median([np.linalg.norm(pooled[i] - pooled[j]) for i in range(10) for j in range(i)])
        assert float(mmd.median_distance(tf.constant(pooled))) == pytest.approx(median, rel=1e-5)
        expected += loop_mmd2(z_q[:, t], z_p[:, t], "rbf", (median, 3 * median))
    assert value == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("rule", ["fixed", "median"])
@pytest.mark.parametrize("kernel", ["rbf", "imq"])
def test_gradient_is_that_of_finite_differences_at_a_constant_bandwidth(rule, kernel):
    z_q, z_p = tf.cast(normal(8, 5, 3, 2), tf.float64), tf.cast(normal(9, 5, 3, 2), tf.float64)
    direction = tf.cast(normal(10, 5, 3, 2), tf.float64)
    objective = ObjectiveConfig(motion_bandwidth_rule=rule, motion_kernel=kernel, motion_bandwidths=(0.7,))
    with tf.GradientTape() as tape:
        tape.watch(z_q)
        value = mmd.motion_mmd(z_q, z_p, objective)
    slope = float(tf.reduce_sum(tape.gradient(value, z_q) * direction))

    # The bandwidths that the rule found, held fixed, one per step.
    medians = [1.0] * 3
    if rule == "median":
        medians = [float(mmd.median_distance(tf.concat([z_q[:, t], z_p[:, t]], 0))) for t in range(3)]

    def moved(step):
        z = (z_q + step * direction).numpy()
        return sum(loop_mmd2(z[:, t], z_p.numpy()[:, t], kernel, (0.7 * medians[t],)) for t in range(3))

    assert slope == pytest.approx((moved(1e-5) - moved(-1e-5)) / 2e-5, rel=1e-6)


@pytest.mark.parametrize("rule", ["fixed", "median"])
def test_collapsed_and_far_samples_have_finite_values_and_gradients(rule):
    objective = ObjectiveConfig(motion_bandwidth_rule=rule)
    zeros, far, near = tf.zeros([4, 2, 3]), 1e6 * normal(11, 4, 2, 3), normal(12, 4, 2, 3)
    for z_q, z_p in ((zeros, zeros), (far, near)):
        with tf.GradientTape() as tape:
            tape.watch(z_q)
            value = mmd.motion_mmd(z_q, z_p, objective)
        assert np.isfinite(float(value)) and np.isfinite(tape.gradient(value, z_q)).all()
