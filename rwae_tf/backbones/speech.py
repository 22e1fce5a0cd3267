"""The backbone of speech: two hidden layers on each frame (Li & Mandt, 2018; Appendix D). LeakyReLU 0.2."""

import keras
from keras import layers


def _hidden(width):
    return [layers.Dense(width), layers.LeakyReLU(negative_slope=0.2)]


class _Perceptron(keras.layers.Layer):
    """Two hidden layers of `width`, then the outputs; frames know nothing of each other."""

    def __init__(self, width, outputs, name):
        super().__init__(name=name)
        self.parts = [*_hidden(width), *_hidden(width), outputs]

    def call(self, x, training=False):
        del training  # the same in both: no batch norm
        for part in self.parts:
            x = part(x)
        return x


class SpeechEncoder(_Perceptron):
    """Frames [N, F] -> features [N, Dh], tanh."""

    def __init__(self, frame_shape, channels, feature_size, name=None):
        del frame_shape
        super().__init__(channels, layers.Dense(feature_size, activation="tanh"), name)


class SpeechDecoder(_Perceptron):
    """Features [N, Dh] -> frames [N, F], linear."""

    def __init__(self, frame_shape, channels, name=None):
        super().__init__(channels, layers.Dense(frame_shape[0]), name)
