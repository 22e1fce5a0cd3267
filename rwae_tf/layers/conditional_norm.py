"""Batch normalisation whose gain and bias follow a vector (de Vries et al. 2017, as in Brock et al. 2019)."""

import tensorflow as tf
from keras import layers


class ConditionalNorm(layers.Layer):
    """(1 + gain) x_normed + bias, with [gain, bias] = Dense(condition), one of each per channel.

    Statistics are the batch's in training and moving averages otherwise, as in `Policy.batch_norm`.

    Args:
      policy: the `Policy` that makes its norm.

    Input [N, H, W, C] and condition [N, D], output [N, H, W, C].
    """

    def __init__(self, policy, name=None):
        super().__init__(name=name)
        self.norm = policy.batch_norm(affine=False)

    def build(self, x_shape, condition_shape):
        self.affine = layers.Dense(2 * x_shape[-1], kernel_initializer="orthogonal")
        self.affine.build(condition_shape)
        self.norm.build(x_shape)

    def call(self, x, condition, training=False):
        gain, bias = tf.split(self.affine(condition)[:, None, None], 2, -1)
        return (1 + gain) * self.norm(x, training=training) + bias
