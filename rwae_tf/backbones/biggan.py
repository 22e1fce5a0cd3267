"""The "C" backbone: residual blocks of BigGAN, self-attention and a ladder (Appendix G, Fig. 7, Tables 5 to 8).

With base width c, frames of 64x64 go through five blocks down, of c to 16c channels at 2x2, and from 32c at 2x2
through five blocks up, of 16c to c: c = 64 on both sides in Tables 5 and 6 (2048 ... 64), 64 and 96 in Tables 7 and 8
(3072 ... 96). Frames of half the size have one block less on either side and one part less in the ladder.
"""

import math

import tensorflow as tf
from keras import layers

from rwae_tf.layers.attention import SelfAttention
from rwae_tf.layers.ladder import Ladder
from rwae_tf.layers.residual import ResidualDown, ResidualUp, conv
from rwae_tf.layers.stack import Composite


def _widths(size, channels):
    """Channels of the blocks between size x size and 2x2: c, 2c, 4c, ..."""
    return [channels * 2**i for i in range(int(math.log2(size)) - 1)]


class BigganEncoder(Composite):
    """Frames [N, H, W, C] -> features [N, Dh]: blocks down to 2x2, self-attention after the first.

    A ladder makes h: one part of it from the map of each block, and one more from the last map.

    Args:
      policy: the `Policy` that makes its layers.
      frame_shape: (H, W, C), H = W a power of two.
      channels: c, of the first block.
      feature_size: Dh, a multiple of the number of blocks plus one.
    """

    def __init__(self, policy, frame_shape, channels, feature_size, name=None):
        super().__init__(name=name)
        widths = _widths(frame_shape[0], channels)
        self.blocks = [ResidualDown(policy, width, activate=k > 0) for k, width in enumerate(widths)]
        self.attention = SelfAttention(policy, channels)
        self.ladder = Ladder(len(widths) + 1, feature_size)

    def call(self, x, training=False):
        """Frames [N, H, W, C] -> features [N, Dh]."""
        maps = []
        for block in self.blocks:
            x = block(x, training=training)
            maps.append(x)
            if len(maps) == 1:
                x = self.attention(x, training=training)
        return self.ladder([*maps, x])


class BigganDecoder(Composite):
    """Features [N, Dh] -> logits [N, H, W, C]: blocks up from 2x2, self-attention before the last.

    h is split into equal parts. The first makes the 2x2 map; each of the others conditions one block.

    Args:
      policy: the `Policy` that makes its layers.
      frame_shape: (H, W, C), H = W a power of two.
      channels: c, of the last block.
      conditioning: "norm", a part sets gain and bias of its block's norms, or "concatenation", it joins the block's
        input as further channels, the same at every place.
    """

    def __init__(self, policy, frame_shape, channels, conditioning="norm", name=None):
        super().__init__(name=name)
        self.widths = _widths(frame_shape[0], channels)[::-1]
        self.conditioning = conditioning
        self.start = layers.Dense(4 * 2 * self.widths[0], kernel_initializer="orthogonal")
        self.blocks = [ResidualUp(policy, width, conditioning == "norm") for width in self.widths]
        self.attention = SelfAttention(policy, 2 * channels)
        self.norm = policy.batch_norm()
        self.pixels = conv(policy, frame_shape[-1])

    def call(self, x, training=False):
        """Features [N, Dh] -> logits [N, H, W, C]."""
        first, *parts = tf.split(x, len(self.blocks) + 1, -1)
        x = tf.reshape(self.start(first), [-1, 2, 2, 2 * self.widths[0]])
        for block, part in zip(self.blocks, parts, strict=True):
            if block is self.blocks[-1]:
                x = self.attention(x, training=training)
            if self.conditioning == "norm":
                x = block(x, part, training=training)
            else:
                x = block(_joined(x, part), training=training)
        return self.pixels(tf.nn.leaky_relu(self.norm(x, training=training)), training=training)


def _joined(x, part):
    """[N, H, W, C] and [N, D] -> [N, H, W, C + D]."""
    maps = tf.tile(part[:, None, None], [1, *x.shape[1:3], 1])
    return tf.concat([x, maps], -1)
