"""The command `export`, and the public function `rwae_tf.export`."""

import importlib
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
import tiny

import rwae_tf
from rwae_tf import errors

command = importlib.import_module("rwae_tf.export")  # the name is the function


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run whose checkpoint holds initial weights."""
    return tiny.save_run(tmp_path_factory.mktemp("runs") / "run", tiny.config(seed=3))


@pytest.mark.slow
def test_command_exports_the_newest_checkpoint(run, tmp_path, capsys):
    path = tmp_path / "models" / "shapes" / "1"
    assert command.main(["export", f"--run_dir={run}", f"--export_dir={path.parent}", "--max_length=6"]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    served = tf.saved_model.load(str(path)).signatures
    x = tiny.sequences()
    np.testing.assert_allclose(
        served["reconstruct"](video=tf.constant(x))["video"], rwae_tf.load(run).reconstruct(x), rtol=0, atol=1e-5)
    assert "iterations 0" in (path / "README.md").read_text()  # what training cost
    with pytest.raises(tf.errors.InvalidArgumentError, match="length: values from 7 to 7, expected 1 to 6 frames"):
        served["generate"](seed=tf.constant([1]), length=tf.constant([7]))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["m[1]", "m*", "m?"])
def test_a_folder_from_which_tensorflow_could_not_load_is_refused(run, tmp_path, name):
    with pytest.raises(rwae_tf.InputError, match="for a pattern, so no program could load from there"):
        rwae_tf.export(run, str(tmp_path / name / "below"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("first", ["pass", "import rwae_tf.export", "from rwae_tf import export"])
def test_name_is_a_verb_whatever_was_imported_before(first):
    """A submodule takes the package's attribute of its name when it is first imported."""
    script = f"{first}; import inspect, rwae_tf; assert inspect.isfunction(rwae_tf.export)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_verb_refuses_a_missing_run(tmp_path):
    with pytest.raises(rwae_tf.InputError, match="absent"):
        rwae_tf.export(str(tmp_path / "absent"), str(tmp_path / "exported"))
    assert not list(tmp_path.iterdir())


def test_module_runs_without_a_warning(tmp_path):
    ran = subprocess.run([sys.executable, "-W", "error", "-m", "rwae_tf.export", "--help"], cwd=tmp_path,
                         env={**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(rwae_tf.__file__))},
                         check=True, capture_output=True, text=True)
    assert "--run_dir" in ran.stdout and not ran.stderr


@pytest.mark.parametrize("arguments, message", [
    ([], "--run_dir"), (["--run_dir=a"], "--export_dir"), (["--run_dir=a", "--exportdir=b"], "exportdir"),
    (["--run_dir=a", "--export_dir=b", "--max_length=0"], "max_length"),
])
def test_wrong_flags(arguments, message):
    with pytest.raises(errors.InputError, match=message):
        command.main(["export", *arguments])
