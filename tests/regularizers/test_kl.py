import numpy as np
import pytest
import tensorflow as tf

from rwae_tf import distributions
from rwae_tf.config import ObjectiveConfig
from rwae_tf.regularizers import kl

RNG = np.random.default_rng(0)
CATEGORICAL = ObjectiveConfig(action_kl="categorical")
MONTE_CARLO = ObjectiveConfig(action_kl="monte_carlo")


def gaussian(*shape):
    return (RNG.normal(size=shape).astype(np.float32), RNG.uniform(0.3, 2, size=shape).astype(np.float32))


def test_normal_kl_is_tfps():
    from tensorflow_probability import distributions as tfd
    q, p = gaussian(4, 3, 5), gaussian(4, 3, 5)
    expected = tfd.kl_divergence(distributions.normal(*q), distributions.normal(*p))
    np.testing.assert_allclose(tf.function(kl.normal_kl)(*q, *p), expected, rtol=1e-5)


def test_normal_kl_is_the_mean_log_ratio():
    # Monte Carlo with n samples, within 4 of its own standard errors.
    q, p = gaussian(5), gaussian(5)
    z = q[0] + q[1] * RNG.normal(size=(20000, 5)).astype(np.float32)
    ratio = (distributions.normal(*q).log_prob(z) - distributions.normal(*p).log_prob(z)).numpy()
    assert float(kl.normal_kl(*q, *p)) == pytest.approx(ratio.mean(), abs=4 * ratio.std() / np.sqrt(20000))


def test_motion_kl_is_summed_over_time_and_averaged_over_the_batch():
    # Same scale 1, means apart by 1 in each of D = 3 dims: KL = 3/2 per step, 6 in 4 steps. One sequence
    # has that and the other 0: 3.
    ones = np.ones((2, 4, 3), np.float32)
    loc = ones * np.array([1, 0], np.float32)[:, None, None]
    assert float(kl.motion_kl((loc, ones), (0 * ones, ones))) == pytest.approx(3.0)


def test_content_kl_is_from_the_standard_normal_and_averaged_over_the_batch():
    # Per dimension (s^2 + m^2 - 1 - ln s^2) / 2. D = 3: m = 1, s = 1 gives 3/2; m = 0, s = 1/2 gives
    # 3 (1/4 - 1 + ln 4) / 2 = 0.954442. Their mean is 1.227221.
    loc, scale = np.ones((2, 3), np.float32), np.ones((2, 3), np.float32)
    loc[1], scale[1] = 0, 0.5
    assert float(kl.content_kl((loc, scale))) == pytest.approx(1.227221, abs=1e-5)


def test_categorical_action_kl():
    # Two equal actions out of four: log 4 - log 2. One certain: log 4. Uniform: 0. Their mean is log(8) / 3.
    logits = np.log(np.array([[.5, .5, 0, 0], [1, 0, 0, 0], [.25, .25, .25, .25]]) + 1e-30).astype(np.float32)
    assert float(kl.action_kl(7 + logits, CATEGORICAL)) == pytest.approx(np.log(8) / 3, rel=1e-5)


def relaxed(logits, temperature, n, seed=0):
    logits = np.tile(np.asarray(logits, np.float32), (n, 1))
    uniform = tf.random.stateless_uniform(logits.shape, seed=(seed, 1))
    return logits, distributions.sample_action(logits, temperature, uniform)


@pytest.mark.parametrize("temperature", [0.4, 0.67, 2.0])
def test_monte_carlo_is_the_difference_of_tfps_relaxed_densities(temperature):
    from tensorflow_probability import distributions as tfd
    logits, action = relaxed([1.0, 0.0, -1.0, 0.5], temperature, 16)
    q, p = (tfd.ExpRelaxedOneHotCategorical(temperature, logits=ls) for ls in (logits, 0 * logits))
    expected = np.mean(q.log_prob(np.log(action)) - p.log_prob(np.log(action)))
    value = tf.function(kl.action_kl)(logits, MONTE_CARLO, action, temperature)
    assert float(value) == pytest.approx(expected, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("gap", [0.5, 4.0])
def test_monte_carlo_action_kl_of_two_actions(gap):
    # log a_1 - log a_2 is (gap + logistic) / tau, so the KL is that between two logistic distributions
    # apart by gap, gap coth(gap / 2) - 2, whatever the temperature. The log ratio per sample lies in
    # [-gap, gap], so its standard deviation is at most gap: 4 standard errors of n = 40000 are gap / 50.
    for temperature in (0.2, 0.67, 3.0):
        logits, action = relaxed([gap, 0.0], temperature, 40000)
        value = float(kl.action_kl(logits, MONTE_CARLO, action, temperature))
        assert value == pytest.approx(gap / np.tanh(gap / 2) - 2, abs=gap / 50)
        assert value > float(kl.action_kl(logits, CATEGORICAL))


@pytest.mark.parametrize("temperature", [0.1, 0.67])
def test_gradients_are_finite_at_extreme_logits(temperature):
    raw = tf.constant([[300.0, 0.0, -300.0]] * 4)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(raw)
        uniform = tf.random.stateless_uniform([4, 3], seed=(5, 6))
        action = distributions.sample_action(raw, temperature, uniform)
        closed = kl.action_kl(raw, CATEGORICAL)
        sampled = kl.action_kl(raw, MONTE_CARLO, action, temperature)
    assert float(closed) == pytest.approx(np.log(3), rel=1e-5)
    assert np.isfinite(float(sampled))
    for value in (closed, sampled):
        assert np.isfinite(tape.gradient(value, raw)).all()
