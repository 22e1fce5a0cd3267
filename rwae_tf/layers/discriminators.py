"""The discriminators of MoCoGAN: of single frames, and of whole clips (Tulyakov et al. 2018, section 3.2).

Convolutions of 4 pixels and stride 2, LeakyReLU 0.2, batch norm from the second on; linear outputs.
"""

from typing import List

import tensorflow as tf
from keras import layers

from rwae_tf.layers import stack
from rwae_tf.layers.stack import Composite, Stack

_KERNEL = 4  # pixels, and frames at most


class FrameDiscriminator(Stack):
    """Frames [N, H, W, C] -> logits of patches [N, H / 16, W / 16, 1].

    Args:
      policy: the `Policy` that makes its layers.
      channels: c; the three convolutions before the last have c, 2c and 4c.
    """

    def __init__(self, policy, channels, name="image_discriminator"):
        parts = [policy.conv(channels, _KERNEL, 2), policy.leaky_relu()]
        for factor in (2, 4):
            parts += [policy.conv(factor * channels, _KERNEL, 2, use_bias=False), policy.batch_norm(),
                      policy.leaky_relu()]
        super().__init__([*parts, policy.conv(1, _KERNEL, 2)], name)


class ClipDiscriminator(Composite):
    """Clips [B, T', H, W, C] -> logits [B, T' - (frames seen) + 1, 1, 1, outputs].

    Convolutions over time and space, without padding in time, down to maps of 4x4, and one of the whole map.

    Args:
      policy: the `Policy` that makes its normalisation; convolutions over time are Keras's.
      size: H and W.
      length: frames of training clips, T. A convolution sees 4 frames, or as many as those before it leave of T:
        64x64 frames take five convolutions, which need T = 16 to be all of 4 frames.
      channels: c; the convolutions before the last have c, 2c, 4c and so on.
      outputs: logits for each place.
    """

    def __init__(self, policy, size, length, channels, outputs, name="video_discriminator"):
        super().__init__(name=name)
        widths = stack.widths(size, channels)
        self.frames = temporal_kernels(length, len(widths) + 1)
        self.convolutions = [
            layers.Conv3D(width, (frames, _KERNEL, _KERNEL), (1, 2, 2), use_bias=i == 0)
            for i, (width, frames) in enumerate(zip(widths, self.frames, strict=False))]
        self.norms = [policy.batch_norm() for _ in widths[1:]]
        self.last = layers.Conv3D(outputs, (self.frames[-1], _KERNEL, _KERNEL))

    def call(self, x, training=False):
        for convolution, norm in zip(self.convolutions, [None, *self.norms], strict=True):
            x = convolution(tf.pad(x, [[0, 0], [0, 0], [1, 1], [1, 1], [0, 0]]))
            if norm:  # over all axes but the last: frames folded into the batch have the same statistics
                frames = norm(tf.reshape(x, [-1, *x.shape[2:]]), training=training)
                x = tf.ensure_shape(tf.reshape(frames, tf.shape(x)), x.shape)
            x = tf.nn.leaky_relu(x, 0.2)
        return self.last(x)


def temporal_kernels(length: int, count: int) -> List[int]:
    """Frames that each of `count` convolutions without padding sees of clips of `length`: 4 while so many are left."""
    kernels = []
    for _ in range(count):
        kernels.append(min(_KERNEL, length))
        length -= kernels[-1] - 1
    return kernels
