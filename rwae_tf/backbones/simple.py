"""The "S" backbones: five convolutions and five transposed ones (Appendix G; after Li & Mandt, 2018).

`dcgan` is the backbone of the systems that came after the paper (64-128-256-512 channels at 64x64),
at any power-of-two size and base width; `ds_vae256` is the one of Li & Mandt. LeakyReLU 0.2 throughout.
"""

from keras import layers

from rwae_tf.layers import stack
from rwae_tf.layers.stack import Stack


def _block(policy, layer):
    """[layer, batch norm, LeakyReLU]; the norm's shift makes a bias in `layer` idle."""
    return [layer, policy.batch_norm(), policy.leaky_relu()]


class DcganEncoder(Stack):
    """Frames [N, H, W, C] -> features [N, Dh] in [-1, 1]: convolutions 4x4 of stride 2 down to 4x4, then Dh with tanh.

    The last "valid" 4x4 convolution sees the whole 4x4 map, so it is a Dense on the flattened map.

    Args:
      policy: the `Policy` that makes its layers.
      frame_shape: (H, W, C), H = W a power of two.
      channels: c; the convolutions have c, 2c, 4c and so on.
      feature_size: Dh.
    """

    def __init__(self, policy, frame_shape, channels, feature_size, name=None):
        parts = []
        for width in stack.widths(frame_shape[0], channels):
            parts += _block(policy, policy.conv(width, 4, 2, use_bias=False))
        parts += [layers.Flatten(), policy.dense(feature_size, activation="tanh")]
        super().__init__(parts, name)


class DcganDecoder(Stack):
    """Features [N, Dh] -> logits [N, H, W, C]: a Dense to 4x4, then transposed convolutions 4x4 of stride 2.

    It mirrors `DcganEncoder`, which describes the arguments.
    """

    def __init__(self, policy, frame_shape, channels, name=None):
        size, _, colours = frame_shape
        widths = stack.widths(size, channels)[::-1]
        parts = _block(policy, policy.dense(16 * widths[0], use_bias=False))
        parts.insert(1, layers.Reshape((4, 4, widths[0])))
        for width in widths[1:]:
            parts += _block(policy, policy.conv_transpose(width, 4, 2, use_bias=False))
        parts.append(policy.conv_transpose(colours, 4, 2))
        super().__init__(parts, name)


class DsVaeEncoder(Stack):
    """Frames [N, H, W, C] -> features [N, Dh] in [-1, 1], as Li & Mandt (2018) have it.

    Four convolutions 5x5 of 4c channels and strides 1, 2, 2, 2, then Dense layers of 64c, 32c and Dh units, the last
    with tanh. c = `channels` is 64 in the paper: 256 channels, 4096 and 2048 units. Arguments as of `DcganEncoder`.
    """

    def __init__(self, policy, frame_shape, channels, feature_size, name=None):
        del frame_shape
        parts = []
        for stride in (1, 2, 2, 2):
            parts += _block(policy, policy.conv(4 * channels, 5, stride, use_bias=False))
        parts.append(layers.Flatten())
        for width in (64 * channels, 32 * channels):
            parts += _block(policy, policy.dense(width, use_bias=False))
        super().__init__([*parts, policy.dense(feature_size, activation="tanh")], name)


class DsVaeDecoder(Stack):
    """Features [N, Dh] -> logits [N, H, W, C], as Li & Mandt (2018) have it.

    Dense layers of 64c units and of a map of H / 8 x W / 8 x 4c, then three transposed convolutions 5x5 of stride 2 and
    4c channels, and one of stride 1. c = `channels` is 64 in the paper. Arguments as of `DcganEncoder`.
    """

    def __init__(self, policy, frame_shape, channels, name=None):
        size, _, colours = frame_shape
        side, width = size // 8, 4 * channels
        parts = _block(policy, policy.dense(64 * channels, use_bias=False))
        parts += _block(policy, policy.dense(side * side * width, use_bias=False))
        parts.append(layers.Reshape((side, side, width)))
        for _ in range(3):
            parts += _block(policy, policy.conv_transpose(width, 5, 2, use_bias=False))
        super().__init__([*parts, policy.conv_transpose(colours, 5, 1)], name)
