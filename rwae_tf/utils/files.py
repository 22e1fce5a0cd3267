"""Files of runs, judges, exports and data, wherever they lie: in a folder, or in a bucket (`buckets`).

What cannot be read or written is an OSError, in a folder and in a bucket alike.
"""

import contextlib
import errno
import fnmatch
import hashlib
import os
import shutil
import time

from rwae_tf.utils import atomic_write, buckets
from rwae_tf.utils.buckets import is_remote

_STALE = 24 * 3600  # seconds after which what is unfinished was left by a process that was killed


def exists(path):
    """Whether there is a file or folder.

    Raises:
      OSError: for a bucket that does not answer. tensorflow-io reports its files as missing, and a caller would then
        start over and overwrite them. So a file counts as missing only if the bucket can be written to.
    """
    if not is_remote(path):
        return os.path.exists(path)
    if _is_there(path):
        return True
    buckets.probe(os.path.dirname(path))
    return _is_there(path)


def _is_there(path):
    with buckets.os_errors(path):
        return buckets.gfile(path).exists(path) or buckets.gfile(path).isdir(path)


def is_folder(path):
    """Whether there is a folder; in a bucket, anything below the name."""
    if not is_remote(path):
        return os.path.isdir(path)
    with buckets.os_errors(path):
        return buckets.gfile(path).isdir(path)


def names(folder):
    """Names in a folder, without an order."""
    if not is_remote(folder):
        return os.listdir(folder)
    with buckets.os_errors(folder):
        return [name.rstrip("/") for name in buckets.gfile(folder).listdir(folder)]


def size(path):
    """Bytes of a file."""
    if not is_remote(path):
        return os.path.getsize(path)
    with buckets.os_errors(path):
        return buckets.gfile(path).stat(path).length


def read(path):
    """The bytes of a file."""
    if not is_remote(path):
        with open(path, "rb") as file:
            return file.read()
    with buckets.os_errors(path), buckets.gfile(path).GFile(path, "rb") as file:
        return file.read()


def sha256(path):
    """The SHA-256 checksum of a file, as hexadecimal digits."""
    if is_remote(path):
        return hashlib.sha256(read(path)).hexdigest()
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def rename(path, new):
    """Give a file another name in the same folder or bucket, in place of a file that has it."""
    if not is_remote(path):
        os.replace(path, new)
        return
    with buckets.os_errors(path):
        buckets.gfile(path).rename(path, new, overwrite=True)


def write(path, data):
    """Write bytes or text, as UTF-8, to `path`, whole or not at all."""
    with atomic_write.stage(path) as local, atomic_write.name_file(path), open(local, "wb") as file:
        file.write(data.encode() if isinstance(data, str) else data)


def append(path, text):
    """Add text to the end of a file, or begin one. In a bucket this writes the whole file anew."""
    if not is_remote(path):
        with atomic_write.name_file(path), open(path, "a", encoding="utf-8") as file:
            file.write(text)
        return
    before = read(path) if exists(path) else b""
    write(path, before + text.encode())


def remove(path):
    """Remove a file, if it is there."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        if is_remote(path):
            with buckets.os_errors(path):
                buckets.gfile(path).remove(path)
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
        buckets.probe(folder)
        return
    os.makedirs(folder, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)


def remove_folder(path):
    """Remove a folder and what is in it, if it is there."""
    if not is_remote(path):
        shutil.rmtree(path, ignore_errors=True)
        return
    with contextlib.suppress(FileNotFoundError), buckets.os_errors(path):
        buckets.gfile(path).rmtree(path)


def remove_stale(folder, pattern):
    """Remove the unfinished folders in a folder that are too old to belong to a running process.

    Args:
      folder: on this machine.
      pattern: of their names, such as "*.part".
    """
    for name in fnmatch.filter(os.listdir(folder), pattern):
        path = os.path.join(folder, name)
        with contextlib.suppress(OSError):  # a running process may rename its own
            if time.time() - os.stat(path).st_mtime > _STALE:
                shutil.rmtree(path)
