"""The package, its flags and `--help` come without TensorFlow, whose import takes seconds."""

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEAVY = {"tensorflow", "keras", "tf_keras", "tensorflow_probability", "tensorflow_io", "tensorflow_gan"}
COMMANDS = ("train", "judge", "evaluate", "generate", "export")


def python(*arguments):
    """Run Python in the repository; -X importtime lists on stderr every module it imports."""
    command = [sys.executable, "-X", "importtime", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def heavy(ran):
    """The heavy libraries among the modules that a run of `python` imported."""
    lines = [line for line in ran.stderr.splitlines() if line.startswith("import time:")]
    return HEAVY & {line.rpartition("|")[2].strip().split(".")[0] for line in lines}


def said(ran):
    """What a run of `python` wrote to stderr itself."""
    return [line for line in ran.stderr.splitlines() if not line.startswith("import time:")]


def test_the_check_sees_an_import(tmp_path):
    (tmp_path / "keras.py").write_text("")
    ran = python("-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import keras")
    assert heavy(ran) == {"keras"}


@pytest.mark.parametrize("module", ["", ".config", ".config.flags", ".types", ".errors", ".data",
                                    ".data.datasets.sprites"])
def test_import_is_light(module):
    ran = python("-c", f"import rwae_tf{module}")
    assert ran.returncode == 0, said(ran)
    assert heavy(ran) == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_light(command):
    ran = python("-m", f"rwae_tf.{command}", "--help")
    assert ran.returncode == 0, said(ran)
    assert ("--judge_dir" if command == "judge" else "--run_dir") in ran.stdout
    assert heavy(ran) == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_argument_error_is_light_and_one_line(command):
    ran = python("-m", f"rwae_tf.{command}", "--no_such_flag=1")
    assert ran.returncode == 1
    (line,) = said(ran)
    assert line.startswith("error: ") and "no_such_flag" in line
    assert heavy(ran) == set()


def test_value_out_of_range_is_light_and_one_line():
    ran = python("-m", "rwae_tf.train", "--batch_size=-1")
    assert ran.returncode == 1
    (line,) = said(ran)
    assert line.startswith("error: --batch_size=-1: ")
    assert heavy(ran) == set()
