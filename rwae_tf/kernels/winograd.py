"""Convolutions 4x4 of stride 2, and transposed ones, by Winograd's way: 9 products where the plain sums take 16.

A kernel 4x4 of stride 2 on frames is one of 2x2 on their blocks of 2x2 pixels: along each axis output j sums block j
times g_0 and block j + 1 times g_1, where g_a holds taps 2 a and 2 a + 1. A tile, two neighbouring outputs of three
blocks d_0, d_1, d_2, takes three products instead of four (F(2, 2): Winograd, 1980; Lavin and Gray, 2016):

    m_0 = (d_0 - d_1) g_0,  m_1 = d_1 (g_0 + g_1),  m_2 = (d_2 - d_1) g_1;  y_0 = m_0 + m_1,  y_1 = m_1 + m_2,

so along both axes 9 instead of 16, each one matrix product over all tiles: m = d g. As that is linear in d and in g,
the gradients are two more products of the same matrices, between the three maps turned round. All coefficients are 0,
1 and -1, so rounding is that of the plain sums, to a small factor.

The maps are element by element, and XLA makes one pass over the memory of each.
"""

import functools

import tensorflow as tf

from rwae_tf.compat import private


def convolved(x, kernel):
    """x [N, H, W, C], H and W multiples of 4, kernel [4, 4, C, D] -> [N, H/2, W/2, D], "same" padding."""
    return _to_features(tf.matmul(_of_frames(x), _of_kernel(kernel)), [side // 2 for side in x.shape[1:3]])


def transposed(y, kernel):
    """y [N, H/2, W/2, D], H and W multiples of 4, kernel [4, 4, C, D] -> [N, H, W, C]: `convolved` backwards."""
    m = _of_features(y)
    return _to_frames(tf.matmul(m, _of_kernel(kernel), transpose_b=True), [2 * side for side in y.shape[1:3]])


@tf.custom_gradient
def _of_frames(x):
    """x [N, H, W, C] -> d [9, N H/4 W/4, 4 C]."""
    _, height, width, channels = x.shape
    padded = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
    blocks = tf.reshape(padded, [-1, height // 2 + 1, 2, width // 2 + 1, 2 * channels])
    d = tf.reshape(_in_one_pass(_differences_of_blocks, blocks), [9, -1, 4 * channels])
    return d, lambda dd: _to_frames(dd, (height, width))


def _to_frames(d, sides):
    """`_of_frames` turned round: d [9, N H/4 W/4, 4 C] -> x [N, H, W, C], sides (H, W)."""

    @tf.custom_gradient
    def turned(d):
        height, width = sides
        tiles = tf.reshape(d, [3, 3, -1, height // 4, width // 4, 2, 2, d.shape[-1] // 4])
        return _in_one_pass(_pixels_of_differences, tiles), _of_frames

    return turned(d)


def _of_kernel(kernel):
    """kernel [4, 4, C, D] -> g [9, 4 C, D]. Unstacked, as the gradient of a slice is a whole kernel of zeros."""
    channels, features = kernel.shape[2:]
    taps = tf.reshape(kernel, [2, 2, 2, 2, channels, features])
    g = [part for row in _sums(*tf.unstack(taps)) for part in _sums(*tf.unstack(row, axis=1))]
    return tf.reshape(tf.stack(g), [9, 4 * channels, features])


@tf.custom_gradient
def _of_features(y):
    """y [N, H/2, W/2, D] -> m [9, N H/4 W/4, D]."""
    _, height, width, features = y.shape
    pairs = tf.reshape(y, [-1, height // 2, 2, width // 2, 2, features])
    m = tf.reshape(_in_one_pass(_sums_of_pairs, pairs), [9, -1, features])
    return m, lambda dm: _to_features(dm, (height, width))


def _to_features(m, sides):
    """`_of_features` turned round: m [9, N H/4 W/4, D] -> y [N, H/2, W/2, D], sides (H/2, W/2)."""

    @tf.custom_gradient
    def turned(m):
        height, width = sides
        tiles = tf.reshape(m, [3, 3, -1, height // 2, width // 2, m.shape[-1]])
        return tf.reshape(_in_one_pass(_pairs_of_sums, tiles), [-1, height, width, m.shape[-1]]), _of_features

    return turned(m)


def _differences_of_blocks(x):
    """[N, rows of blocks, 2, columns of blocks, 2 C] -> [9, N, rows of tiles, columns of tiles, 2, 2 C]."""
    rows = _differences(x[:, :-1:2], x[:, 1::2], x[:, 2::2])
    d = [part for row in rows for part in _differences(row[:, :, :, :-1:2], row[:, :, :, 1::2], row[:, :, :, 2::2])]
    return tf.stack([tf.transpose(part, [0, 1, 3, 2, 4]) for part in d])


def _pixels_of_differences(d):
    """[3, 3, N, rows of tiles, columns of tiles, 2, 2, C] -> [N, H, W, C]."""
    height, width, channels = 4 * d.shape[3], 4 * d.shape[4], d.shape[7]
    x = _overlapping([_overlapping(tf.unstack(d[:, column]), 1) for column in range(3)], 2)
    x = tf.reshape(tf.transpose(x, [0, 1, 3, 2, 4, 5]), [-1, height + 4, width + 4, channels])
    return x[:, 1 : height + 1, 1 : width + 1]


def _overlapping(d, axis):
    """Three [..., t, ...], a part of t tiles each -> [..., 2 t + 2, ...], the sums of their blocks and one of zeros.

    The third block of a tile is the first one of the next.
    """
    first, second, third = _differences_turned(*d)
    after, before = ([[0, 0]] * axis + [pad] + [[0, 0]] * (len(first.shape) - axis - 1) for pad in ([0, 1], [1, 0]))
    pairs = tf.stack([tf.pad(first, after) + tf.pad(third, before), tf.pad(second, after)], axis + 1)
    shape = first.shape.as_list()
    shape[0], shape[axis] = -1, 2 * shape[axis] + 2
    return tf.reshape(pairs, shape)


def _sums_of_pairs(y):
    """[N, rows of tiles, 2, columns of tiles, 2, D] -> [9, N, rows of tiles, columns of tiles, D]."""
    return tf.stack([part for row in _sums(y[:, :, 0], y[:, :, 1]) for part in _sums(row[:, :, :, 0], row[:, :, :, 1])])


def _pairs_of_sums(m):
    """[3, 3, N, rows of tiles, columns of tiles, D] -> [N, rows of tiles, 2, columns of tiles, 2, D]."""
    return tf.stack([tf.stack(_sums_turned(*tf.unstack(row)), 3) for row in _sums_turned(*tf.unstack(m))], 2)


def _differences(d0, d1, d2):
    """Three blocks -> a factor of each of the three products."""
    return d0 - d1, d1, d2 - d1


def _differences_turned(m0, m1, m2):
    return m0, m1 - m0 - m2, m2


def _sums(g0, g1):
    """The two halves of a kernel -> the other factors; and what reaches two outputs -> what reaches the products."""
    return g0, g0 + g1, g1


def _sums_turned(m0, m1, m2):
    return m0 + m1, m1 + m2


def _in_one_pass(function, x):
    """function(x), compiled once for every shape; a tape is not to ask for a second way that saves things for it."""
    with private.stop_recording():
        return _compiled(function, *x.shape)(x)


@functools.cache
def _compiled(function, *shape):
    return tf.function(function, input_signature=[tf.TensorSpec(shape)], jit_compile=True, autograph=False)
