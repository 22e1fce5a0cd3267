"""In which precision convolutions and LSTMs multiply: float32, or factors and sums rounded to bfloat16.

That has 8 bits of mantissa, and newer processors multiply it several times faster. Weights, and what lies between
products, stay in float32.
"""

import contextlib
import contextvars

import tensorflow as tf

_PRECISION = contextvars.ContextVar("precision", default="float32")


@contextlib.contextmanager
def products_in(precision):
    """Multiply in "float32" or "bfloat16" what is traced in the block."""
    token = _PRECISION.set(precision)
    try:
        yield
    finally:
        _PRECISION.reset(token)


def precision():
    """What to multiply in now: "float32" or "bfloat16"."""
    return _PRECISION.get()


def rounded(kernel):
    """A kernel, float32, as `times` is to multiply by it."""
    return tf.cast(kernel, precision())


def times(x, kernel):
    """x [B, D] or [T, B, D], kernel [D, E] -> their product in float32, taken in the precision of `kernel`."""
    x = tf.cast(x, kernel.dtype)
    return tf.cast(tf.matmul(x, kernel) if len(x.shape) == 2 else tf.tensordot(x, kernel, 1), tf.float32)
