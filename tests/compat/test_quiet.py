"""Commands say what a user can act on: nothing of TensorFlow's and XLA's own."""

import importlib.metadata
import os
import subprocess
import sys

import pytest

from rwae_tf.compat import quiet

TRAIN = """
import sys
sys.path[:0] = {path!r}
from rwae_tf import entry_point, train
arguments = ["train", "--dataset=moving_shapes", "--size=16", "--length=4", "--channels=32", "--feature_size=8",
             "--hidden_size=8", "--content_size=4", "--motion_size=2", "--batch_size=4", "--epochs=1", "--joint_update",
             "--inference_steps=1", "--max_minutes=0.01", "--run_dir=" + sys.argv[1]]
entry_point.run(train.main, arguments)
"""


def said(folder):
    """The lines on standard error of a short training whose convolutions are compiled by XLA."""
    kept = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run([sys.executable, "-c", TRAIN.format(path=sys.path), folder], capture_output=True, text=True,
                          env=kept, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.slow
def test_training_says_nothing_of_tensorflow(tmp_path):
    lines = [line for line in said(tmp_path / "run").splitlines() if line.strip()]
    ours = ("warning: ", "trained ")
    if not importlib.metadata.version("tensorflow").startswith("2.17."):
        ours += ("WARNING: All log messages before", "I0000")  # TensorFlow 2.21, of CUDA, while it is imported
    assert all(line.startswith(ours) or "ETA" in line for line in lines), lines
    assert not any("XLA" in line for line in lines), lines


def test_a_level_that_is_set_is_kept(monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    quiet.before_import()
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")
    quiet.before_import()
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "3"
