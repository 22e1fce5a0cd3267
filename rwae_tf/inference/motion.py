"""q(z_m,t | x_t, z_m,<t): the recurrent motion posterior (section 3.1 and Fig. 8b of the paper)."""

import tensorflow as tf
from keras import layers
from tensorflow_probability import distributions as tfd

from rwae_tf.layers.gaussian_lstm import GaussianLSTM


class MotionPosterior(layers.Layer):
    """An LSTM on [h_t, z_m,t-1] whose samples go back into it; z_m,0 = 0.

    Args:
      motion_size: Dm.
      hidden_size: units of the LSTM.
      initial_scale: standard deviation before training.
      gain: factor on what a step sees. Where little moves, changes are small, and Adam, whose steps are as long for
        small inputs as for large ones, learns from them more slowly than z_c from what stays.
      changes: whether a step sees h_t less the mean of h over the clip instead of h_t. What does not change in a
        clip is hidden from z_m then, as far as features add up what they see; and z_m,t depends on the whole
        clip, not on its past alone.
    """

    def __init__(self, motion_size, hidden_size, initial_scale, changes=False, gain=1.0, name="motion_posterior"):
        super().__init__(name=name)
        self.changes, self.gain = changes, gain
        self.codes = GaussianLSTM(motion_size, hidden_size, initial_scale)

    def build(self, input_shape):
        self.codes.build(input_shape[-1])

    def call(self, h, noise):
        """h [B, T, Dh] and standard normal noise [B, T, Dm] -> (sample, loc, scale), each [B, T, Dm]."""
        return self.codes.sample(noise, self.seen(h))

    def distribution(self, h, noise):
        """z_m, [B, T, Dm], and q(z_m,t | x_t, z_m,<t) given it: batch shape [B, T], event shape [Dm].

        Args:
          h: frame features [B, T, Dh].
          noise: standard normal, [B, T, Dm], of the codes; zeros make every code the mean given those before.
        """
        z_m, loc, scale = self(h, noise)
        return z_m, tfd.MultivariateNormalDiag(loc, scale)

    def seen(self, h):
        """What of frame features h [B, T, Dh] a posterior of the motion sees, [B, T, Dh]."""
        if self.changes:
            h -= tf.reduce_mean(h, axis=1, keepdims=True)
        return self.gain * h
