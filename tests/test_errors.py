"""How a command ends: its status, and one line on stderr for bad input."""

import os
import signal
import subprocess
import sys

import pytest

from rwae_tf import entry_point
from rwae_tf.errors import InputError


def ended(main, capsys, argv=("command",)):
    """Exit status, stdout and stderr of `main` in `entry_point.run`."""
    with pytest.raises(SystemExit) as caught:
        entry_point.run(main, list(argv))
    return caught.value.code, *capsys.readouterr()


def raising(error):
    def main(argv):
        raise error
    return main


def test_success(capsys):
    assert ended(lambda argv: print(argv[1]), capsys, ["command", "--x"]) == (0, "--x\n", "")
    assert ended(lambda argv: 143, capsys) == (143, "", "")


@pytest.mark.parametrize("error, line", [
    (InputError("size=3: choose 64"), "size=3: choose 64"),
    (InputError("two\n  lines\t here\n"), "two lines here"),
    (FileNotFoundError(2, "No such file or directory", "a/b"),
     "a/b: No such file or directory; check the path, its permissions and the space left"),
    (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
    (MemoryError("Unable to allocate 8 TiB"),
     "out of memory (Unable to allocate 8 TiB); take smaller batches, shorter clips or fewer of them"),
])
def test_bad_input_is_one_line(error, line, capsys):
    assert ended(raising(error), capsys) == (1, "", f"error: {line}\n")


def test_a_mistake_of_ours_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        entry_point.run(raising(ZeroDivisionError()), ["command"])


def test_input_error_is_a_value_error():
    assert issubclass(InputError, ValueError)


@pytest.mark.parametrize("given, expected", [(None, "1"), ("0", "0")])
def test_commands_ask_for_the_kernels_of_onednn_unless_told_otherwise(monkeypatch, capsys, given, expected):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "x")  # so that what the command leaves is taken back
    if given is None:
        monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    else:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", given)
    said = ended(lambda argv: print(os.environ["TF_ENABLE_ONEDNN_OPTS"]), capsys)
    assert said == (0, f"{expected}\n", "")


def test_interrupt_is_quiet(capsys):
    assert ended(raising(KeyboardInterrupt()), capsys) == (128 + signal.SIGINT, "", "")


@pytest.mark.parametrize("lines", [1, 100_000], ids=["in the buffer", "past the buffer"])
def test_closed_stdout_is_quiet(lines):
    read, write = os.pipe()
    os.close(read)
    program = f"from rwae_tf import entry_point\nentry_point.run(lambda argv: print('line\\n' * {lines}))"
    ran = subprocess.run([sys.executable, "-c", program], stdout=write, stderr=subprocess.PIPE, timeout=60)
    os.close(write)
    assert (ran.returncode, ran.stderr) == (128 + signal.SIGPIPE, b"")
