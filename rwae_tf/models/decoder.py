"""p_theta(x_1:T | z_c, z_m,1:T (, a)): the Dirac decoder (section 3.1, Fig. 8d and 8e)."""

import tensorflow as tf
from keras import layers

from rwae_tf.layers.stack import Composite, apply


class SequenceDecoder(Composite):
    """Dense on [z_c, z_m,t (, a)], then an LSTM (or a frame-wise Dense) to h_t, then the frame decoder.

    Args:
      policy: the `Policy` that makes its LSTM.
      frame_decoder: layer [N, Dh] -> logits [N, ...].
      feature_size: Dh.
      hidden_size: width of the first Dense.
      kind: "lstm", the paper's, or "dense", which sees one frame at a time.
    """

    def __init__(self, policy, frame_decoder, feature_size, hidden_size, kind, name="decoder"):
        super().__init__(name=name)
        self.join = layers.Dense(hidden_size, activation="leaky_relu")
        self.features = policy.lstm(feature_size) if kind == "lstm" else layers.Dense(feature_size, activation="tanh")
        self.frame_decoder = frame_decoder

    def call(self, z_c, z_m, action=None, training=False):
        """z_c [B, Dc], z_m [B, T, Dm], action [B, A] -> logits [B, T, ...]."""
        length = tf.shape(z_m)[1]
        static = z_c if action is None else tf.concat([z_c, action], -1)
        static = tf.repeat(static[:, None], length, axis=1)
        h = apply(self.features, self.join(tf.concat([static, z_m], -1)), training)
        logits = self.frame_decoder(tf.reshape(h, [-1, h.shape[-1]]), training=training)
        shape = tf.concat([tf.shape(z_m)[:2], logits.shape[1:]], 0)
        return tf.ensure_shape(tf.reshape(logits, shape), [None, z_m.shape[1], *logits.shape[1:]])
