"""LeakyReLU that needs its input no longer once it is computed."""

import tensorflow as tf
from keras import layers

_SLOPE = 0.2


class LeakyReLU(layers.Layer):
    """x where x > 0, 0.2 x elsewhere, in any shape.

    TensorFlow's gradient asks for the sign of x, which y has as well; asked of y it leaves nobody in need of x, whose
    memory y then takes: a step of training holds one map less for every one of these.
    """

    def call(self, x):
        return _leaky_relu(x)


@tf.custom_gradient
def _leaky_relu(x):
    y = tf.nn.leaky_relu(x, _SLOPE)
    return y, lambda dy: tf.raw_ops.LeakyReluGrad(gradients=dy, features=y, alpha=_SLOPE)
