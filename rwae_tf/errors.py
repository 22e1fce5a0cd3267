"""The one exception that means "the input is wrong", and its message on one line.

Library code raises `InputError` with one line that names the file, flag or value and the remedy.
"""

import errno
import os

_REASONS = tuple(os.strerror(getattr(errno, name)) for name in (
    "ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "ENOTDIR", "EISDIR", "EIO") if hasattr(errno, name))


class InputError(ValueError):
    """Bad input: a file, a flag, an array or a configuration that cannot be used."""


def reason(error):
    """The reason of an error in few words: those of the operating system where it has them."""
    text = getattr(error, "strerror", None) or getattr(error, "message", None) or str(error)
    text = " ".join(str(text).split()) or type(error).__name__
    return next((words for words in _REASONS if words in text), text[:120])


def one_line(error):
    """The message of `error` on one line; an OSError names its file."""
    text = str(error)
    if isinstance(error, OSError) and error.filename is not None:
        text = f"{error.filename}: {error.strerror}; check the path, its permissions and the space left"
    elif isinstance(error, MemoryError):
        text = f"out of memory ({error}); take smaller batches, shorter clips or fewer of them"
    return " ".join(text.split())
