"""BigGAN's blocks put together: the order of maps and parts, and the weights at first."""

import numpy as np
import pytest
import tensorflow as tf

from rwae_tf.backbones.biggan import BigganDecoder, BigganEncoder
from rwae_tf.layers.policy import Policy

RNG = np.random.default_rng(0)


def draw(*shape):
    return tf.constant(RNG.normal(size=shape).astype(np.float32))


@pytest.fixture(scope="module")
def encoder():
    made = BigganEncoder(Policy(), (16, 16, 3), 4, 8)
    made(tf.zeros([1, 16, 16, 3]))
    made.attention.gain.assign(0.5)
    return made


@pytest.fixture(scope="module", params=["norm", "concatenation"])
def decoder(request):
    made = BigganDecoder(Policy(), (16, 16, 3), 4, request.param)
    made(tf.zeros([1, 8]))
    made.attention.gain.assign(0.5)
    return made


def test_encoder_layer_by_layer(encoder):
    x = draw(2, 16, 16, 3)
    first = encoder.blocks[0](x)
    second = encoder.blocks[1](encoder.attention(first))
    third = encoder.blocks[2](second)
    assert third.shape == (2, 2, 2, 16) and not encoder.blocks[0].activate and encoder.blocks[1].activate
    heads = encoder.ladder.heads
    # h^3 and h^2 both read the 2x2 map.
    parts = [head(tf.reshape(y, [2, -1])) for head, y in zip(heads[::-1], (third, third, second, first), strict=True)]
    np.testing.assert_allclose(encoder(x), tf.concat(parts, -1), atol=1e-5)


def test_decoder_layer_by_layer(decoder):
    h = draw(3, 8)
    x = tf.reshape(decoder.start(h[:, :2]), [3, 2, 2, 32])
    for k, block in enumerate(decoder.blocks):
        part = h[:, 2 * k + 2:2 * k + 4]
        x = decoder.attention(x) if k == 2 else x
        if decoder.conditioning == "norm":
            x = block(x, part)
        else:
            side = x.shape[1]
            x = block(np.concatenate([x, np.broadcast_to(part[:, None, None], (3, side, side, 2))], -1))
    expected = decoder.pixels(tf.nn.leaky_relu(decoder.norm(x), 0.2))
    np.testing.assert_allclose(decoder(h), expected, atol=1e-5)


def test_weights_are_orthogonal_at_first(encoder, decoder):
    """Of a kernel as a matrix [all else, outputs] the columns, or the rows where these are fewer."""
    kernels = [v for layer in (encoder, decoder) for v in layer.trainable_variables if len(v.shape) > 1]
    # Down: 3 blocks of 3, attention 4, heads 4; up: 1, 3 blocks of 3 (and 2 conditional norms each), 4, 1.
    assert len(kernels) == 9 + 4 + 4 + 1 + 9 + (6 if decoder.conditioning == "norm" else 0) + 4 + 1
    for kernel in kernels:
        matrix = kernel.numpy().reshape(-1, kernel.shape[-1])
        matrix = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
        np.testing.assert_allclose(matrix.T @ matrix, np.eye(matrix.shape[1]), atol=1e-5, err_msg=kernel.path)
    biases = [v for layer in (encoder, decoder) for v in layer.trainable_variables if v.path.endswith("bias")]
    assert all((bias.numpy() == 0).all() for bias in biases)
    # No two alike: an initializer that layers share would draw the same for the same shape.
    norms = encoder.blocks[1].second.kernel, decoder.blocks[1].second.kernel
    assert norms[0].shape == norms[1].shape and np.abs(norms[0].numpy() - norms[1].numpy()).max() > 0.1
