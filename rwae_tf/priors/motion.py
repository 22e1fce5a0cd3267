"""p_psi(z_m,t | z_m,<t): the learned recurrent motion prior (section 3.1)."""

from keras import layers

from rwae_tf.layers.gaussian_lstm import GaussianLSTM


class MotionPrior(layers.Layer):
    """The prior over motion codes of any length, driven by given codes or by its own samples; z_m,0 = 0.

    Args:
      motion_size: Dm.
      hidden_size: units of the LSTM.
    """

    def __init__(self, motion_size, hidden_size, name="motion_prior"):
        super().__init__(name=name)
        self.codes = GaussianLSTM(motion_size, hidden_size)

    def build(self, input_shape):
        del input_shape
        self.codes.build(0)

    def call(self, z_m):
        """Teacher-forced: p_psi(. | z_m,<t) for given z_m [B, T, Dm] -> (loc, scale), each [B, T, Dm]."""
        return self.codes.given(z_m)

    def roll_out(self, noise):
        """Free: standard normal noise [B, T, Dm] -> (sample, loc, scale), each [B, T, Dm]."""
        return self.codes.sample(noise)
