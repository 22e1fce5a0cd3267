"""Files of runs, judges, exports and data, wherever they lie: in a folder, or in a bucket (s3://, gs://).

Buckets are reached through TensorFlow's file systems, of which tensorflow-io registers s3://; neither is loaded
before a path asks for it. What cannot be read or written is an OSError, as it is for folders.

An object of a bucket appears whole, when it is closed. There are no folders in it, only names with slashes.
"""

import contextlib
import ctypes
import errno
import functools
import os
import shutil
import tempfile

from rwae_tf.compat import tfio
from rwae_tf.errors import InputError

SCHEMES = ("s3://", "gs://")


def is_remote(path):
    """Whether a path names something in a bucket."""
    return os.fspath(path).startswith(SCHEMES)


def exists(path):
    """Whether there is a file or folder.

    Raises:
      OSError: for a bucket that does not answer. tensorflow-io says of its files that they are not there, and whoever
        believed it would begin anew what is there; so a file is missing only if the bucket can be written to.
    """
    if not is_remote(path):
        return os.path.exists(path)
    if _is_there(path):
        return True
    _probe(os.path.dirname(path))
    return _is_there(path)


def _is_there(path):
    with _os_errors(path):
        return _gfile(path).exists(path) or _gfile(path).isdir(path)


def is_folder(path):
    """Whether there is a folder; in a bucket, anything below the name."""
    if not is_remote(path):
        return os.path.isdir(path)
    with _os_errors(path):
        return _gfile(path).isdir(path)


def names(folder):
    """Names in a folder, without an order."""
    if not is_remote(folder):
        return os.listdir(folder)
    with _os_errors(folder):
        return [name.rstrip("/") for name in _gfile(folder).listdir(folder)]


def size(path):
    """Bytes of a file."""
    if not is_remote(path):
        return os.path.getsize(path)
    with _os_errors(path):
        return _gfile(path).stat(path).length


def read(path):
    """The bytes of a file."""
    if not is_remote(path):
        with open(path, "rb") as file:
            return file.read()
    with _os_errors(path), _gfile(path).GFile(path, "rb") as file:
        return file.read()


def write(path, data):
    """Write bytes or text, as UTF-8, to `path`, whole or not at all."""
    with written(path) as local, _named(path), open(local, "wb") as file:
        file.write(data.encode() if isinstance(data, str) else data)


def append(path, text):
    """Add text to the end of a file, or begin one. In a bucket this writes the whole file anew."""
    if not is_remote(path):
        with _named(path), open(path, "a", encoding="utf-8") as file:
            file.write(text)
        return
    before = read(path) if exists(path) else b""
    write(path, before + text.encode())


def remove(path):
    """Remove a file, if it is there."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        if is_remote(path):
            with _os_errors(path):
                _gfile(path).remove(path)
        else:
            os.remove(path)


def make_folder(path):
    """Make a folder and those above it, where there are folders."""
    if not is_remote(path):
        os.makedirs(path, exist_ok=True)


def check_writable(folder):
    """Make a folder, or find out before the work that nothing can be written to it.

    Raises:
      OSError: that says why.
    """
    if is_remote(folder):
        _probe(folder)
        return
    os.makedirs(folder, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)


def _probe(folder):
    """Write an object to a folder of a bucket and remove it again."""
    probe = os.path.join(folder, f".probe-{os.getpid()}")
    with _os_errors(folder):
        with _gfile(probe).GFile(probe, "wb") as file:
            file.write(b"1")
        _gfile(probe).remove(probe)


@contextlib.contextmanager
def _named(path):
    """The name of the file in errors that have none, as those of writing to a full disk."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            raise OSError(error.errno, error.strerror, path) from None
        raise


@contextlib.contextmanager
def written(path):
    """The name of a file on this machine to write to, which becomes `path` if all goes well and is gone if not."""
    if is_remote(path):
        with tempfile.TemporaryDirectory(prefix="rwae_tf-") as folder:
            local = os.path.join(folder, os.path.basename(path))
            yield local
            _upload(local, path)
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


def upload_folder(local, path, last=()):
    """Copy what is in the folder `local` to the folder `path` of a bucket, the names in `last` after all others.

    Raises:
      OSError: that says why not; what was copied is removed again.
    """
    found = [os.path.relpath(os.path.join(folder, name), local)
             for folder, _, files in os.walk(local) for name in files]
    try:
        for name in sorted(found, key=lambda name: (name in last, name)):
            _upload(os.path.join(local, name), os.path.join(path, name))
    except OSError:
        with contextlib.suppress(OSError):
            remove_folder(path)
        raise


def download_folder(path, local):
    """Make the folder `local` hold what is under `path` of a bucket, and nothing else.

    Files of the same size and time of change are not fetched again.

    Args:
      path: folder of a bucket.
      local: folder on this machine; made if need be.

    Yields:
      (files done, files in all, name) after each file.
    """
    root, kept = path.rstrip("/") + "/", set()
    with _os_errors(path):
        found = [os.path.join(folder, name) for folder, _, names in _gfile(path).walk(path) for name in names if name]
    for done, remote in enumerate(found, 1):
        there = os.path.join(local, *remote.removeprefix(root).strip("/").split("/"))
        _fetch(remote, there)
        kept.add(there)
        yield done, len(found), os.path.relpath(there, local)
    for folder, _, names in os.walk(local):
        for name in names:
            if os.path.join(folder, name) not in kept:
                os.remove(os.path.join(folder, name))


def _fetch(remote, there):
    """Copy a file of a bucket to the path `there`, unless it is there already."""
    with _os_errors(remote):
        about = _gfile(remote).stat(remote)
    if os.path.exists(there):
        known = os.stat(there)
        if (known.st_size, known.st_mtime_ns) == (about.length, about.mtime_nsec):
            return
    os.makedirs(os.path.dirname(there), exist_ok=True)
    with written(there) as part, _os_errors(remote):
        _gfile(remote).copy(remote, part, overwrite=True)
    os.utime(there, ns=(about.mtime_nsec, about.mtime_nsec))


def _upload(local, path):
    with _os_errors(path):
        _gfile(path).copy(local, path, overwrite=True)


@functools.cache
def _loaded(scheme):
    """tf.io.gfile, once it knows the scheme."""
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
    """End this process, when its time has come, before the S3 client of tensorflow-io 0.37 is destroyed: that aborts.

    The C library calls what was registered last first, with the status of the process; Python has ended by then.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "on_exit"):  # glibc
        library.on_exit(library._exit, None)


def _gfile(path):
    return _loaded(path.partition("://")[0])


@contextlib.contextmanager
def _os_errors(path):
    """Errors of TensorFlow's file systems as OSError, of one line."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.NotFoundError:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None
    except tf.errors.OpError as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise OSError(errno.EIO, lines[0].lstrip(": ")[:200], path) from None


def remove_folder(path):
    """Remove a folder and what is in it, if it is there."""
    if not is_remote(path):
        shutil.rmtree(path, ignore_errors=True)
        return
    with contextlib.suppress(FileNotFoundError), _os_errors(path):
        _gfile(path).rmtree(path)
