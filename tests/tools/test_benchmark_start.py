"""How tools/benchmark.py times the starts of commands and the first step of a training; no time is tested."""

import pathlib
import types

import pytest
from bench import suites as measured

from rwae_tf.errors import InputError


class Training:
    """A process of `_first_step`: it logs a step at once, or ends without one."""

    started, ends, killed = [], None, 0

    def __init__(self, command, **given):
        Training.started.append(command[1:])
        folder = pathlib.Path(command[-1].partition("=")[2])
        if self.ends is None:
            folder.mkdir()
            (folder / "metrics.jsonl").write_text("{}\n")

    def poll(self):
        return self.ends

    def kill(self):
        Training.killed += 1

    def wait(self):
        pass


def test_starts_are_those_of_commands_and_of_a_training_in_a_folder_of_its_own(monkeypatch):
    monkeypatch.setattr(measured.subprocess, "run", lambda command, **_: None)
    monkeypatch.setattr(measured.subprocess, "Popen", Training)
    monkeypatch.setattr(Training, "started", [])
    monkeypatch.setattr(Training, "killed", 0)
    values = types.SimpleNamespace(first_step="--preset=quickstart --seed=1", run_dir="", repeats=2)
    assert list(measured.suite_start(values)) == ["import rwae_tf", "train --help", "evaluate --help", "the first step"]
    first, second = Training.started
    assert first[:5] == ["-m", "rwae_tf.train", "--preset=quickstart", "--seed=1", "--log_every=1"]
    assert first[5].startswith("--run_dir=") and first[5] != second[5] and Training.killed == 2


def test_a_training_that_makes_no_step_has_no_time(monkeypatch):
    monkeypatch.setattr(measured.subprocess, "Popen", Training)
    monkeypatch.setattr(Training, "ends", 1)
    with pytest.raises(InputError, match="--first_step=--seed=x: the training ended before its first step"):
        measured._first_step(["--seed=x"])
