"""A stack of layers."""

import keras

from rwae_tf.kernels.batch_norm import BatchNorm


class Stack(keras.layers.Layer):
    """The computation of `keras.Sequential`, as a layer to derive from.

    Args:
      parts: layers, each called on the result of the one before.

    Input of the first layer, output of the last; `training` is for the batch norms among them.
    """

    def __init__(self, parts, name=None):
        super().__init__(name=name)
        self.parts = parts

    def call(self, x, training=False):
        for part in self.parts:
            x = part(x, training=training) if isinstance(part, BatchNorm) else part(x)
        return x
