"""The one exception that means "the input is wrong", and how a command ends on it.

Library code raises `InputError` with one line that names the file, flag or value and the mend.
Entry points run inside `run`, which turns that line into `error: ...` on stderr and exit status 1. Before that it
keeps TensorFlow from talking of itself, and asks it for oneDNN's kernels: TensorFlow's own choice is to leave them
alone where a processor has no AVX-512, where a step of training takes twice as long without them (docs/performance.md).
"""

import errno
import os
import signal
import sys

from rwae_tf import keras_settings, quiet

_REASONS = tuple(os.strerror(getattr(errno, name)) for name in (
    "ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "ENOTDIR", "EISDIR", "EIO") if hasattr(errno, name))


class InputError(ValueError):
    """Bad input: a file, a flag, an array or a configuration that cannot be used as it is."""


def reason(error):
    """Why something failed, in few words: those of the operating system, where `error` has them."""
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


def run(main, argv=None):
    """Call `main(argv)`; end the process with its status, or with 1 and one line for an input error.

    A reader that has closed our stdout (`| head`) and Ctrl-C end it quietly, with the status that the
    shell gives to a process ended by that signal.

    Args:
      main: a function of the argument list (program name first).
      argv: the argument list; `sys.argv` when None.
    """
    # Read when TensorFlow is imported, which is yet to come.
    quiet.before_import()
    keras_settings.take_over()
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    try:
        status = main(sys.argv if argv is None else argv)
        sys.stdout.flush()  # here, where a closed stdout can still be handled
    except BrokenPipeError:
        # The interpreter flushes stdout once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT
    except (InputError, OSError, MemoryError) as error:
        print(f"error: {one_line(error)}", file=sys.stderr)
        status = 1
    sys.exit(status or 0)
