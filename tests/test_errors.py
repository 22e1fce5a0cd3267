"""How a command ends: its status, and one line on stderr for bad input."""

import errno
import os
import signal
import subprocess
import sys

import pytest

from rwae_tf import entry_point
from rwae_tf.errors import InputError, mend, reason


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
    (OSError(28, "No space left on device", "a/b"), "a/b: No space left on device; make room there"),
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


@pytest.mark.parametrize("number, words, advice", [
    ("ENOSPC", "No space left on device", "make room there"),
    ("EDQUOT", "Disk quota exceeded", "make room within your quota there"),
    ("EPERM", "Operation not permitted", "make it writable (lsattr shows whether it is immutable)"),
    ("EROFS", "Read-only file system", "make that file system writable")])
def test_a_reason_and_its_advice_are_found_in_any_text(number, words, advice):
    """TensorFlow puts them at the end of a line that begins with long paths."""
    path = "/a/very/long/path" * 20
    for error in (OSError(getattr(errno, number), words, path), RuntimeError(f"{path}.tempstate; {words} [Op:Save]")):
        assert (reason(error), mend(error)) == (words, advice)


def test_a_reason_that_the_system_did_not_give_is_not_cut_in_its_middle():
    text = "Unsuccessful TensorSliceReader constructor: Failed to find any matching files for " + "p" * 150
    assert reason(ValueError(text)) == text
    assert mend(ValueError(text)) == "check the path, its permissions and the space left"


def test_a_training_leaves_at_once():
    """It says all that it has to say, and does not wait for what TensorFlow does at the end of an interpreter."""
    program = ("import atexit\nfrom rwae_tf import entry_point\natexit.register(print, 'late')\n"
               "entry_point.run(lambda argv: print('said') or 3, one_of_several=True)")
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (3, "said\n", "")
