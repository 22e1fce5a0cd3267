"""The motion posteriors: q(z_m,t | x_t, z_m,<t) of R-WAE, q(z_m,t | x_t) and q(z_m,1:T | x, z_c) of DS-VAE."""

import keras
import tensorflow as tf
from keras import layers
from tensorflow_probability import distributions as tfd

from rwae_tf import distributions
from rwae_tf.layers.gaussian_lstm import GaussianLSTM
from rwae_tf.layers.stack import Composite


class _Posterior(Composite):
    """A motion posterior and its input.

    Args:
      input_scale: factor on the input. Where frames change little, mean-centred inputs are small, and Adam learns more
        slowly from small inputs.
      mean_centered: whether the input is h_t minus its mean over the clip instead of h_t. This hides static factors
        from z_m, as far as features are additive. Each z_m,t then depends on the whole clip.
    """

    def __init__(self, mean_centered, input_scale, name):
        super().__init__(name=name)
        self.mean_centered, self.input_scale = mean_centered, input_scale

    def distribution(self, h, noise, z_c, training=False):
        """z_m, [B, T, Dm], and q(z_m,t | ...): batch shape [B, T], event shape [Dm].

        Args:
          h: frame features [B, T, Dh].
          noise: standard normal, [B, T, Dm], of the codes; zeros make every code a mean.
          z_c: content code [B, Dc].
          training: whether this is part of a step of training.
        """
        raise NotImplementedError

    def seen(self, h):
        """The input of the posterior from frame features h [B, T, Dh]: [B, T, Dh]."""
        if self.mean_centered:
            h -= tf.reduce_mean(h, axis=1, keepdims=True)
        return self.input_scale * h


class MotionPosterior(_Posterior):
    """R-WAE's: an LSTM on [h_t, z_m,t-1] whose samples go back into it; z_m,0 = 0 (section 3.1 and Fig. 8b).

    Args:
      policy: the `Policy` that makes its layers.
      motion_size: Dm.
      hidden_size: units of the LSTM.
      initial_scale: standard deviation before training.
      mean_centered, input_scale: see `_Posterior`.
    """

    def __init__(self, policy, motion_size, hidden_size, initial_scale, mean_centered=False, input_scale=1.0,
                 name="motion_posterior"):
        super().__init__(mean_centered, input_scale, name)
        self.codes = GaussianLSTM(policy, motion_size, hidden_size, initial_scale)

    def build(self, input_shape):
        self.codes.build(input_shape[-1])

    def call(self, h, noise, training=False):
        """h [B, T, Dh] and standard normal noise [B, T, Dm] -> (sample, loc, scale), each [B, T, Dm]."""
        return self.codes.sample(noise, self.seen(h), training)

    def distribution(self, h, noise, z_c=None, training=False):
        """z_m and q(z_m,t | x_t, z_m,<t) given it, independent of z_c."""
        del z_c
        z_m, loc, scale = self(h, noise, training=training)
        return z_m, tfd.MultivariateNormalDiag(loc, scale)


class _GaussianHead(Composite):
    """Outputs [..., D] -> (loc, scale), both linear in them but for the softplus of the scale."""

    def __init__(self, size, initial_scale, name="head"):
        super().__init__(name=name)
        self.loc = layers.Dense(size)
        self.raw_scale = layers.Dense(
            size, bias_initializer=keras.initializers.Constant(distributions.raw_scale(initial_scale)))

    def call(self, h):
        return self.loc(h), distributions.scale(self.raw_scale(h))


class FactorisedMotionPosterior(_Posterior):
    """DS-VAE's factorised q, q(z_m,t | x_t): two layers on each frame alone (Li & Mandt 2018, section 3).

    Args:
      policy: not used, as nothing in it has a faster form.
      motion_size: Dm.
      hidden_size: units of the hidden layer.
      initial_scale: standard deviation before training.
      mean_centered, input_scale: see `_Posterior`.
    """

    def __init__(self, policy, motion_size, hidden_size, initial_scale, mean_centered=False, input_scale=1.0,
                 name="motion_posterior"):
        del policy
        super().__init__(mean_centered, input_scale, name)
        self.hidden = layers.Dense(hidden_size, activation="leaky_relu")
        self.head = _GaussianHead(motion_size, initial_scale)

    def call(self, h):
        """h [B, T, Dh] -> (loc, scale), each [B, T, Dm]."""
        return self.head(self.hidden(self.seen(h)))

    def distribution(self, h, noise, z_c=None, training=False):
        """z_m and q(z_m,t | x_t), independent of z_c."""
        del z_c, training
        q = tfd.MultivariateNormalDiag(*self(h))
        return distributions.sample_normal(q, noise), q


class FullMotionPosterior(_Posterior):
    """DS-VAE's full q, q(z_m,1:T | x, z_c): LSTMs in both directions on [h_t, z_c], then an RNN (Li & Mandt 2018).

    Given x and z_c the codes of different frames are independent.

    Args:
      policy: the `Policy` that makes its layers.
      motion_size: Dm.
      hidden_size: units of each LSTM and of the RNN.
      initial_scale: standard deviation before training.
      mean_centered, input_scale: see `_Posterior`.
    """

    def __init__(self, policy, motion_size, hidden_size, initial_scale, mean_centered=False, input_scale=1.0,
                 name="motion_posterior"):
        super().__init__(mean_centered, input_scale, name)
        self.lstms = [policy.lstm(hidden_size), policy.lstm(hidden_size, backwards=True)]
        self.rnn = policy.simple_rnn(hidden_size)
        self.head = _GaussianHead(motion_size, initial_scale)

    def call(self, h, z_c, training=False):
        """h [B, T, Dh] and z_c [B, Dc] -> (loc, scale), each [B, T, Dm]."""
        static = tf.repeat(z_c[:, None], tf.shape(h)[1], axis=1)
        inputs = tf.ensure_shape(tf.concat([self.seen(h), static], -1), [*h.shape[:2], None])
        outputs = tf.concat([lstm(inputs, training=training) for lstm in self.lstms], -1)
        return self.head(self.rnn(outputs, training=training))

    def distribution(self, h, noise, z_c, training=False):
        """z_m and q(z_m,t | x, z_c)."""
        q = tfd.MultivariateNormalDiag(*self(h, z_c, training=training))
        return distributions.sample_normal(q, noise), q
