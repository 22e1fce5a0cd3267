"""Keras's own layers and Adam, in the forms that the models of this package take them in.

`kernels` has a faster class for each, with the same name, arguments and weights. `training`, where a layer takes it,
says that the call is part of a training step.
"""

import keras
import tensorflow as tf
from keras import layers

from rwae_tf import distributions

_SLOPE = 0.2

Dense = layers.Dense
Adam = keras.optimizers.Adam


class Conv2D(layers.Conv2D):
    """`keras.layers.Conv2D` with "same" padding: [N, H, W, C] -> [N, H / strides, W / strides, filters]."""

    def __init__(self, filters, kernel_size, strides=1, **kwargs):
        super().__init__(filters, kernel_size, strides, "same", **kwargs)


class Conv2DTranspose(layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose` with "same" padding: [N, H, W, C] -> [N, H strides, W strides, filters]."""

    def __init__(self, filters, kernel_size, strides=1, **kwargs):
        super().__init__(filters, kernel_size, strides, "same", **kwargs)


class BatchNorm(layers.BatchNormalization):
    """`keras.layers.BatchNormalization` over all axes but the last, over the global batch where there are replicas.

    Args:
      affine: whether it has the learned gain gamma and shift beta.
    """

    def __init__(self, affine=True):
        several = tf.distribute.get_strategy().num_replicas_in_sync > 1
        super().__init__(momentum=0.9, epsilon=1e-5, center=affine, scale=affine, synchronized=several)


class LeakyReLU(layers.LeakyReLU):
    """x where x > 0, 0.2 x elsewhere, in any shape."""

    def __init__(self):
        super().__init__(negative_slope=_SLOPE)


class LSTM(layers.RNN):
    """`keras.layers.RNN` of an `LSTMCell`: inputs [B, T, D] -> all outputs h [B, T, units].

    Args:
      units: width of h.
      backwards: whether it begins at the last frame; the outputs are in the order of the inputs all the same.
      last: whether it gives nothing but h at the frame that it reads last, [B, units].
    """

    def __init__(self, units, backwards=False, last=False):
        super().__init__(layers.LSTMCell(units), return_sequences=not last, go_backwards=backwards)

    def call(self, sequences, initial_state=None, mask=None, training=False):
        h = super().call(sequences, initial_state, mask, training)
        return tf.reverse(h, [1]) if self.go_backwards and self.return_sequences else h


class SimpleRNN(layers.RNN):
    """`keras.layers.RNN` of a `SimpleRNNCell`: inputs [B, T, D] -> h [B, T, units].

    Args:
      units: width of h.
    """

    def __init__(self, units):
        super().__init__(layers.SimpleRNNCell(units), return_sequences=True)


class Recurrence:
    """Runs a `keras.layers.LSTMCell` over time, step by step, from zeros."""

    def outputs(self, cell, x, training=False):
        """All outputs h [B, T, H] for inputs x [B, T, D]."""
        del training

        def step(state, row):
            return cell(row, state)[1]

        rows = tf.transpose(x, [1, 0, 2])
        return tf.transpose(tf.scan(step, rows, self._zeros(cell, rows[0]))[0], [1, 0, 2])

    def sampled(self, cell, heads, noise, x=None, training=False):
        """Fed by its own samples, z_t = loc_t + scale_t noise_t, with loc_t and raw scale_t linear in h_t.

        Args:
          cell: an `LSTMCell` on [x_t, z_t-1], or on z_t-1 alone.
          heads: the `Dense` layers of loc and of the raw scale.
          noise: standard normal, [B, T, D].
          x: inputs [B, T, features], or None.
          training: see `layers.policy.Policy`; the same either way here.

        Returns:
          (z, loc, scale), each [B, T, D].
        """
        del training
        loc, raw_scale = heads

        def step(state, row):
            h, c, z, *_ = state
            noise, inputs = row[0], tf.concat([*row[1:], z], -1)
            _, (h, c) = cell(inputs, [h, c])
            mean, deviation = loc(h), distributions.scale(raw_scale(h))
            return [h, c, mean + deviation * noise, mean, deviation]

        rows = [tf.transpose(array, [1, 0, 2]) for array in (noise, x) if array is not None]
        still = tf.zeros_like(rows[0][0])
        _, _, *found = tf.scan(step, rows, [*self._zeros(cell, still), still, still, still])
        return [tf.transpose(array, [1, 0, 2]) for array in found]

    @staticmethod
    def _zeros(cell, rows):
        nothing = tf.zeros([tf.shape(rows)[0], cell.units])
        return [nothing, nothing]
