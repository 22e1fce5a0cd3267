"""q(z_c | x_1:T): the content posterior (section 3.1 and Fig. 8a of the paper)."""

from keras import layers

from rwae_tf import distributions


class ContentPosterior(layers.Layer):
    """LSTM over the frame features, in both directions, then mean and standard deviation.

    Args:
      content_size: Dc.
      hidden_size: units of the LSTM in each direction.
      direction: "bidirectional" joins the last forward and the first backward state; "forward" takes
        the last state alone.
    """

    def __init__(self, content_size, hidden_size, direction, name="content_posterior"):
        super().__init__(name=name)
        lstm = layers.LSTM(hidden_size)
        self.summary = layers.Bidirectional(lstm) if direction == "bidirectional" else lstm
        self.loc = layers.Dense(content_size)
        self.raw_scale = layers.Dense(content_size)

    def call(self, h):
        """Frame features h [B, T, Dh] -> (loc, scale), each [B, Dc]."""
        summary = self.summary(h)
        return self.loc(summary), distributions.scale(self.raw_scale(summary))
