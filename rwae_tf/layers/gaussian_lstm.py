"""Autoregressive Gaussians over a sequence of codes, shared by the motion posterior and prior."""

import keras
import tensorflow as tf
from keras import layers

from rwae_tf import distributions
from rwae_tf.kernels import lstm, matmul


class GaussianLSTM(layers.Layer):
    """N(loc_t, scale_t) of z_t, both linear in the output of an LSTM on [x_t, z_t-1], or on z_t-1 alone; z_0 = 0.

    Args:
      size: D, of z.
      units: H, of the LSTM.
      initial_scale: standard deviation before training, or None for what a raw scale of 0 gives.
    """

    def __init__(self, size, units, initial_scale=None, name=None):
        super().__init__(name=name)
        self.size = size
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

    def given(self, z):
        """Teacher-forced, without x: z [B, T, D] -> (loc, scale) given the codes before, each [B, T, D]."""
        previous = tf.pad(z[:, :-1], [[0, 0], [1, 0], [0, 0]])
        gates = matmul.of_all(lstm.time_major(previous), self.cell.kernel.value, matmul.precision())
        gates += self.cell.bias.value
        h = lstm.time_major(lstm.run(gates, tf.convert_to_tensor(self.cell.recurrent_kernel.value)))
        return self.loc(h), distributions.scale(self.raw_scale(h))

    def sample(self, noise, x=None):
        """Fed by its own samples: noise [B, T, D] and x [B, T, features] -> (z, loc, scale), each [B, T, D]."""
        noise = lstm.time_major(noise)
        of_x, of_z = tf.split(self.cell.kernel.value, [-1, self.size])
        if x is None:
            gates = tf.zeros_like(noise[..., :1]) + self.cell.bias.value
        else:
            gates = matmul.of_all(lstm.time_major(x), of_x, matmul.precision())
            gates = tf.ensure_shape(gates, [*noise.shape[:2], None])
            gates += self.cell.bias.value
        found = lstm.run_sampled(
            gates, noise, tf.concat([self.cell.recurrent_kernel.value, of_z], 0),
            tf.concat([self.loc.kernel.value, self.raw_scale.kernel.value], 1),
            tf.concat([self.loc.bias.value, self.raw_scale.bias.value], 0))
        return [lstm.time_major(array) for array in found]
