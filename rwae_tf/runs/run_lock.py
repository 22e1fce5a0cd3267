"""One training in a folder at a time: the file `training.lock` in it, which says who trains there.

In a folder of this machine or of a network that knows `flock`, the lock goes with its process, however that ends. In
a bucket, and where there is no `flock`, the process writes the time to the file every minute: a lock counts as left
behind when its process is dead, as far as this machine can tell, or when it was not written to for five minutes. Two
trainings that begin in the same second are not kept apart there.
"""

import contextlib
import json
import os
import socket
import threading
import time

from rwae_tf.errors import InputError
from rwae_tf.utils import files, json_file

try:
    import fcntl
except ImportError:  # not on every system
    fcntl = None

_BEAT, _STALE = 60, 300  # seconds between two writings of the time, and after which none is to come


def lock_path(run_dir):
    """Path of the lock."""
    return os.path.join(run_dir, "training.lock")


@contextlib.contextmanager
def hold(run_dir):
    """Make the folder of a run if need be, and keep other trainings out of it until the block ends.

    Raises:
      InputError: for a folder in which another process trains, or that cannot be written.
    """
    path = lock_path(run_dir)
    try:
        files.make_folder(run_dir)
        descriptor = None if files.is_remote(run_dir) or not fcntl else _flock(path)
        if descriptor is None:
            _claim(path)
    except BlockingIOError:
        raise _taken(run_dir, _read(path)) from None
    except OSError as error:
        raise InputError(f"{run_dir}: cannot be written ({error.strerror}); take another --run_dir") from None
    with _beating(path) if descriptor is None else contextlib.nullcontext():
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                files.remove(path)
            if descriptor is not None:
                os.close(descriptor)


def _flock(path):
    """A descriptor of the locked file; None where the file system has no locks, BlockingIOError if it is locked."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise
        except OSError:  # no locks here
            os.close(descriptor)
            return None
        if os.path.exists(path) and os.path.samestat(os.fstat(descriptor), os.stat(path)):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, _record().encode())
            return descriptor
        os.close(descriptor)  # another process has removed it at its end


def _claim(path):
    """Write this process into a file that cannot be locked; BlockingIOError if another one is in it."""
    other = _read(path)
    if other and _alive(other):
        raise BlockingIOError
    files.write(path, _record())


def _record():
    return json.dumps({"host": socket.gethostname(), "process": os.getpid(), "time": round(time.time())}) + "\n"


def _read(path):
    """What a lock says, None if nothing."""
    with contextlib.suppress(OSError, ValueError):
        record = json_file.parse(files.read(path))
        if isinstance(record, dict) and {"host", "process", "time"} <= set(record):
            return record
    return None


def _alive(record):
    """Whether the process of a record may still train."""
    if record["host"] == socket.gethostname() and not _is_process(record["process"]):
        return False
    return abs(time.time() - record["time"]) < _STALE


def _is_process(number):
    if number == os.getpid():
        return True
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (OSError, TypeError, OverflowError):  # of another user
        pass
    return True


@contextlib.contextmanager
def _beating(path):
    """Write the time to a lock every minute."""
    ended = threading.Event()

    def beat():
        while not ended.wait(_BEAT):
            with contextlib.suppress(OSError):  # the next one may succeed
                files.write(path, _record())

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _taken(run_dir, record):
    who = f"process {record['process']} on {record['host']}" if record else "another process"
    mend = "wait for its end, or take another --run_dir"
    if files.is_remote(run_dir):
        mend += f"; if it is gone, wait five minutes, or delete {lock_path(run_dir)}"
    return InputError(f"{run_dir}: {who} trains in this folder; {mend}")
