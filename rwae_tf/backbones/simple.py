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
    """Convolutions 4x4, stride 2, down to 4x4; then to Dh with tanh.

    The last "valid" 4x4 convolution sees the whole 4x4 map, so it is a Dense on the flattened map.
    """

    def __init__(self, policy, frame_shape, channels, feature_size, name=None):
        parts = []
        for width in stack.widths(frame_shape[0], channels):
            parts += _block(policy, policy.conv(width, 4, 2, use_bias=False))
        parts += [layers.Flatten(), policy.dense(feature_size, activation="tanh")]
        super().__init__(parts, name)


class DcganDecoder(Stack):
    """`DcganEncoder` mirrored: Dense to 4x4, transposed convolutions 4x4, stride 2, up to logits."""

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
    """Four convolutions 5x5 of 4c channels (c = 64: 256), strides 1, 2, 2, 2; Dense 4096, 2048, Dh."""

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
    """Dense 4096, 16384 -> 8x8x256, three transposed convolutions 5x5 of stride 2, one of stride 1."""

    def __init__(self, policy, frame_shape, channels, name=None):
        size, _, colours = frame_shape
        side, width = size // 8, 4 * channels
        parts = _block(policy, policy.dense(64 * channels, use_bias=False))
        parts += _block(policy, policy.dense(side * side * width, use_bias=False))
        parts.append(layers.Reshape((side, side, width)))
        for _ in range(3):
            parts += _block(policy, policy.conv_transpose(width, 5, 2, use_bias=False))
        super().__init__([*parts, policy.conv_transpose(colours, 5, 1)], name)
