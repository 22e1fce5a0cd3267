"""q(a | x, z_m): its logits by hand, and finite gradients in full and in mixed precision."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rwae_tf import distributions
from rwae_tf.config import ObjectiveConfig
from rwae_tf.inference.action import ActionPosterior
from rwae_tf.layers.policy import Policy
from rwae_tf.regularizers import kl

RNG = np.random.default_rng(0)
Z_M, H = RNG.normal(size=(3, 5, 2)).astype(np.float32), RNG.normal(size=(3, 5, 4)).astype(np.float32)


@pytest.fixture(params=["float32", "mixed_bfloat16", "mixed_float16"])
def policy(request):
    keras.mixed_precision.set_dtype_policy(request.param)
    yield request.param
    keras.mixed_precision.set_dtype_policy("float32")


def lstm(x, cell):
    """The last output of an LSTM on x [T, D], step by step."""
    kernel, recurrent, bias = (np.asarray(weight, np.float64) for weight in cell.weights)
    h = c = np.zeros(recurrent.shape[0])
    for row in x:
        i, f, g, o = np.split(row @ kernel + h @ recurrent + bias, 4)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
    return h


@pytest.mark.parametrize("with_features", [False, True])
def test_logits_are_linear_in_what_the_lstm_read_last(with_features):
    posterior = ActionPosterior(Policy(), 6, 7, with_features)
    logits = posterior(Z_M, H).numpy()
    inputs = np.concatenate([Z_M, H], -1) if with_features else Z_M
    kernel, bias = map(np.asarray, posterior.logits.weights)
    expected = [lstm(x, posterior.summary.cell) @ kernel + bias for x in inputs]
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-6)
    # Without the features it is a function of the motion alone.
    assert np.array_equal(posterior(Z_M, -H).numpy(), logits) != with_features


@pytest.mark.parametrize("scale", [1.0, 1e4])
@pytest.mark.parametrize("action_kl", ["categorical", "monte_carlo"])
def test_gradients_are_finite_in_every_precision(policy, scale, action_kl):
    posterior = ActionPosterior(Policy(), 3, 4, True)
    posterior(Z_M, H)
    posterior.logits.bias.assign([scale, 0, -scale])
    uniform = tf.constant([[0.0, 1.0, 0.5], [0.5, 0.5, 0.5], [1.0, 0.0, 0.0]])
    with tf.GradientTape() as tape:
        logits = posterior(Z_M, H)
        q = posterior.distribution(Z_M, H, 0.67)
        action = distributions.sample_action(q, uniform)
        loss = kl.action_kl(q, ObjectiveConfig(action_kl=action_kl), action) + tf.reduce_sum(action * [1.0, 2.0, 3.0])
    half = {"float32": tf.float32, "mixed_bfloat16": tf.bfloat16, "mixed_float16": tf.float16}[policy]
    assert logits.dtype == half and action.dtype == loss.dtype == tf.float32
    gradients = tape.gradient(loss, posterior.trainable_variables)
    assert np.isfinite(float(loss)) and len(gradients) == 5
    assert all(gradient.dtype == tf.float32 and np.isfinite(gradient).all() for gradient in gradients)
    if scale == 1.0:
        assert any(np.abs(gradient).max() > 1e-4 for gradient in gradients)
