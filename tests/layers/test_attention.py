"""Self-attention against loops over places."""

import numpy as np
import pytest
import tensorflow as tf

from rwae_tf.layers.attention import SelfAttention
from rwae_tf.layers.policy import Policy


def by_hand(layer, x):
    """Place by place; kernels are [1, 1, in, out]."""
    theta, phi, g, back = (part.kernel.numpy()[0, 0] for part in (layer.theta, layer.phi, layer.g, layer.back))
    count, height, width, channels = x.shape
    result = np.empty_like(x)
    for n in range(count):
        # Maxima over 2x2 of phi and g, each channel for itself.
        corners = [(i, j) for i in range(0, height, 2) for j in range(0, width, 2)]
        keys = [(x[n, i:i + 2, j:j + 2] @ phi).max((0, 1)) for i, j in corners]
        values = [(x[n, i:i + 2, j:j + 2] @ g).max((0, 1)) for i, j in corners]
        for i in range(height):
            for j in range(width):
                scores = np.array([np.dot(x[n, i, j] @ theta, key) for key in keys])
                weights = np.exp(scores) / np.exp(scores).sum()
                mixed = sum(weight * value for weight, value in zip(weights, values, strict=True))
                result[n, i, j] = x[n, i, j] + float(layer.gain.numpy()) * (mixed @ back)
    return result


@pytest.mark.parametrize("shape", [(2, 4, 6, 16), (1, 2, 2, 3)], ids=str)  # of 3 channels theta and phi keep one
def test_numbers_are_those_of_loops(shape):
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    layer = SelfAttention(Policy(), shape[-1])
    np.testing.assert_array_equal(layer(x), x)  # gain 0
    assert layer.theta.kernel.shape == (1, 1, shape[-1], max(1, shape[-1] // 8))
    layer.gain.assign(0.7)
    found = layer(tf.constant(x))
    np.testing.assert_allclose(found, by_hand(layer, x), atol=1e-5)
    assert np.abs(found - x).max() > 0.1
