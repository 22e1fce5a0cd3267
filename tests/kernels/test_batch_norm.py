"""The fused batch normalisation against Keras's, which computes it op by op."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rwae_tf.kernels.batch_norm import BatchNorm


def trained(layer, x, direction):
    """Output, gradients of <direction, output> in x, gamma and beta, and the averages after two calls."""
    layer.build(x.shape)
    layer.gamma.assign([0.5, 1.5, -2.0])
    layer.beta.assign([0.1, 0.0, -0.3])
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
    gradients = tape.gradient(y, [x, layer.gamma.value, layer.beta.value], direction)
    layer(3 * x + 1, training=True)
    return [y, *gradients, layer.moving_mean.value, layer.moving_variance.value, layer(x)]


@pytest.mark.parametrize("shape", [(6, 4, 5, 3), (7, 3)], ids=str)
def test_numbers_are_those_of_keras(shape):
    rng = np.random.default_rng(0)
    x, direction = (rng.normal(2, 3, shape).astype(np.float32) for _ in range(2))
    ours = trained(BatchNorm(), x, direction)
    theirs = trained(keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5), x, direction)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)


def test_average_is_of_the_biased_variance():
    # Of 0 and 2 the mean is 1 and the mean square deviation 1: averages 0.1 * 1 and 0.9 * 1 + 0.1 * 1.
    layer = BatchNorm()
    layer(tf.constant([[0.0], [2.0]]), training=True)
    np.testing.assert_allclose([*layer.moving_mean.numpy(), *layer.moving_variance.numpy()], [0.1, 1.0], rtol=1e-6)


def test_any_batch_and_picture_size_in_one_trace():
    layer = BatchNorm()
    layer.build((None, None, None, 3))
    call = tf.function(lambda x: layer(x, training=True), input_signature=[tf.TensorSpec([None, None, None, 3])])
    assert call(tf.zeros([2, 4, 4, 3])).shape == (2, 4, 4, 3) and call(tf.zeros([1, 6, 2, 3])).shape == (1, 6, 2, 3)
