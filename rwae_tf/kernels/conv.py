"""The convolutions of the backbones: Keras's weights and numbers, on the kernels that are fastest for them.

TensorFlow differentiates a convolution by two kernels, one to the input and one to the kernel, and computes a
transposed convolution by the former. Where these are slow, the same sums are taken in another way:

- to frames: a transposed convolution 4x4 of stride 2 to a picture's few channels is one convolution 2x2 that gives the
  four pixels of a block at once (a sub-pixel convolution: Shi et al., 2016);
- with kernels 4x4 of stride 2, in a step of training in float32 on a processor: by Winograd's way, `winograd`;
- to a kernel 4x4 of stride 2 in bfloat16, where maps are small and wide: as four matrix products.

With the precision "bfloat16", what a convolution multiplies in a step of training, and its sums, are rounded.
"""

import dataclasses

import keras
import tensorflow as tf
from keras import layers

from rwae_tf.kernels import matmul, winograd

_FEW = 4
"""Channels of a picture, at most."""
_MANY = 32
"""Channels on either side from which on Winograd's way was measured, and found faster."""
_SMALL, _WIDE = 8, 64
"""Side of maps up to which, and channels from which on, a kernel's gradient is four products in bfloat16."""


@dataclasses.dataclass(frozen=True)
class _Way:
    """How to take the products of a convolution: in which precision, and whether Winograd's way may be gone."""

    precision: str
    winograd: bool


_AT_REST = _Way("float32", False)
"""Outside of training, as XLA, which Winograd's way needs, compiles anew for every size of a batch, and is not in every
server."""


class Conv2D(layers.Conv2D):
    """`keras.layers.Conv2D` with "same" padding: [N, H, W, C] -> [N, H / strides, W / strides, filters].

    Args:
      filters, kernel_size, strides: as Keras's.
      precision: what a step of training multiplies in, "float32" or "bfloat16".
      winograd: whether a step of training may go Winograd's way.
    """

    def __init__(self, filters, kernel_size, strides=1, precision="float32", winograd=True, **kwargs):
        super().__init__(filters, kernel_size, strides, "same", **kwargs)
        self._way = _Way(precision, winograd)

    def call(self, x, training=False):
        way = self._way if training else _AT_REST
        y = _convolved(x, tf.convert_to_tensor(self.kernel), self.strides[0], way)
        y = keras.ops.add(y, keras.ops.reshape(self.bias, (1, 1, 1, self.filters))) if self.use_bias else y
        return self.activation(y)


class Conv2DTranspose(layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose` with "same" padding: [N, H, W, C] -> [N, H strides, W strides, filters].

    Args:
      filters, kernel_size, strides, precision, winograd: as of `Conv2D`.
    """

    def __init__(self, filters, kernel_size, strides=1, precision="float32", winograd=True, **kwargs):
        super().__init__(filters, kernel_size, strides, "same", **kwargs)
        self._way = _Way(precision, winograd)

    def call(self, x, training=False):
        way = self._way if training else _AT_REST
        bias = [tf.convert_to_tensor(self.bias.value)] if self.use_bias else []
        return self.activation(_transposed(x, tf.convert_to_tensor(self.kernel.value), bias, self.strides[0], way))


def _convolved(x, kernel, stride, way):
    """x [N, H, W, C], kernel [k, k, C, D] -> [N, H / stride, W / stride, D]."""
    if _by_winograd(x.shape[1:3], kernel.shape, stride, way):
        return winograd.convolved(x, kernel)

    @tf.custom_gradient
    def product(x, kernel):
        x, kernel = (tf.cast(factor, way.precision) for factor in (x, kernel))

        def gradient(dy):
            dy = tf.cast(dy, way.precision)
            return (_float32(_to_input(dy, kernel, stride, tf.shape(x))),
                    _float32(_to_kernel(x, dy, kernel.shape, stride)))

        return _float32(_forward(x, kernel, stride)), gradient

    return product(x, kernel)


def _transposed(x, kernel, bias, stride, way):
    """x [N, H, W, D], kernel [k, k, C, D], bias [] or [[C]] -> [N, H stride, W stride, C].

    Apart from the bias, `_convolved` from back to front.
    """
    if _by_winograd([side and 2 * side for side in x.shape[1:3]], kernel.shape, stride, way):
        y = winograd.transposed(x, kernel)
        return tf.nn.bias_add(y, *bias) if bias else y
    to_frames = kernel.shape[2] <= _FEW and _is_4x4(kernel.shape, stride)

    @tf.custom_gradient
    def product(x, kernel, *bias):
        x, kernel = (tf.cast(factor, way.precision) for factor in (x, kernel))
        y = _blocks(x, kernel, bias) if to_frames else _plain(x, kernel, bias, stride)

        def gradient(dy):
            d_bias = [tf.reduce_sum(tf.reduce_sum(dy, [0, 1]), 0) for _ in bias]  # much faster than all at once
            dy = tf.cast(dy, way.precision)
            return (_float32(_forward(dy, kernel, stride)),
                    _float32(_to_kernel(dy, x, kernel.shape, stride)), *d_bias)

        return tf.ensure_shape(y, [None, *(side and side * stride for side in x.shape[1:3]), kernel.shape[2]]), gradient

    return product(x, kernel, *bias)


def _float32(x):
    return tf.cast(x, tf.float32)


def _is_4x4(kernel_shape, stride):
    return stride == 2 and tuple(kernel_shape[:2]) == (4, 4)


def _by_winograd(sides, kernel_shape, stride, way):
    """Whether to go Winograd's way between frames of `sides` and features."""
    return (way.winograd and way.precision == "float32" and _is_4x4(kernel_shape, stride)
            and min(kernel_shape[2:]) >= _MANY and all(side and side % 4 == 0 for side in sides)
            and not tf.config.list_physical_devices("GPU"))


def _forward(x, kernel, stride):
    """TensorFlow's kernel for a convolution."""
    return matmul.taken(lambda x, kernel: tf.nn.conv2d(x, kernel, stride, "SAME"), x, kernel)


def _to_input(dy, kernel, stride, shape):
    """TensorFlow's kernel for the gradient of a convolution in its input of `shape`."""
    return matmul.taken(lambda dy, kernel: tf.raw_ops.Conv2DBackpropInput(
        input_sizes=shape, filter=kernel, out_backprop=dy, strides=[1, stride, stride, 1], padding="SAME"), dy, kernel)


def _to_kernel(x, dy, shape, stride):
    """The gradient of a convolution in its kernel of `shape`: x [N, H, W, C], dy [N, H / stride, W / stride, D]."""
    if dy.dtype == tf.bfloat16 and _is_4x4(shape, stride) and _is_small_and_wide(x.shape, dy.shape):
        return _to_kernel_by_products(x, dy, shape)
    return matmul.taken(lambda x, dy: tf.raw_ops.Conv2DBackpropFilter(
        input=x, filter_sizes=shape, out_backprop=dy, strides=[1, stride, stride, 1], padding="SAME"), x, dy)


def _is_small_and_wide(x_shape, dy_shape):
    """Whether dy's maps have sides of at most `_SMALL`, and the kernel at least `_WIDE` channels on either end."""
    return None not in (*x_shape[1:], *dy_shape[1:]) and dy_shape[1] <= _SMALL and min(x_shape[3], dy_shape[3]) >= _WIDE


def _to_kernel_by_products(x, dy, shape):
    """For a kernel 4x4 and stride 2: tap (2 a + b) of the kernel meets pixel b of block j + a of the padded x."""
    height, width, features = dy.shape[1:]
    blocks = tf.nn.space_to_depth(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), 2)
    dy = tf.reshape(dy, [-1, features])
    parts = [tf.reshape(blocks[:, i : i + height, j : j + width], [-1, blocks.shape[-1]])
             for i in (0, 1) for j in (0, 1)]
    taps = [matmul.transposed_times(part, dy) for part in parts]
    taps = tf.reshape(tf.stack(taps), [2, 2, 2, 2, shape[2], features])  # a, of y and x; b, of y and x; channels
    return tf.reshape(tf.transpose(taps, [0, 2, 1, 3, 4, 5]), shape)


def _plain(x, kernel, bias, stride):
    """A transposed convolution by the gradient of `_convolved`."""
    n, height, width, _ = tf.unstack(tf.shape(x))
    y = _float32(_to_input(x, kernel, stride, [n, height * stride, width * stride, kernel.shape[2]]))
    return tf.nn.bias_add(y, *bias) if bias else y


def _blocks(x, kernel, bias):
    """A transposed convolution 4x4 of stride 2 as a sub-pixel convolution 2x2.

    Pixel q of the output sums x_p w_k over 2 p + k - 1 = q, so block j, the pixels 2 j - 1 and 2 j, sees x_j-1
    and x_j alone: y_2j-1 = x_j-1 w_2 + x_j w_0 and y_2j = x_j-1 w_3 + x_j w_1, along each axis. The bias is added to
    the blocks: TensorFlow does that within their convolution.
    """
    channels, features = kernel.shape[2:]
    taps = tf.reshape(kernel, [2, 2, 2, 2, channels, features])[::-1, :, ::-1]  # of y: x_j-1, x_j; pixel; and of x
    taps = tf.reshape(tf.transpose(taps, [0, 2, 5, 1, 3, 4]), [2, 2, features, 4 * channels])
    padded = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
    blocks = _float32(matmul.taken(lambda x, taps: tf.nn.conv2d(x, taps, 1, "VALID"), padded, taps))
    blocks = tf.nn.bias_add(blocks, tf.tile(*bias, [4])) if bias else blocks
    return _pixels(blocks, channels)[:, 1:-1, 1:-1]


def _pixels(blocks, channels):
    """`tf.nn.depth_to_space` of blocks 2x2, in half of its time."""
    n, height, width, _ = tf.unstack(tf.shape(blocks))
    rows = tf.transpose(tf.reshape(blocks, [n, height, width, 2, 2 * channels]), [0, 1, 3, 2, 4])
    return tf.reshape(rows, [n, 2 * height, 2 * width, channels])
