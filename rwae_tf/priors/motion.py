"""p_psi(z_m,t | z_m,<t): the learned recurrent motion prior (section 3.1)."""

import tensorflow as tf
import tensorflow_probability as tfp
from keras import layers
from tensorflow_probability import distributions as tfd

from rwae_tf.layers.gaussian_lstm import GaussianLSTM


class MotionPrior(layers.Layer):
    """The prior over motion codes of any length, driven by given codes or by its own samples; z_m,0 = 0.

    Args:
      policy: the `Policy` that says how it is computed.
      motion_size: Dm.
      hidden_size: units of the LSTM.
    """

    def __init__(self, policy, motion_size, hidden_size, name="motion_prior"):
        super().__init__(name=name)
        self.codes = GaussianLSTM(policy, motion_size, hidden_size)

    def build(self, input_shape):
        del input_shape
        self.codes.build(0)

    def call(self, z_m, training=False):
        """Teacher-forced: p_psi(. | z_m,<t) for given z_m [B, T, Dm] -> (loc, scale), each [B, T, Dm]."""
        return self.codes.given(z_m, training)

    def roll_out(self, noise, training=False):
        """Free: standard normal noise [B, T, Dm] -> (sample, loc, scale), each [B, T, Dm]."""
        return self.codes.sample(noise, training=training)

    def given(self, z_m, training=False):
        """p_psi(z_m,t | z_m,<t) for given z_m [B, T, Dm]: batch shape [B, T], event shape [Dm]."""
        return tfd.MultivariateNormalDiag(*self(z_m, training=training))

    def trajectories(self, length):
        """p_psi(z_m,1:T), T = `length`: batch shape [], event shape [T, Dm]."""
        return Trajectories(self, length)


class Trajectories(tfd.Distribution):
    """The joint distribution of whole trajectories, prod_t p_psi(z_m,t | z_m,<t) (section 3.1).

    Samples are free roll-outs, densities are teacher-forced. What has no closed form (entropy, mean, mode) is
    refused as TFP does it.

    Args:
      prior: a `MotionPrior`.
      length: frames, T.
    """

    def __init__(self, prior, length, name="Trajectories"):
        self._prior, self._shape = prior, [length, prior.codes.size]
        super().__init__(
            dtype=tf.float32, reparameterization_type=tfd.FULLY_REPARAMETERIZED, validate_args=False,
            allow_nan_stats=True, parameters={"prior": prior, "length": length}, name=name)

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
        return {}

    def _batch_shape(self):
        return tf.TensorShape([])

    def _batch_shape_tensor(self):
        return tf.constant([], tf.int32)

    def _event_shape(self):
        return tf.TensorShape(self._shape)

    def _event_shape_tensor(self):
        return tf.constant(self._shape)

    def _sample_n(self, n, seed=None):
        noise = tf.random.stateless_normal([n, *self._shape], tfp.random.sanitize_seed(seed))
        return self._prior.roll_out(noise)[0]

    def _log_prob(self, z_m):
        rows = tf.reshape(z_m, [-1, *self._shape])
        return tf.reshape(tf.reduce_sum(self._prior.given(rows).log_prob(rows), -1), tf.shape(z_m)[:-2])
