"""The backbone of speech: two hidden layers on each frame (Li & Mandt, 2018; Appendix D). LeakyReLU 0.2."""

from keras import layers

from rwae_tf.layers.stack import Stack


def _hidden(policy, width):
    return [layers.Dense(width), policy.leaky_relu()]


class _Perceptron(Stack):
    """Two hidden layers of `width` units, then the layer `outputs`, on each frame alone."""

    def __init__(self, policy, width, outputs, name):
        super().__init__([*_hidden(policy, width), *_hidden(policy, width), outputs], name)


class SpeechEncoder(_Perceptron):
    """Frames [N, F] of log energies, normalised -> features [N, Dh] in [-1, 1] (tanh); `channels` hidden units."""

    def __init__(self, policy, frame_shape, channels, feature_size, name=None):
        del frame_shape
        super().__init__(policy, channels, layers.Dense(feature_size, activation="tanh"), name)


class SpeechDecoder(_Perceptron):
    """Features [N, Dh] -> normalised frames [N, F], linear; `channels` hidden units."""

    def __init__(self, policy, frame_shape, channels, name=None):
        super().__init__(policy, channels, layers.Dense(frame_shape[0]), name)
