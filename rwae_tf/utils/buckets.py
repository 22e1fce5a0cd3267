"""Buckets (s3://, gs://): TensorFlow's file systems, of which tensorflow-io registers s3://.

Neither is loaded before a path asks for it. What cannot be read or written is an OSError, as it is for folders. An
object of a bucket appears whole, when it is closed. There are no folders in it, only names with slashes.
"""

import contextlib
import ctypes
import errno
import functools
import os

from rwae_tf.compat import tfio
from rwae_tf.errors import InputError

SCHEMES = ("s3://", "gs://")


def is_remote(path):
    """Whether a path names something in a bucket."""
    return os.fspath(path).startswith(SCHEMES)


def gfile(path):
    """TensorFlow's file system functions, once they know the scheme of `path`."""
    return load_scheme(path.partition("://")[0])


@functools.cache
def load_scheme(scheme):
    """Give tf.io.gfile once it knows the scheme, such as "s3"."""
    import tensorflow as tf

    # The default is ten attempts, which is a minute for each call to a server that has gone.
    os.environ.setdefault("AWS_RETRY_MODE", "standard")
    os.environ.setdefault("AWS_MAX_ATTEMPTS", "5")
    if scheme not in tf.io.gfile.get_registered_schemes():
        tfio.loads()
    if scheme not in tf.io.gfile.get_registered_schemes():
        raise InputError(f"{scheme}://: tensorflow-io's compiled part does not load beside TensorFlow "
                         f"{tf.__version__}; use TensorFlow 2.17 (constraints/stack-2.17.txt), or a folder")
    if scheme == "s3":
        _leave_at_once()
    return tf.io.gfile


def _leave_at_once():
    """Exit without destroying the S3 client of tensorflow-io 0.37, whose destructor aborts the process.

    The C library calls what was registered last first, with the status of the process; Python has ended by then.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "on_exit"):  # glibc
        library.on_exit(library._exit, None)


@contextlib.contextmanager
def os_errors(path):
    """Errors of TensorFlow's file systems as OSError, of one line."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.NotFoundError:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None
    except tf.errors.OpError as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise OSError(errno.EIO, lines[0].lstrip(": ")[:200], path) from None


def probe(folder):
    """Write an object to a folder of a bucket and remove it again."""
    probe = os.path.join(folder, f".probe-{os.getpid()}")
    with os_errors(folder):
        with gfile(probe).GFile(probe, "wb") as file:
            file.write(b"1")
        gfile(probe).remove(probe)


def upload(local, path):
    """Copy the file `local` of this machine to `path` in a bucket."""
    with os_errors(path):
        gfile(path).copy(local, path, overwrite=True)
