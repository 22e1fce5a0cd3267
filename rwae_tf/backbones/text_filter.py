"""The backbone of the text-filter GAN (Balaji et al., 2018; Table 9): plain residual blocks without norms.

With base width c = 32, frames of 64x64 go through a convolution of 32 channels, blocks of 64-128-128-128-256 down to
2x2 and one of 256 there, and from 256 at 2x2 through blocks of 128-128-128-64-32 up. Frames of half the size have one
block of 128 less on either side. LeakyReLU 0.2.
"""

import math

import tensorflow as tf
from keras import layers

from rwae_tf.layers.residual import double, halve
from rwae_tf.layers.stack import Composite, Stack


def _widths(size, channels):
    """Channels of the maps of half the size and smaller, down to 2x2."""
    return [2 * channels, *[4 * channels] * (int(math.log2(size)) - 3), 8 * channels]


def _same(x):
    return x


class Block(Composite):
    """A residual block: conv 3x3 of LeakyReLU(x), plus x through a 1x1 convolution.

    Args:
      policy: the `Policy` that makes its layers.
      width: channels of the result.
      before: function on pictures ahead of the convolution: `double` in a decoder.
      after: function on pictures behind it: `halve` in an encoder.

    Input [N, H, W, C], output [N, H', W', width] with H' and W' as `before` and `after` have it.
    """

    def __init__(self, policy, width, before=_same, after=_same):
        super().__init__()
        self.before, self.after = before, after
        self.conv = policy.conv(width, 3)
        self.skip = policy.conv(width, 1, use_bias=False)

    def call(self, x, training=False):
        # The 1x1 of the skip commutes with both changes of size: each costs least on the smaller picture.
        y = self.conv(self.before(tf.nn.leaky_relu(x)), training=training)
        return self.after(y) + self.before(self.skip(self.after(x), training=training))


class TextFilterEncoder(Stack):
    """Frames [N, H, W, C], H = W a power of two -> features [N, Dh]; `channels` is c."""

    def __init__(self, policy, frame_shape, channels, feature_size, name=None):
        widths = _widths(frame_shape[0], channels)
        blocks = [Block(policy, width, after=halve) for width in widths]
        super().__init__([policy.conv(channels, 3), *blocks, Block(policy, widths[-1]), layers.Flatten(),
                          layers.Dense(feature_size)], name)


class TextFilterDecoder(Stack):
    """Features [N, Dh] -> logits [N, H, W, C], H = W a power of two; `channels` is c."""

    def __init__(self, policy, frame_shape, channels, name=None):
        size, _, colours = frame_shape
        *inner, first = _widths(size, channels)
        blocks = [Block(policy, width, before=double) for width in [*inner[::-1], channels]]
        super().__init__([layers.Dense(4 * first), layers.Reshape((2, 2, first)), *blocks,
                          policy.conv(colours, 3)], name)
