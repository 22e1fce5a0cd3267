"""The conditional norm against NumPy, in training and after it."""

import numpy as np

from rwae_tf.layers.batch_norm import BatchNorm
from rwae_tf.layers.conditional_norm import ConditionalNorm


def test_numbers():
    rng = np.random.default_rng(0)
    x, condition = (rng.normal(2, 3, shape).astype(np.float32) for shape in ((4, 3, 5, 2), (4, 6)))
    layer = ConditionalNorm()
    layer(x, condition)
    kernel, bias = layer.affine.kernel.numpy(), np.array([0.1, -0.2, 0.3, -0.4], np.float32)
    np.testing.assert_allclose(kernel.T @ kernel, np.eye(4), atol=1e-5)
    layer.affine.bias.assign(bias)

    def expected(mean, variance):
        gain, shift = np.split((condition @ kernel + bias)[:, None, None], 2, -1)
        return (1 + gain) * (x - mean) / np.sqrt(variance + 1e-5) + shift

    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    # Averages begin at 0 and 1 and take a tenth of the batch's; a call outside training leaves them.
    np.testing.assert_allclose(layer(x, condition), expected(0, 1), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(layer(x, condition, training=True), expected(mean, variance), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        layer(x, condition), expected(0.1 * mean, 0.9 + 0.1 * variance), rtol=1e-4, atol=1e-4)


def test_the_norm_inside_has_averages_alone():
    x = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    bare, full = BatchNorm(affine=False), BatchNorm()
    np.testing.assert_array_equal(bare(x, training=True), full(x, training=True))
    assert [len(norm.trainable_variables) for norm in (bare, full)] == [0, 2]
    assert len(bare.variables) == 2
