"""The motion prior's cell, driven by given codes and by its own samples."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rwae_tf.layers.policy import Policy
from rwae_tf.priors.motion import MotionPrior


@pytest.fixture
def prior():
    keras.utils.set_random_seed(3)
    prior = MotionPrior(Policy(), motion_size=3, hidden_size=5)
    prior(tf.zeros([1, 2, 3]))
    return prior


def test_teacher_forcing_a_free_path_gives_the_same_distributions(prior):
    noise = tf.random.stateless_normal([4, 9, 3], seed=[0, 1])
    z_m, loc, scale = prior.roll_out(noise)
    forced_loc, forced_scale = prior(z_m)
    np.testing.assert_allclose(forced_loc, loc, atol=1e-6)
    np.testing.assert_allclose(forced_scale, scale, atol=1e-6)
    np.testing.assert_allclose(z_m, loc + scale * noise, atol=1e-6)
    assert np.ptp(loc, axis=1).max() > 1e-3  # the means do move with the path


def test_one_step_equals_an_lstm_written_out(prior):
    """Keras' LSTM: gates i, f, c, o; c' = f c + i g; h = o tanh(c'); p(z_1) starts from zeros."""
    codes = prior.codes
    w, u, b = (v.numpy() for v in (codes.cell.kernel, codes.cell.recurrent_kernel, codes.cell.bias))

    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    z = np.random.default_rng(0).normal(size=(2, 3, 3)).astype(np.float32)
    previous = np.concatenate([np.zeros((2, 1, 3)), z[:, :-1]], axis=1)
    h = c = np.zeros((2, 5))
    for t in range(3):
        i, f, g, o = np.split(previous[:, t] @ w + h @ u + b, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        loc = h @ codes.loc.kernel.numpy() + codes.loc.bias.numpy()
        raw = h @ codes.raw_scale.kernel.numpy() + codes.raw_scale.bias.numpy()
        got_loc, got_scale = prior(z)
        np.testing.assert_allclose(got_loc[:, t], loc, atol=1e-5)
        np.testing.assert_allclose(got_scale[:, t], np.log1p(np.exp(raw)) + 1e-4, atol=1e-5)


def test_the_prior_looks_back_only(prior):
    z = np.random.default_rng(0).normal(size=(1, 6, 3)).astype(np.float32)
    changed = z.copy()
    changed[:, 3] += 1
    before, after = prior(z)[0].numpy(), prior(changed)[0].numpy()
    np.testing.assert_array_equal(before[:, :4], after[:, :4])
    assert (before[:, 4:] != after[:, 4:]).any(axis=-1).all()
