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
    """A kernel as `times` is to multiply by it."""
    return kernel if precision() == "float32" else tf.cast(kernel, precision())


def times(x, kernel):
    """x [B, D] or [T, B, D], kernel [D, E] -> their product in the type of x, taken in that of `kernel`."""
    factor = tf.cast(x, kernel.dtype)
    product = tf.matmul(factor, kernel) if len(x.shape) == 2 else tf.tensordot(factor, kernel, 1)
    return tf.cast(product, x.dtype)
