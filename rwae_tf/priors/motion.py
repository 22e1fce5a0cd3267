"""p_psi(z_m,t | z_m,<t): the learned recurrent motion prior (section 3.1).

One Keras cell, driven in two ways: teacher-forced, by given codes, or free, by its own samples.
"""

import tensorflow as tf
from keras import layers

from rwae_tf import distributions


class MotionPriorCell(layers.Layer):
    """One step: LSTM on z_m,t-1, then [loc_t, scale_t]."""

    def __init__(self, motion_size, hidden_size):
        super().__init__()
        self.motion_size = motion_size
        self.lstm = layers.LSTMCell(hidden_size)
        self.loc = layers.Dense(motion_size)
        self.raw_scale = layers.Dense(motion_size)
        self.state_size = [hidden_size, hidden_size]
        self.output_size = 2 * motion_size

    def build(self, input_shape):
        self.lstm.build((None, self.motion_size))
        self.loc.build((None, self.lstm.units))
        self.raw_scale.build((None, self.lstm.units))
        super().build(input_shape)

    def call(self, previous, states):
        """z_m,t-1 [B, Dm] -> [loc_t, scale_t] [B, 2 Dm]."""
        output, states = self.lstm(previous, states)
        return tf.concat([self.loc(output), distributions.scale(self.raw_scale(output))], -1), states


class _FreeRunning(layers.Layer):
    """Drives a `MotionPriorCell` by its own samples; the input is the noise of the step."""

    def __init__(self, cell):
        super().__init__()
        self.cell = cell
        self.state_size = [*cell.state_size, cell.motion_size]
        self.output_size = 3 * cell.motion_size

    def call(self, noise, states):
        *memory, previous = states
        parameters, memory = self.cell(previous, memory)
        loc, scale = tf.split(parameters, 2, axis=-1)
        z = loc + scale * noise
        return tf.concat([z, parameters], -1), [*memory, z]


class MotionPrior(layers.Layer):
    """The prior over motion codes of any length; z_m,0 = 0.

    Args:
      motion_size: Dm.
      hidden_size: units of the LSTM.
    """

    def __init__(self, motion_size, hidden_size, name="motion_prior"):
        super().__init__(name=name)
        cell = MotionPriorCell(motion_size, hidden_size)
        self.teacher_forced = layers.RNN(cell, return_sequences=True)
        self.free_running = layers.RNN(_FreeRunning(cell), return_sequences=True)

    def build(self, input_shape):
        self.teacher_forced.build(input_shape)
        self.free_running.build(input_shape)

    def call(self, z_m):
        """Teacher-forced: p_psi(. | z_m,<t) for given z_m [B, T, Dm] -> (loc, scale), each [B, T, Dm]."""
        previous = tf.pad(z_m[:, :-1], [[0, 0], [1, 0], [0, 0]])
        return tf.split(self.teacher_forced(previous), 2, axis=-1)

    def roll_out(self, noise):
        """Free: standard normal noise [B, T, Dm] -> (sample, loc, scale), each [B, T, Dm]."""
        return tf.split(self.free_running(noise), 3, axis=-1)
