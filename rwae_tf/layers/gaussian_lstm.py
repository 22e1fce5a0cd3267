"""Autoregressive Gaussians over a sequence of codes, shared by the motion posterior and prior."""

import keras
import tensorflow as tf
from keras import layers

from rwae_tf import distributions


class GaussianLSTM(layers.Layer):
    """N(loc_t, scale_t) of z_t, both linear in the output of an LSTM on [x_t, z_t-1], or on z_t-1 alone; z_0 = 0.

    Args:
      policy: the `Policy` that says how it is computed.
      size: D, of z.
      units: H, of the LSTM.
      initial_scale: standard deviation before training, or None for what a raw scale of 0 gives.
    """

    def __init__(self, policy, size, units, initial_scale=None, name=None):
        super().__init__(name=name)
        self.size = size
        self._recurrence = policy.recurrence()
        self.cell = layers.LSTMCell(units)
        self.loc = layers.Dense(size)
        start = keras.initializers.Constant(0.0 if initial_scale is None else distributions.raw_scale(initial_scale))
        self.raw_scale = layers.Dense(size, bias_initializer=start)

    def build(self, features):
        """Make the weights for x of width `features`; 0 where there is none."""
        self.cell.build((None, features + self.size))
        self.loc.build((None, self.cell.units))
        self.raw_scale.build((None, self.cell.units))
        self.built = True

    def given(self, z, training=False):
        """Teacher-forced, without x: z [B, T, D] -> (loc, scale) given the codes before, each [B, T, D]."""
        previous = tf.pad(z[:, :-1], [[0, 0], [1, 0], [0, 0]])
        h = self._recurrence.outputs(self.cell, previous, training)
        return self.loc(h), distributions.scale(self.raw_scale(h))

    def sample(self, noise, x=None, training=False):
        """Fed by its own samples: noise [B, T, D] and x [B, T, features] -> (z, loc, scale), each [B, T, D]."""
        return self._recurrence.sampled(self.cell, (self.loc, self.raw_scale), noise, x, training)
