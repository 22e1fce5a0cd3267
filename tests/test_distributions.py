import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from rwae_tf import distributions

LOGITS = np.array([[0.0, 1.0, -2.0], [3.0, 3.0, 0.5]], np.float32)


def sample_action(logits, temperature, uniform):
    return distributions.sample_action(distributions.relaxed_action(logits, temperature), uniform)


def test_scale_is_softplus_above_the_floor():
    # softplus(0) = log 2; softplus(-200) = 0 in float32, softplus(200) = 200.
    np.testing.assert_allclose(
        distributions.scale(tf.constant([0.0, -200.0, 200.0])), [np.log(2) + 1e-4, 1e-4, 200.0001], rtol=1e-6)


@pytest.mark.parametrize("value", [2e-4, 0.05, 0.69, 1.0, 10.0, 500.0])
def test_raw_scale_inverts_scale(value):
    raw = tf.constant(distributions.raw_scale(value), tf.float32)
    assert float(distributions.scale(raw)) == pytest.approx(value, rel=2e-4)


def test_sample_normal_is_the_mean_and_so_many_deviations():
    loc, scale, noise = np.random.default_rng(0).uniform(0.5, 2, (3, 4, 5, 2)).astype(np.float32)
    sample = tf.function(lambda loc, scale, noise: distributions.sample_normal(
        tfd.MultivariateNormalDiag(loc, scale), noise))(loc, scale, noise)
    np.testing.assert_allclose(sample, loc + scale * noise, rtol=1e-6)


@pytest.mark.parametrize("temperature", [0.1, 0.67, 2.0])
def test_sample_action_is_the_printed_formula(temperature):
    uniform = np.random.default_rng(0).uniform(0.01, 0.99, LOGITS.shape).astype(np.float32)
    alpha = np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)
    powers = np.exp((np.log(alpha) - np.log(-np.log(uniform))) / temperature)
    expected = powers / powers.sum(-1, keepdims=True)
    sample = tf.function(sample_action)(LOGITS, temperature, uniform)
    np.testing.assert_allclose(sample, expected, rtol=2e-4, atol=1e-7)


def test_largest_component_is_categorical():
    # P(argmax_k a_k = k) = alpha_k at any temperature (Maddison et al. 2017). With n = 40000 the standard
    # deviation of a frequency is at most sqrt(0.25 / n) = 0.0025; 4 of them are allowed.
    n, logits = 40000, LOGITS[:1]
    uniform = tf.random.stateless_uniform([n, 3], seed=(1, 2))
    sample = sample_action(np.repeat(logits, n, 0), 0.67, uniform)
    frequencies = np.bincount(np.argmax(sample, -1), minlength=3) / n
    np.testing.assert_allclose(frequencies, tf.nn.softmax(logits)[0], atol=0.01)


def test_relaxed_action_is_the_distribution_that_is_sampled():
    # With two actions, log a_1 - log a_2 = (l_1 - l_2 + logistic noise) / tau, so that
    # P(a_1 <= x) = sigmoid(tau logit(x) - (l_1 - l_2)): integrate TFP's density and count samples.
    # At most 4 standard deviations of a frequency, 4 sqrt(0.25 / 20000) = 0.0141.
    logits, tau, n = np.array([0.8, 0.0], np.float32), 0.67, 20000
    sample = sample_action(
        np.tile(logits, (n, 1)), tau, tf.random.stateless_uniform([n, 2], seed=(3, 4))).numpy()
    q = distributions.relaxed_action(logits, tau)
    for x in (0.2, 0.5, 0.9):
        exact = 1 / (1 + np.exp(-(tau * np.log(x / (1 - x)) - 0.8)))
        assert np.mean(sample[:, 0] <= x) == pytest.approx(exact, abs=0.0141)
        # The density on the simplex is in a_1 alone: its slope there is the distribution's derivative.
        step = 1e-4
        below, above = (1 / (1 + np.exp(-(tau * np.log(y / (1 - y)) - 0.8))) for y in (x - step, x + step))
        density = np.exp(q.log_prob(np.array([x, 1 - x], np.float32)))
        assert density == pytest.approx((above - below) / (2 * step), rel=1e-3)


def test_relaxed_action_takes_half_precision_logits():
    q = distributions.relaxed_action(tf.cast(LOGITS, tf.bfloat16), 0.67)
    assert q.sample(seed=0).dtype == tf.float32


@pytest.mark.parametrize("temperature", [0.1, 0.67])
def test_samples_and_gradients_stay_finite_at_the_ends(temperature):
    logits = tf.constant([[200.0, -200.0, 0.0], [0.0, 0.0, 0.0], [1e4, 0.0, -1e4]])
    uniform = tf.constant([[0.0, 1.0, 0.5], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        sample = sample_action(logits, temperature, uniform)
        total = tf.reduce_sum(sample * [1.0, 2.0, 3.0])
    assert np.isfinite(sample).all() and np.isfinite(tape.gradient(total, logits)).all()
    np.testing.assert_allclose(tf.reduce_sum(sample, -1), [1, 1, 1], rtol=1e-5)
