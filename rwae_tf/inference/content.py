"""q(z_c | x_1:T): the content posterior (section 3.1 and Fig. 8a of the paper)."""

import keras
import tensorflow as tf
from keras import layers
from tensorflow_probability import distributions as tfd

from rwae_tf import distributions
from rwae_tf.layers.stack import Composite


class LastOutputs(Composite):
    """The last outputs of LSTMs, concatenated: h [B, T, Dh] -> [B, sum of their units]."""

    def __init__(self, lstms):
        super().__init__()
        self.lstms = lstms

    def call(self, h, training=False):
        return tf.concat([lstm(h, training=training) for lstm in self.lstms], -1)


_SUMMARIES = {
    "bidirectional": lambda policy, units: LastOutputs(
        [policy.lstm(units, backwards=backwards, last=True) for backwards in (False, True)]),
    "forward": lambda policy, units: LastOutputs([policy.lstm(units, last=True)]),
    "mean": lambda policy, units: keras.Sequential(
        [layers.Dense(units, activation="leaky_relu"), layers.GlobalAveragePooling1D()]),
}


class ContentPosterior(Composite):
    """A summary of the frame features, then mean and standard deviation.

    Args:
      policy: the `Policy` that makes its LSTMs.
      content_size: Dc.
      hidden_size: units of the LSTM in each direction, or of the Dense.
      kind: "bidirectional", the last outputs of an LSTM that reads forwards and of one that reads backwards;
        "forward", of the first alone; "mean", a Dense on each frame and the mean over frames, which sees no order.
    """

    def __init__(self, policy, content_size, hidden_size, kind, name="content_posterior"):
        super().__init__(name=name)
        self.summary = _SUMMARIES[kind](policy, hidden_size)
        self.loc = layers.Dense(content_size)
        self.raw_scale = layers.Dense(content_size)

    def call(self, h, training=False):
        """Frame features h [B, T, Dh] -> (loc, scale), each [B, Dc]."""
        summary = self.summary(h, training=training)
        return self.loc(summary), distributions.scale(self.raw_scale(summary))

    def distribution(self, h, training=False):
        """q(z_c|x) of frame features h [B, T, Dh]: batch shape [B], event shape [Dc]."""
        return tfd.MultivariateNormalDiag(*self(h, training=training))
