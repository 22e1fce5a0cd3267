"""The ladder: a feature of parts, one from each depth of a network (Zhao et al. 2017; Fig. 7)."""

import tensorflow as tf
from keras import layers

from rwae_tf.layers.stack import Composite


class Ladder(Composite):
    """[h^K, ..., h^0]: h^k is linear in the k-th map, flattened; all are of one width.

    Args:
      parts: K + 1, the number of maps.
      feature_size: width of all parts together, a multiple of `parts`.

    Input: K + 1 maps [N, H_k, W_k, C_k]. Output [N, feature_size].
    """

    def __init__(self, parts, feature_size, name=None):
        super().__init__(name=name)
        self.heads = [layers.Dense(feature_size // parts, kernel_initializer="orthogonal") for _ in range(parts)]

    def call(self, maps):
        found = [head(tf.reshape(x, [-1, x.shape[1] * x.shape[2] * x.shape[3]]))
                 for head, x in zip(self.heads, maps, strict=True)]
        return tf.concat(found[::-1], -1)
