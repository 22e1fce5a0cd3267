"""Batch normalisation by TensorFlow's fused kernel."""

import keras
import tensorflow as tf


class BatchNorm(keras.layers.BatchNormalization):
    """Batch normalisation over all axes but the last, with Keras's weights and Keras's numbers.

    Keras computes the moments and the normalisation op by op, and its gradient likewise; the fused kernel does each
    in one. Over several replicas the norm sees the global batch, so that N replicas of
    B/N compute what one of B does; the kernel sees one replica alone, so that case is Keras's, and so is inference.

    Args:
      affine: whether it has the learned gain gamma and shift beta.

    Input [N, C] or [N, H, W, C].
    """

    def __init__(self, affine=True):
        several = tf.distribute.get_strategy().num_replicas_in_sync > 1
        super().__init__(momentum=0.9, epsilon=1e-5, center=affine, scale=affine, synchronized=several)

    def call(self, inputs, training=False):
        """Same shape in and out; `training` normalises by the batch and moves the averages."""
        if self.synchronized or not training:
            return super().call(inputs, training=training)
        width = inputs.shape[-1]
        pictures = inputs if len(inputs.shape) == 4 else inputs[:, None, None]
        gamma, beta = (self.gamma.value, self.beta.value) if self.scale else (tf.ones(width), tf.zeros(width))
        normed, mean, variance = tf.compat.v1.nn.fused_batch_norm(pictures, gamma, beta, epsilon=self.epsilon)
        count = tf.cast(tf.size(inputs) // width, variance.dtype)
        # The kernel's variance is the unbiased one; the average is of the one it divides by.
        self._follow(self.moving_mean, mean)
        self._follow(self.moving_variance, variance * ((count - 1) / count))
        return tf.reshape(normed, tf.shape(inputs))

    def _follow(self, average, value):
        average.assign(average.value * self.momentum + value * (1 - self.momentum))
