"""Residual blocks against NumPy, in the order of the published description: the 1x1 of a skip on the larger picture."""

import numpy as np
import pytest

from rwae_tf.layers.policy import Policy
from rwae_tf.layers.residual import ResidualDown, ResidualUp

RNG = np.random.default_rng(0)


def draw(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def conv(layer, x):
    """Sum over the kernel's places of shifted pictures times matrices."""
    kernel = layer.kernel.numpy()
    around, (height, width) = kernel.shape[0] // 2, x.shape[1:3]
    padded = np.pad(x, [(0, 0), (around, around), (around, around), (0, 0)])
    result = sum(padded[:, i:i + height, j:j + width] @ kernel[i, j]
                 for i in range(kernel.shape[0]) for j in range(kernel.shape[1]))
    return result + (layer.bias.numpy() if layer.use_bias else 0)


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def halved(x):
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


def doubled(x):
    return x.repeat(2, 1).repeat(2, 2)


def normed(layer, x, condition):
    """By the batch's statistics, with gain and bias of the condition or of the norm itself."""
    x = (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 1e-5)
    if condition is None:
        return layer.gamma.numpy() * x + layer.beta.numpy()
    both = condition @ layer.affine.kernel.numpy() + layer.affine.bias.numpy()
    gain, bias = both[:, None, None, :x.shape[-1]], both[:, None, None, x.shape[-1]:]
    return (1 + gain) * x + bias


def shaken(block):
    """Every weight a draw: biases and gains begin at values that hide mistakes."""
    for weight in block.trainable_variables:
        weight.assign(weight + 0.3 * draw(*weight.shape))


@pytest.mark.parametrize("activate", [True, False])
def test_down(activate):
    x, block = draw(2, 4, 6, 3), ResidualDown(Policy(), 5, activate)
    assert block(x).shape == (2, 2, 3, 5)
    shaken(block)
    y = conv(block.second, leaky(conv(block.first, leaky(x) if activate else x)))
    np.testing.assert_allclose(block(x), halved(y) + halved(conv(block.skip, x)), atol=1e-5)


@pytest.mark.parametrize("conditional", [True, False])
def test_up(conditional):
    x, block = draw(3, 2, 3, 6), ResidualUp(Policy(), 4, conditional)
    condition = draw(3, 5) if conditional else None
    assert block(x, condition).shape == (3, 4, 6, 4)
    shaken(block)
    y = conv(block.first, doubled(leaky(normed(block.norms[0], x, condition))))
    y = conv(block.second, leaky(normed(block.norms[1], y, condition)))
    expected = y + conv(block.skip, doubled(x))
    np.testing.assert_allclose(block(x, condition, training=True), expected, rtol=1e-4, atol=1e-4)
