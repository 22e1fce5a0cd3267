"""LeakyReLU against Keras's."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rwae_tf.kernels.leaky_relu import LeakyReLU


def with_gradients(layer, x):
    """y, the gradient of the sum of y^2 in x, and that of the sum of the latter's squares."""
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = layer(x)
            loss = tf.reduce_sum(y * y)
        dx = inner.gradient(loss, x)
        slope = tf.reduce_sum(dx * dx)
    return [y, dx, outer.gradient(slope, x)]


@pytest.mark.parametrize("form", [lambda f: f, tf.function], ids=["eager", "graph"])
def test_equals_keras(form):
    values = np.random.default_rng(0).normal(size=(3, 4, 4, 2)).astype(np.float32)
    values[0, 0, 0] = 0.0, -0.0  # where the slope is that of the negative side
    values[0, 1, 0] = 1e-45, -1e-45  # the smallest there are: 0.2 times them is 0
    x = tf.constant(values)
    found, expected = (form(lambda x, layer=layer: with_gradients(layer, x))(x)
                       for layer in (LeakyReLU(), keras.layers.LeakyReLU(negative_slope=0.2)))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_by_hand():
    # y = 2 and -0.6; the gradient of y^2 is 2 y times the slopes 1 and 0.2, that of its square twice slope^4 x 4.
    y, dx, ddx = with_gradients(LeakyReLU(), tf.constant([2.0, -3.0]))
    np.testing.assert_allclose(y, [2, -0.6], rtol=1e-6)
    np.testing.assert_allclose(dx, [4, -0.24], rtol=1e-6)
    np.testing.assert_allclose(ddx, [16, 8 * 0.2**4 * -3], rtol=1e-6)
