"""What cannot be written ends a command with one line, and so does a training that diverges."""

import os
import pathlib

import numpy as np
import pytest
from spoil import TINY

from rwae_tf.data.datasets import moving_shapes

# Places that cannot be written; the modes of folders do not bind root, who may run these tests.

def test_run_dir_is_a_file(refused):
    pathlib.Path("run").write_text("a file")
    refused("train", *TINY, "--run_dir=run", says=["run: cannot be written", "take another --run_dir"])


def test_run_dir_below_a_file(refused):
    pathlib.Path("file").write_text("a file")
    refused("train", *TINY, "--run_dir=file/run", says=["file/run: cannot be written", "take another --run_dir"])


def test_read_only_run_dir(refused, monkeypatch):
    def forbidden(path, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "makedirs", forbidden)
    refused("train", *TINY, "--run_dir=run", says=["run: cannot be written", "Permission denied", "take another"])


@pytest.mark.slow
def test_full_disk_leaves_no_half_configuration(refused, run_dir, monkeypatch):
    def full(part, path):
        raise OSError(28, "No space left on device", part)

    monkeypatch.setattr(os, "replace", full)
    refused("train", *TINY, "--epochs=2", f"--run_dir={run_dir}", says=["run: ", "No space left", "another --run_dir"])


@pytest.mark.slow
@pytest.mark.parametrize("out", ["file/clips.gif", "file/clips.png", "file/clips.mp4"])
def test_figure_below_a_file(refused, run_dir, out):
    pathlib.Path("file").write_text("a file")
    refused("generate", f"--run_dir={run_dir}", "--num=1", "--length=2", f"--out={out}",
            says=["/file: ", "check the path"])


@pytest.mark.slow
def test_figure_that_is_a_folder(refused, run_dir):
    pathlib.Path("clips.png").mkdir()
    refused("generate", f"--run_dir={run_dir}", "--num=1", "--length=2", "--out=clips.png", says=["clips.png"])


@pytest.mark.slow
@pytest.mark.parametrize("export_dir", ["file", "file/exported"])
def test_export_to_a_file(refused, run_dir, export_dir):
    pathlib.Path("file").write_text("a file")
    refused("export", f"--run_dir={run_dir}", f"--export_dir={export_dir}", says=[export_dir])


@pytest.mark.slow
def test_evaluation_cannot_be_written(refused, run_dir):
    (run_dir / "evaluation").write_text("a file")
    refused("evaluate", f"--run_dir={run_dir}", says=["run/evaluation", "check the path"])


@pytest.mark.slow
def test_checkpoints_cannot_be_written(refused):
    pathlib.Path("run").mkdir()
    pathlib.Path("run/checkpoints").write_text("a file")
    # Out of time at once: the first thing it does is to save.
    refused("train", *TINY, "--max_minutes=1e-9", "--run_dir=run",
            says=["run/checkpoints", "no checkpoint can be written (File exists); move away what is there"],
            kept="run/checkpoints*")


@pytest.mark.slow
def test_more_clips_than_there_are(refused, run_dir):
    refused("generate", f"--run_dir={run_dir}", "--mode=reconstruct", "--num=13", says=["--num=13", "12 clips"])


# Training that diverges.

@pytest.mark.slow
def test_diverging_training_keeps_nothing(refused):
    refused("train", *TINY, "--decoder_learning_rate=1e30", "--log_every=3", "--run_dir=run",
            says=["diverged before iteration", "step 1, phase joint: ", "reconstruction is ", "none was saved yet",
                  "lower the learning rates"], kept="*ckpt*")


@pytest.mark.slow
def test_nan_in_training_names_the_last_good_checkpoint(refused, run_dir, monkeypatch):
    frames = moving_shapes.Dataset.batch

    def batch(self, *args):
        made = frames(self, *args)
        return {**made, "x": np.full_like(made["x"], np.nan)}

    monkeypatch.setattr(moving_shapes.Dataset, "batch", batch)
    refused("train", *TINY, "--epochs=2", f"--run_dir={run_dir}",
            says=["diverged before iteration 4", "step 3, phase joint: ", "reconstruction is nan", "the gradient of ",
                  " in encoders is not finite", "last good checkpoint: run/checkpoints/ckpt-3", "new --run_dir",
                  "--skip_nonfinite_steps"], kept="*ckpt*")
