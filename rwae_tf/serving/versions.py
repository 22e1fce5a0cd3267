"""The folder of all versions of an exported model: a version appears in it whole or not at all."""

import os
import shutil
import tempfile
from typing import Callable, List, Sequence

import tensorflow as tf

from rwae_tf.errors import InputError, mend, reason
from rwae_tf.utils import files, patterns, transfer

_PART = ".part-"


def add(export_dir: str, write: Callable[[str], None], last: Sequence[str]) -> str:
    """Write `export_dir`/<version>, version being the next free integer, and return that path.

    It is written under another name, then renamed. In a bucket, which cannot rename, the files `last` appear last.

    Args:
      export_dir: folder of all versions of a model; made if need be.
      write: fills the empty folder that it is given.
      last: names of files without which nobody loads the version.

    Raises:
      InputError: if `export_dir` is a file, or TensorFlow cannot write there.
    """
    patterns.refuse(export_dir)
    if files.exists(export_dir) and not files.is_folder(export_dir):
        raise InputError(f"{export_dir}: is a file; export_dir must be a folder")
    files.make_folder(export_dir)
    beside = None if files.is_remote(export_dir) else export_dir
    if beside:
        files.remove_stale(export_dir, f"{_PART}*")
    part = tempfile.mkdtemp(prefix=_PART, dir=beside)  # TensorFlow Serving sees only integer names
    try:
        write(part)
        os.chmod(part, 0o755)
        return _publish(part, export_dir, last)
    except BaseException as error:  # Ctrl-C too
        shutil.rmtree(part, ignore_errors=True)
        if isinstance(error, tf.errors.OpError):
            raise InputError(f"{export_dir}: the model cannot be written ({reason(error)}); {mend(error)}, or take "
                             "another --export_dir") from None
        raise


def numbers(export_dir: str) -> List[int]:
    """The versions in `export_dir`, ascending."""
    return sorted(int(name) for name in files.names(export_dir) if name.isdecimal())


def _publish(part, export_dir, last):
    """Rename the folder `part` to the next free version, also where two exports run at once."""
    if files.is_remote(export_dir):
        found = numbers(export_dir) if files.exists(export_dir) else []
        path = os.path.join(export_dir, str(max(found, default=0) + 1))
        try:
            transfer.upload_folder(part, path, last=last)
        except BaseException:  # Ctrl-C too
            files.remove_folder(path)
            raise
        shutil.rmtree(part)
        return path
    while True:
        path = os.path.join(export_dir, str(max(numbers(export_dir), default=0) + 1))
        try:
            os.rename(part, path)
            return path
        except OSError:
            if not os.path.exists(path):
                raise
