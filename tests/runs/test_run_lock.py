"""One training in a folder at a time; a lock that a process left behind when it was killed keeps nobody out."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import pytest

from rwae_tf.errors import InputError
from rwae_tf.runs import run_lock

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOLD = """
import sys, time
from rwae_tf.runs import run_lock
with run_lock.hold(sys.argv[1]):
    print("in", flush=True)
    time.sleep(100)
"""


def holder(folder):
    """A process that holds the lock of a folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert process.stdout.readline() == "in\n"
    return process


def record(folder, **changes):
    """Leave a lock of this process, or a changed one."""
    values = {"host": socket.gethostname(), "process": os.getpid(), "time": time.time(), **changes}
    pathlib.Path(run_lock.lock_path(folder)).write_text(json.dumps(values))


def test_the_second_is_refused_and_goes_in_when_the_first_was_killed(tmp_path):
    folder = str(tmp_path / "run")
    process = holder(folder)
    try:
        with pytest.raises(InputError) as caught, run_lock.hold(folder):
            pass
        who = f"process {process.pid} on {socket.gethostname()}"
        assert str(caught.value) == (
            f"{folder}: {who} trains in this folder; wait for its end, or take another --run_dir")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert os.path.exists(run_lock.lock_path(folder))  # left behind
    with run_lock.hold(folder):
        assert json.loads(pathlib.Path(run_lock.lock_path(folder)).read_text())["process"] == os.getpid()
        with pytest.raises(InputError, match=f"process {os.getpid()} on"), run_lock.hold(folder):
            pass
    assert os.listdir(folder) == []


def test_the_lock_goes_when_training_fails(tmp_path):
    with pytest.raises(KeyError), run_lock.hold(str(tmp_path)):
        raise KeyError
    with run_lock.hold(str(tmp_path)):
        pass


@pytest.fixture
def no_flock(monkeypatch):
    """A file system without locks."""
    def refuse(descriptor, operation):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(run_lock.fcntl, "flock", refuse)


@pytest.mark.parametrize("changes, free", [
    ({}, False),  # this process is alive
    ({"process": 2**22 + 1}, True),  # more than Linux counts to
    ({"host": "elsewhere", "process": 1}, False),
    ({"host": "elsewhere", "process": 1, "time": time.time() - 3600}, True),
    ({"time": time.time() - 3600}, True),  # the number of a process that has gone, given again
], ids=["alive", "dead", "elsewhere", "silent elsewhere", "silent here"])
def test_without_flock_process_and_time_decide(tmp_path, no_flock, changes, free):
    record(tmp_path, **changes)
    if free:
        with run_lock.hold(str(tmp_path)):
            assert os.listdir(tmp_path) == ["training.lock"]
        assert os.listdir(tmp_path) == []
    else:
        with pytest.raises(InputError, match="trains in this folder"), run_lock.hold(str(tmp_path)):
            pass


@pytest.mark.parametrize("text", ["", "{", "[]", '{"host": 1}', "\x00\xff"])
def test_a_lock_that_cannot_be_read_keeps_nobody_out(tmp_path, no_flock, text):
    pathlib.Path(run_lock.lock_path(tmp_path)).write_text(text)
    with run_lock.hold(str(tmp_path)):
        pass


def test_the_time_is_written_again_and_again(tmp_path, no_flock, monkeypatch):
    monkeypatch.setattr(run_lock, "_BEAT", 0.02)
    path = pathlib.Path(run_lock.lock_path(tmp_path))
    with run_lock.hold(str(tmp_path)):
        path.unlink()
        deadline = time.monotonic() + 10
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert json.loads(path.read_text())["process"] == os.getpid()
    assert os.listdir(tmp_path) == []


def test_a_bucket_has_a_lock_too(bucket, tmp_path):
    from rwae_tf.utils import files

    folder = f"{bucket}/lock-{tmp_path.name}"
    with run_lock.hold(folder):
        with pytest.raises(InputError, match="wait five minutes, or delete s3://"), run_lock.hold(folder):
            pass
    assert not files.exists(run_lock.lock_path(folder))


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file/run: cannot be written .*take another --run_dir"):
        with run_lock.hold(str(tmp_path / "file" / "run")):
            pass
