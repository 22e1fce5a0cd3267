"""Residual blocks that halve or double pictures (Brock et al. 2019, Appendix B), LeakyReLU 0.2.

The 1x1 convolution of a skip works on the smaller of the two sizes: it mixes channels alone, so it commutes with
averaging and with doubling, and costs a quarter there. It has no bias: the convolution it is added to has one, or a
norm follows that would take it out again.
"""

import tensorflow as tf
from keras import layers

from rwae_tf.layers.conditional_norm import ConditionalNorm
from rwae_tf.layers.policy import Policy
from rwae_tf.layers.stack import Composite


def conv(policy: Policy, width: int, kernel_size: int = 3, use_bias: bool = True) -> layers.Layer:
    """A convolution [N, H, W, C] -> [N, H, W, width] with an orthogonal initial kernel."""
    return policy.conv(width, kernel_size, use_bias=use_bias, kernel_initializer="orthogonal")


def halve(x: tf.Tensor) -> tf.Tensor:
    """[N, H, W, C] -> [N, H / 2, W / 2, C], means of 2x2."""
    return tf.nn.avg_pool2d(x, 2, 2, "VALID")


def double(x: tf.Tensor) -> tf.Tensor:
    """[N, H, W, C] -> [N, 2 H, 2 W, C], each value four times."""
    _, height, width, channels = x.shape
    x = tf.tile(x[:, :, None, :, None], [1, 1, 2, 1, 2, 1])
    return tf.reshape(x, [-1, 2 * height, 2 * width, channels])


class ResidualDown(Composite):
    """[LeakyReLU,] conv 3x3, LeakyReLU, conv 3x3, halve; skip: halve, 1x1.

    Args:
      policy: the `Policy` that makes its layers.
      width: channels of both convolutions and of the result.
      activate: whether it begins with LeakyReLU; False for a block on pixels.

    Input [N, H, W, C], output [N, H / 2, W / 2, width].
    """

    def __init__(self, policy, width, activate=True, name=None):
        super().__init__(name=name)
        self.activate = activate
        self.first, self.second = conv(policy, width), conv(policy, width)
        self.skip = conv(policy, width, 1, use_bias=False)

    def call(self, x, training=False):
        y = tf.nn.leaky_relu(x) if self.activate else x
        y = self.second(tf.nn.leaky_relu(self.first(y, training=training)), training=training)
        return halve(y) + self.skip(halve(x), training=training)


class ResidualUp(Composite):
    """Norm, LeakyReLU, double, conv 3x3, norm, LeakyReLU, conv 3x3; skip: 1x1, double.

    Args:
      policy: the `Policy` that makes its layers.
      width: channels of both convolutions and of the result.
      conditional: whether gain and bias of the norms follow a vector, which `call` then takes.

    Input [N, H, W, C] (and [N, D]), output [N, 2 H, 2 W, width].
    """

    def __init__(self, policy, width, conditional=True, name=None):
        super().__init__(name=name)
        self.norms = [ConditionalNorm(policy) if conditional else policy.batch_norm() for _ in range(2)]
        self.first, self.second = (conv(policy, width, use_bias=False) for _ in range(2))
        self.skip = conv(policy, width, 1, use_bias=False)

    def call(self, x, condition=None, training=False):
        given = () if condition is None else (condition,)
        y = tf.nn.leaky_relu(self.norms[0](x, *given, training=training))
        y = self.first(double(y), training=training)
        y = tf.nn.leaky_relu(self.norms[1](y, *given, training=training))
        return self.second(y, training=training) + double(self.skip(x, training=training))
