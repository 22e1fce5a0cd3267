"""Self-attention between the places of a picture (Zhang et al. 2019, as in Brock et al. 2019)."""

import tensorflow as tf

from rwae_tf.layers.residual import conv
from rwae_tf.layers.stack import Composite


class SelfAttention(Composite):
    """x + gain W_o softmax(theta(x) phi(x)^T) g(x); theta, phi, g and W_o are 1x1 convolutions without bias.

    theta and phi have C/8 channels, g has C/2 (at least one); phi and g are max-pooled 2x2, so that HW places look at
    HW/4. gain is learned from 0: at first the layer gives x.

    Args:
      policy: the `Policy` that makes its convolutions.
      channels: C.

    Input and output [N, H, W, C].
    """

    def __init__(self, policy, channels, name=None):
        super().__init__(name=name)
        self.theta, self.phi = (conv(policy, max(1, channels // 8), 1, use_bias=False) for _ in range(2))
        self.g, self.back = (
            conv(policy, width, 1, use_bias=False) for width in (max(1, channels // 2), channels))
        self.gain = self.add_weight(name="gain", shape=(), initializer="zeros")

    def call(self, x, training=False):
        queries, keys, values = (part(x, training=training) for part in (self.theta, self.phi, self.g))
        keys, values = _pooled(keys), _pooled(values)
        weights = tf.nn.softmax(tf.matmul(_places(queries), _places(keys), transpose_b=True))
        _, height, width, _ = x.shape
        found = tf.reshape(weights @ _places(values), [-1, height, width, values.shape[-1]])
        return x + self.gain.value * self.back(found, training=training)


def _pooled(x):
    return tf.nn.max_pool2d(x, 2, 2, "VALID")


def _places(x):
    """[N, H, W, C] -> [N, HW, C]."""
    _, height, width, channels = x.shape
    return tf.reshape(x, [-1, height * width, channels])
