"""Matrix products in float32, or with factors and results rounded to bfloat16.

bfloat16 has 8 bits of mantissa, and newer processors multiply it several times faster. Weights, and what lies between
products, stay in float32. Where TensorFlow has no kernels that sum bfloat16's products in float32, `taken` multiplies
the rounded factors in float32: no faster, but the same up to the order of the sums, so that a run can go on anywhere.
"""

import os

import tensorflow as tf

from rwae_tf.kernels import cpu_info

_PAGE, _LINE = 4096, 64
"""Bytes: numbers a page apart share few lines of a cache, and a product reads columns of such rows half as fast."""


def rounded(kernel, precision):
    """A kernel as `times` is to multiply by it in "float32" or "bfloat16"."""
    return kernel if precision == "float32" else tf.cast(kernel, precision)


def taken(product, *factors):
    """product(*factors), a sum of products of factors of one type, in that type."""
    if factors[0].dtype != tf.bfloat16 or _has_bfloat16():
        return product(*factors)
    return tf.cast(product(*(tf.cast(factor, tf.float32) for factor in factors)), tf.bfloat16)


def times(x, kernel):
    """x [B, D], kernel [D, E] -> their product in the type of x, taken in that of `kernel`."""
    return tf.cast(taken(tf.matmul, tf.cast(x, kernel.dtype), kernel), x.dtype)


def times_transposed(x, kernel):
    """x [B, D], kernel [E, D] -> x kernel^T in the type of x, taken in that of `kernel`."""
    product = taken(lambda x, kernel: tf.matmul(x, kernel, transpose_b=True), tf.cast(x, kernel.dtype), kernel)
    return tf.cast(product, x.dtype)


def transposed_times(x, y):
    """x [N, D], y [N, E] of one type -> x^T y [D, E] in that type."""
    product = taken(lambda x, y: tf.matmul(x, y, transpose_a=True), _off_the_page(x), _off_the_page(y))
    return product[: x.shape[-1], : y.shape[-1]]


def _off_the_page(x):
    """x [N, D], with a line of zeros beside each row where rows would be a multiple of a page apart."""
    size = x.dtype.size
    return x if x.shape[-1] * size % _PAGE else tf.pad(x, [[0, 0], [0, _LINE // size]])


def of_all(x, kernel, precision="float32"):
    """x [..., D], kernel [D, E] -> x kernel [..., E], taken in `precision`; its gradient by `transposed_times`."""

    @tf.custom_gradient
    def product(x, kernel):
        factor = tf.cast(kernel, precision)

        def gradient(dy):
            d_kernel = transposed_times(tf.cast(x, precision), tf.cast(dy, precision))
            return times_transposed(dy, factor), tf.cast(d_kernel, kernel.dtype)

        return times(x, factor), gradient

    y = product(tf.reshape(x, [-1, x.shape[-1]]), tf.convert_to_tensor(kernel))
    return tf.reshape(y, tf.concat([tf.shape(x)[:-1], [kernel.shape[-1]]], 0))


def _has_bfloat16():
    """Whether a GPU or oneDNN multiplies bfloat16, and sums in float32; other kernels of TensorFlow sum in bfloat16."""
    onednn = os.environ.get("TF_ENABLE_ONEDNN_OPTS") != "0" and "avx512bw" in cpu_info.instructions()
    return onednn or bool(tf.config.list_physical_devices("GPU"))
