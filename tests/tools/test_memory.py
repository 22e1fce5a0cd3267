"""The watch over the memory and the open files of a command."""

import os
import sys

import pytest
from bench import memory


def test_memory_and_files_are_counted():
    before = memory.read(os.getpid())
    held = bytearray(os.urandom(1)) * 50_000_000
    with open(os.devnull), open(os.devnull):
        after = memory.read(os.getpid())
    assert len(held) == 50_000_000
    assert 40 < after[0] - before[0] < 60 and after[1] - before[1] == 2


def test_a_command_is_watched_and_ended(tmp_path):
    program = (f"import os, pathlib, time; pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid())); "
               "time.sleep(60)")
    rows = list(memory.watch([sys.executable, "-c", program], 2))
    assert len(rows) == 10 and all(row[1] > 1 and row[2] >= 3 for row in rows)
    assert rows[-1][0] == pytest.approx(2, abs=0.5)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_command_that_ends_before_is_told():
    with pytest.raises(SystemExit, match="ended with 3"):
        list(memory.watch([sys.executable, "-c", "raise SystemExit(3)"], 60))
