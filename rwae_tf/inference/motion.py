"""q(z_m,t | x_t, z_m,<t): the recurrent motion posterior (section 3.1 and Fig. 8b of the paper)."""

import keras
import tensorflow as tf
from keras import layers

from rwae_tf import distributions


class MotionPosteriorCell(layers.Layer):
    """One step: LSTM on [h_t, z_m,t-1], then loc and scale, then a sample that the next step sees.

    Noise comes in with the input, so the cell itself is deterministic.
    """

    def __init__(self, motion_size, hidden_size, initial_scale):
        super().__init__()
        self.motion_size = motion_size
        self.lstm = layers.LSTMCell(hidden_size)
        self.loc = layers.Dense(motion_size)
        bias = keras.initializers.Constant(distributions.raw_scale(initial_scale))
        self.raw_scale = layers.Dense(motion_size, bias_initializer=bias)
        self.state_size = [hidden_size, hidden_size, motion_size]
        self.output_size = 3 * motion_size

    def build(self, input_shape):
        features = input_shape[-1] - self.motion_size
        self.lstm.build((None, features + self.motion_size))
        self.loc.build((None, self.lstm.units))
        self.raw_scale.build((None, self.lstm.units))
        super().build(input_shape)

    def call(self, inputs, states):
        """[h_t, noise_t] [B, Dh + Dm] -> [z_t, loc_t, scale_t] [B, 3 Dm]."""
        h, noise = inputs[:, : -self.motion_size], inputs[:, -self.motion_size :]
        *memory, previous = states
        output, memory = self.lstm(tf.concat([h, previous], -1), memory)
        loc, scale = self.loc(output), distributions.scale(self.raw_scale(output))
        z = loc + scale * noise
        return tf.concat([z, loc, scale], -1), [*memory, z]


class MotionPosterior(layers.Layer):
    """`MotionPosteriorCell` run over a sequence; z_m,0 = 0.

    Args:
      motion_size: Dm.
      hidden_size: units of the LSTM.
      initial_scale: standard deviation before training.
      changes: whether a step sees h_t less the mean of h over the clip instead of h_t. What does not change in a
        clip is hidden from z_m then, as far as features add up what they see; and z_m,t depends on the whole
        clip, not on its past alone.
    """

    def __init__(self, motion_size, hidden_size, initial_scale, changes=False, name="motion_posterior"):
        super().__init__(name=name)
        self.changes = changes
        self.rnn = layers.RNN(MotionPosteriorCell(motion_size, hidden_size, initial_scale), return_sequences=True)

    def call(self, h, noise):
        """h [B, T, Dh] and standard normal noise [B, T, Dm] -> (sample, loc, scale), each [B, T, Dm]."""
        if self.changes:
            h -= tf.reduce_mean(h, axis=1, keepdims=True)
        return tf.split(self.rnn(tf.concat([h, noise], -1)), 3, axis=-1)
