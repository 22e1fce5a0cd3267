"""The one way in which this package writes a file: whole, or not at all."""

import contextlib
import os
import tempfile

from rwae_tf.utils import buckets


@contextlib.contextmanager
def stage(path):
    """The name of a file on this machine to write to, which becomes `path` if all goes well and is gone if not."""
    if buckets.is_remote(path):
        with tempfile.TemporaryDirectory(prefix="rwae_tf-") as folder:
            local = os.path.join(folder, os.path.basename(path))
            yield local
            buckets.upload(local, path)
        return
    part = path + ".part"
    try:
        with open(part, "wb"):  # says at once, in one line, that a folder cannot be written to
            pass
        yield part
        os.replace(part, path)
    finally:
        with contextlib.suppress(OSError):
            os.remove(part)


@contextlib.contextmanager
def name_file(path):
    """Name the file in errors that name none, as those of writing to a full disk."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            raise OSError(error.errno, error.strerror, path) from None
        raise
