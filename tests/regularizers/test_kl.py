import itertools

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from rwae_tf import distributions
from rwae_tf.config import ObjectiveConfig
from rwae_tf.priors import content
from rwae_tf.regularizers import kl

RNG = np.random.default_rng(0)
CATEGORICAL = ObjectiveConfig(action_kl="categorical")
MONTE_CARLO = ObjectiveConfig(action_kl="monte_carlo")


def gaussian(*shape):
    return (RNG.normal(size=shape).astype(np.float32), RNG.uniform(0.3, 2, size=shape).astype(np.float32))


def action_kl(logits, objective, action=None, temperature=1.0):
    return kl.action_kl(distributions.relaxed_action(logits, temperature), objective, action)


def test_motion_kl_is_the_closed_form_summed_over_time_and_averaged_over_the_batch():
    # KL(q || p) of one dimension: log(s_p / s_q) + (s_q^2 + (m_q - m_p)^2) / (2 s_p^2) - 1/2.
    (m_q, s_q), (m_p, s_p) = q, p = gaussian(4, 3, 5), gaussian(4, 3, 5)
    closed = np.log(s_p / s_q) + (s_q**2 + (m_q - m_p) ** 2) / (2 * s_p**2) - 0.5
    found = tf.function(lambda *pair: kl.motion_kl(*(tfd.MultivariateNormalDiag(*d) for d in pair)))(q, p)
    assert float(found) == pytest.approx(closed.sum((1, 2)).mean(), rel=1e-5)


def test_motion_kl_is_the_mean_log_ratio():
    # Monte Carlo with n samples, within 4 of its own standard errors.
    q, p = (tfd.MultivariateNormalDiag(*gaussian(1, 1, 5)) for _ in range(2))
    z = q.sample(20000, seed=(0, 1))
    ratio = (q.log_prob(z) - p.log_prob(z)).numpy()
    assert float(kl.motion_kl(q, p)) == pytest.approx(ratio.mean(), abs=4 * ratio.std() / np.sqrt(20000))


def test_content_kl_is_from_the_standard_normal_and_averaged_over_the_batch():
    # Per dimension (s^2 + m^2 - 1 - ln s^2) / 2. D = 3: m = 1, s = 1 gives 3/2; m = 0, s = 1/2 gives
    # 3 (1/4 - 1 + ln 4) / 2 = 0.954442. Their mean is 1.227221.
    loc, scale = np.ones((2, 3), np.float32), np.ones((2, 3), np.float32)
    loc[1], scale[1] = 0, 0.5
    found = kl.content_kl(tfd.MultivariateNormalDiag(loc, scale), content.distribution(3))
    assert float(found) == pytest.approx(1.227221, abs=1e-5)


def test_categorical_action_kl():
    # Two equal actions out of four: log 4 - log 2. One certain: log 4. Uniform: 0. Their mean is log(8) / 3.
    logits = np.log(np.array([[.5, .5, 0, 0], [1, 0, 0, 0], [.25, .25, .25, .25]]) + 1e-30).astype(np.float32)
    assert float(action_kl(7 + logits, CATEGORICAL)) == pytest.approx(np.log(8) / 3, rel=1e-5)


def relaxed(logits, temperature, n, seed=0):
    logits = np.tile(np.asarray(logits, np.float32), (n, 1))
    uniform = tf.random.stateless_uniform(logits.shape, seed=(seed, 1))
    return logits, distributions.sample_action(distributions.relaxed_action(logits, temperature), uniform)


@pytest.mark.parametrize("temperature", [0.4, 0.67, 2.0])
def test_monte_carlo_is_the_difference_of_tfps_relaxed_densities(temperature):
    logits, action = relaxed([1.0, 0.0, -1.0, 0.5], temperature, 16)
    q, p = (tfd.ExpRelaxedOneHotCategorical(temperature, logits=ls) for ls in (logits, 0 * logits))
    expected = np.mean(q.log_prob(np.log(action)) - p.log_prob(np.log(action)))
    value = tf.function(action_kl)(logits, MONTE_CARLO, action, temperature)
    assert float(value) == pytest.approx(expected, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("gap", [0.5, 4.0])
def test_monte_carlo_action_kl_of_two_actions(gap):
    # log a_1 - log a_2 is (gap + logistic) / tau, so the KL is that between two logistic distributions
    # apart by gap, gap coth(gap / 2) - 2, whatever the temperature. The log ratio per sample lies in
    # [-gap, gap], so its standard deviation is at most gap: 4 standard errors of n = 40000 are gap / 50.
    for temperature in (0.2, 0.67, 3.0):
        logits, action = relaxed([gap, 0.0], temperature, 40000)
        value = float(action_kl(logits, MONTE_CARLO, action, temperature))
        assert value == pytest.approx(gap / np.tanh(gap / 2) - 2, abs=gap / 50)
        assert value > float(action_kl(logits, CATEGORICAL))


def test_both_action_kls_against_loops_and_at_every_temperature():
    """With a_k proportional to exp((l_k + g_k) / tau), the ratio of the densities has no tau left in it.

    y_k = log alpha_k - tau log a_k is -g_k but for a shift c that all k share, and under p it is y_k - log alpha_k, so
    that log q - log p = sum_k log alpha_k + A (log sum_k exp(-g_k - log alpha_k) - log sum_k exp(-g_k)).
    """
    logits = RNG.normal(size=(6, 4)).astype(np.float32)
    uniform = RNG.uniform(0.01, 0.99, size=(6, 4)).astype(np.float32)
    ratios, closed = [], []
    for row, noise in zip(logits.astype(np.float64), uniform.astype(np.float64), strict=True):
        alpha = np.exp(row) / sum(np.exp(row))
        closed.append(sum(a * np.log(a / (1 / 4)) for a in alpha))
        below = sum(-np.log(u) / a for u, a in zip(noise, alpha, strict=True))  # exp(-g) = -log u
        ratios.append(sum(np.log(alpha)) + 4 * np.log(below / sum(-np.log(noise))))
    assert float(action_kl(logits, CATEGORICAL)) == pytest.approx(np.mean(closed), rel=1e-5)
    for temperature in (0.3, 0.67, 3.0):
        action = distributions.sample_action(distributions.relaxed_action(logits, temperature), uniform)
        value = float(action_kl(logits, MONTE_CARLO, action, temperature))
        assert value == pytest.approx(np.mean(ratios), rel=1e-3)


def test_action_divergence_is_the_mean_over_pairs_of_clips():
    logits = np.random.default_rng(0).normal(0, 2, (7, 4)).astype(np.float32)
    q = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    pairs = [4 * np.dot(q[i], q[j]) - 1 for i in range(7) for j in range(7) if i != j]
    assert float(kl.action_divergence(logits)) == pytest.approx(np.mean(pairs), rel=1e-4)
    # Two certain clips: A - 1 for one action, -1 for two actions. A single clip has no pairs.
    sure = np.array([[50.0, -50.0], [-50.0, 50.0]], np.float32)
    assert float(kl.action_divergence(sure[[0, 0]])) == pytest.approx(1.0)
    assert float(kl.action_divergence(sure)) == pytest.approx(-1.0)
    assert float(kl.action_divergence(sure[:1])) == 0.0


def test_action_divergence_is_unbiased_for_any_number_of_clips():
    # All 27 batches of three clips drawn from three: their mean is chi^2(p || uniform) = 3 sum_k p_k^2 - 1 of the
    # population's p, while the KL of the batch's mean is too large.
    logits = np.random.default_rng(1).normal(0, 2, (3, 3)).astype(np.float32)
    q = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    batches = list(itertools.product(range(3), repeat=3))
    values = [float(kl.action_divergence(logits[list(batch)])) for batch in batches]
    assert np.mean(values) == pytest.approx(3 * np.sum(q.mean(0) ** 2) - 1, abs=1e-5)

    def divergence(rows):
        p = q[rows].mean(0)
        return np.sum(p * np.log(3 * p))
    assert np.mean([divergence(list(batch)) for batch in batches]) > divergence([0, 1, 2]) + 0.01


def test_categorical_action_kl_is_the_mean_log_ratio_of_samples_that_are_nearly_one_hot():
    # As tau -> 0 samples become one-hot with probabilities alpha, so E sum_k a_k log(A alpha_k) becomes the KL. Per
    # sample it lies between -1.36 and 0.64, log A alpha of the third and the first, so that its standard deviation is
    # at most 1 and four standard errors of n = 20000 are 0.028. At tau = 100 samples are even: mean_k log(A alpha_k).
    logits, n = [1.0, 0.0, -1.0, 0.5], 20000
    log_ratio = (np.array(logits) - np.log(np.exp(logits).sum()) + np.log(4)).astype(np.float32)
    exact = float(action_kl(np.array([logits], np.float32), CATEGORICAL))
    cold, warm, hot = (relaxed(logits, temperature, n)[1].numpy() for temperature in (0.01, 2.0, 100.0))
    assert (cold.max(-1) > 0.99).mean() > 0.9
    assert np.mean(cold @ log_ratio) == pytest.approx(exact, abs=0.028)
    assert np.mean(warm @ log_ratio) < exact - 0.028  # softer, and not yet there
    np.testing.assert_allclose(hot, 0.25, atol=0.05)
    assert np.mean(hot @ log_ratio) == pytest.approx(log_ratio.mean(), abs=0.02)


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_action_kls_of_half_precision_are_those_of_the_same_numbers(dtype):
    logits = tf.cast(RNG.normal(size=(5, 4)) * 3, dtype)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = action_kl(logits, CATEGORICAL)
    same = action_kl(tf.cast(logits, tf.float32), CATEGORICAL)
    assert value.dtype == tf.float32 and float(value) == float(same)
    assert tape.gradient(value, logits).dtype == dtype


@pytest.mark.parametrize("temperature", [0.1, 0.67])
def test_gradients_are_finite_at_extreme_logits(temperature):
    raw = tf.constant([[300.0, 0.0, -300.0]] * 4)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(raw)
        uniform = tf.random.stateless_uniform([4, 3], seed=(5, 6))
        action = distributions.sample_action(distributions.relaxed_action(raw, temperature), uniform)
        closed = action_kl(raw, CATEGORICAL)
        sampled = action_kl(raw, MONTE_CARLO, action, temperature)
    assert float(closed) == pytest.approx(np.log(3), rel=1e-5)
    assert np.isfinite(float(sampled))
    for value in (closed, sampled):
        assert np.isfinite(tape.gradient(value, raw)).all()
