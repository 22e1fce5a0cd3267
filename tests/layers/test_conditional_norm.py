"""The conditional norm against NumPy, in training and after it."""

import numpy as np
import tensorflow as tf

from rwae_tf.kernels.batch_norm import BatchNorm
from rwae_tf.layers.conditional_norm import ConditionalNorm
from rwae_tf.layers.policy import Policy


def test_numbers():
    rng = np.random.default_rng(0)
    x, condition = (rng.normal(2, 3, shape).astype(np.float32) for shape in ((4, 3, 5, 2), (4, 6)))
    layer = ConditionalNorm(Policy())
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


def test_two_replicas_normalise_by_all_rows(two_replicas):
    rng = np.random.default_rng(0)
    x, condition = (rng.normal(2, 3, shape).astype(np.float32) for shape in ((4, 3, 5, 2), (4, 6)))
    one = ConditionalNorm(Policy())
    expected = one(x, condition, training=True)
    with two_replicas.scope():
        two = ConditionalNorm(Policy())
        two.build(x.shape, condition.shape)
    two.affine.kernel.assign(one.affine.kernel.numpy())

    def half(array):
        return two_replicas.experimental_distribute_values_from_function(
            lambda context: tf.constant(array[2 * context.replica_id_in_sync_group:][:2]))

    call = tf.function(lambda *given: two_replicas.run(lambda x, c: two(x, c, training=True), given))
    halves = two_replicas.experimental_local_results(call(half(x), half(condition)))
    np.testing.assert_allclose(tf.concat(halves, 0), expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(two.norm.moving_variance.numpy(), one.norm.moving_variance.numpy(), rtol=1e-5)
