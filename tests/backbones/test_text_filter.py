"""The text-filter GAN's blocks against NumPy, in the published order."""

import numpy as np

from rwae_tf.backbones.text_filter import TextFilterDecoder, TextFilterEncoder
from rwae_tf.layers.policy import Policy

RNG = np.random.default_rng(0)


def conv(layer, x):
    kernel, (height, width) = layer.kernel.numpy(), x.shape[1:3]
    padded = np.pad(x, [(0, 0), *[(kernel.shape[0] // 2,) * 2] * 2, (0, 0)])
    result = sum(padded[:, i:i + height, j:j + width] @ kernel[i, j]
                 for i in range(kernel.shape[0]) for j in range(kernel.shape[1]))
    return result + (layer.bias.numpy() if layer.use_bias else 0)


def block(layer, x):
    """conv 3x3 of LeakyReLU(x), plus x through a 1x1."""
    return conv(layer.conv, np.where(x > 0, x, 0.2 * x)) + conv(layer.skip, x)


def shaken(network, x):
    network(x)
    for weight in network.trainable_variables:
        weight.assign(weight + RNG.normal(0, 0.1, weight.shape))
    return network


def test_encoder():
    x = RNG.normal(size=(2, 16, 16, 1)).astype(np.float32)
    encoder = shaken(TextFilterEncoder(Policy(), (16, 16, 1), 2, 5), x)
    first, *blocks, last, _, dense = encoder.parts
    y = conv(first, x)
    for part in blocks:
        y = block(part, y)
        y = (y[:, ::2, ::2] + y[:, 1::2, ::2] + y[:, ::2, 1::2] + y[:, 1::2, 1::2]) / 4
    y = block(last, y)
    assert y.shape == (2, 2, 2, 16) and len(blocks) == 3
    expected = y.reshape(2, -1) @ dense.kernel.numpy() + dense.bias.numpy()
    np.testing.assert_allclose(encoder(x), expected, rtol=1e-4, atol=1e-4)


def test_decoder():
    h = RNG.normal(size=(2, 5)).astype(np.float32)
    decoder = shaken(TextFilterDecoder(Policy(), (16, 16, 3), 2), h)
    dense, _, *blocks, last = decoder.parts
    y = (h @ dense.kernel.numpy() + dense.bias.numpy()).reshape(2, 2, 2, 16)
    for part in blocks:
        # Doubled after LeakyReLU or before it, the same.
        y = block(part, y.repeat(2, 1).repeat(2, 2))
    assert y.shape == (2, 16, 16, 2) and len(blocks) == 3
    np.testing.assert_allclose(decoder(h), conv(last, y), rtol=1e-4, atol=1e-4)
