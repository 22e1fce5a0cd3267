"""The one exception that means "the input is wrong", and its message on one line.

Library code raises `InputError` with one line that names the file, flag or value and the remedy.
"""

import errno
import os

_NUMBERS = {  # of errors in writing -> what helps against them
    "ENOSPC": "make room there",
    "EDQUOT": "make room within your quota there",
    "EFBIG": "allow larger files (ulimit -f, or the limits of that file system)",
    "EROFS": "make that file system writable",
    "EACCES": "give yourself the permission to write there",
    "EPERM": "make it writable (lsattr shows whether it is immutable)",
    "ENOTDIR": "move away the file that is where a folder should be",
    "EISDIR": "move away the folder that is where a file should be",
    "EEXIST": "move away what is there",
    "ENAMETOOLONG": "take a shorter name",
    "EMFILE": "allow more open files (ulimit -n)",
    "ENFILE": "allow more open files on this machine",
    "ESTALE": "mount that file system again",
    "EIO": "check that disk",
}
_MENDS = {os.strerror(getattr(errno, name)): text for name, text in _NUMBERS.items() if hasattr(errno, name)}
_LONGEST = 300  # characters of a reason that the operating system did not give
_GENERAL = "check the path, its permissions and the space left"


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
    text = _text(error)
    return next((words for words in _MENDS if words in text), text[:_LONGEST])


def mend(error):
    """What helps against an error in writing, as an imperative."""
    return _MENDS.get(reason(error), _GENERAL)


def one_line(error):
    """The message of `error` on one line; an OSError names its file."""
    text = str(error)
    if isinstance(error, OSError) and error.filename is not None:
        text = f"{error.filename}: {error.strerror}; {mend(error) if _is_full(error) else _GENERAL}"
    elif isinstance(error, MemoryError):
        text = f"out of memory ({error}); take smaller batches, shorter clips or fewer of them"
    return " ".join(text.split())


def _text(error):
    text = getattr(error, "strerror", None) or getattr(error, "message", None) or str(error)
    return " ".join(str(text).split()) or type(error).__name__


def _is_full(error):
    """Whether an OSError is one of writing alone; others may be of a path that does not exist or cannot be read."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
