"""The one exception that means "the input is wrong", and its message on one line.

Library code raises `InputError` with one line that names the file, flag or value and the remedy.
"""

import errno
import os

_REASONS = tuple(os.strerror(getattr(errno, name)) for name in (
    "ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "ENOTDIR", "EISDIR", "EIO") if hasattr(errno, name))


class InputError(ValueError):
    """Bad input: a file, a flag, an array or a configuration that cannot be used.

    Args:
      message: one line. With a `field`, each `{}` in it stands for an option and its value, in order.
      field: (name, value) of the option of the configuration that is wrong, None where none is.
      mentions: (name, value) of the other options in the message.

    Attributes:
      field: name of the option that is wrong, or None.
      as_flags: the message with its options written as flags: "--size=63" for "size=63".
    """

    def __init__(self, message, field=None, mentions=()):
        options = [field, *mentions] if field else []
        texts = [f"{name}={value}" for name, value in options]
        super().__init__(message.format(*texts) if field else message)
        self.field = field[0] if field else None
        self.as_flags = message.format(*(f"--{text}" for text in texts)) if field else message


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
