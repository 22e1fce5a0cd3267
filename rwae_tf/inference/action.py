"""q(a | x_1:T, z_m,1:T): the action posterior of the weakly supervised model (section 3.4, Fig. 8c)."""

import tensorflow as tf
from keras import layers

from rwae_tf import distributions
from rwae_tf.layers.stack import Composite


class ActionPosterior(Composite):
    """LSTM over the motion codes, with or without the frame features beside them, to A logits.

    Args:
      policy: the `Policy` that makes its LSTM.
      action_size: A.
      hidden_size: units of the LSTM.
      with_features: whether the LSTM also sees h, as the motion posterior sees it.
    """

    def __init__(self, policy, action_size, hidden_size, with_features, name="action_posterior"):
        super().__init__(name=name)
        self.with_features = with_features
        self.summary = policy.lstm(hidden_size, last=True)
        self.logits = layers.Dense(action_size)

    def call(self, z_m, h, training=False):
        """z_m [B, T, Dm] and h [B, T, Dh] -> logits [B, A]."""
        inputs = tf.concat([z_m, h], -1) if self.with_features else z_m
        return self.logits(self.summary(inputs, training=training))

    def distribution(self, z_m, h, temperature, training=False):
        """q(a | x, z_m) at a temperature: RelaxedOneHotCategorical of batch shape [B], event shape [A]."""
        return distributions.relaxed_action(self(z_m, h, training=training), temperature)
