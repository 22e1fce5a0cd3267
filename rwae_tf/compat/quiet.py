"""Silence for what TensorFlow and XLA say of themselves on standard error: no user can act on it.

TensorFlow 2.21 heeds no level while it is imported, and says a few lines about CUDA.
"""

import contextlib
import os


def before_import():
    """Have TensorFlow log nothing below a fatal error; what a user has set, stays. Call it before its import.

    Errors of operations arrive as exceptions all the same.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def silence_xla():
    """Suppress the lines that XLA logs at its first compilation.

    XLA logs them once in a process and ignores TensorFlow's log level. So a small function is compiled here while
    standard error is closed.
    """
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL") != "3":
        return
    import tensorflow as tf

    with _standard_error_shut():
        tf.function(lambda: tf.zeros([]) + 1, jit_compile=True)()


@contextlib.contextmanager
def _standard_error_shut():
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextlib.contextmanager
def warnings():
    """Keep the warnings of TensorFlow's Python, of its own deprecated functions, to itself in this context."""
    import tensorflow as tf

    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)
