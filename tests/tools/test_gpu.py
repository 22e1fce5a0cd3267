"""The script for a machine with a GPU: what it refuses here, and a dry run."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from bench import same_numbers as tool

from rwae_tf.errors import InputError

ROOT = pathlib.Path(__file__).parents[2]


def test_differences_are_shares_of_large_numbers():
    cpu = {"verbs/a": np.array([0.5, -200.0]), "terms/b": np.array([1e4])}
    other = {"verbs/a": np.array([0.25, -201.0]), "terms/b": np.array([1.001e4])}
    # 0.25 of 1 is more than 1 of 200; 10 of 10,000.
    assert tool.differences(cpu, other) == pytest.approx({"verbs/a": 0.25, "terms/b": 1e-3})
    assert np.isnan(tool.differences(cpu, {**other, "terms/b": np.array([np.nan])})["terms/b"])


@pytest.mark.parametrize("wrong", [2e-3, np.nan])
def test_other_numbers_are_refused(monkeypatch, capsys, wrong):
    computed = [({"verbs/a": np.ones(3), "terms/b": np.ones(2)}, "CPU"),
                ({"verbs/a": np.ones(3) + 5e-5, "terms/b": np.ones(2) + wrong}, "A GPU")]
    monkeypatch.setattr(tool, "_computed", lambda *_: computed.pop(0))
    with pytest.raises(InputError, match="A GPU: computes other terms/b than the CPU"):
        tool.main(["same_numbers"])
    assert "verbs/a, A GPU and CPU: 5.0e-05 at most" in capsys.readouterr().out


def test_a_machine_without_a_gpu_is_told_so(monkeypatch):
    monkeypatch.setattr(tool, "_computed", lambda *_: ({"verbs/a": np.ones(3)}, "CPU"))
    with pytest.raises(InputError, match="finds no GPU: install the extra cuda"):
        tool.main(["same_numbers"])
    assert tool.main(["same_numbers", "--dry_run"]) == 0


def test_a_process_that_fails_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(tool.sys, "executable", "false")
    with pytest.raises(InputError, match="the process on cpu failed"):
        tool._computed(str(tmp_path), "cpu", {})


@pytest.mark.exhaustive
def test_the_dry_run_measures(tmp_path):
    environment = {**os.environ, "RWAE_VENV": sys.prefix, "TMPDIR": str(tmp_path)}
    done = subprocess.run(["bash", ROOT / "tools" / "gpu.sh", "--dry_run"], capture_output=True, text=True,
                          env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    for words in ("terms/quickstart, CPU and CPU: 0.0e+00 at most", "phases, quickstart, joint"):
        assert words in done.stdout
    [measured] = tmp_path.glob("*/gpu.json")
    assert f"measured: {measured}" in done.stdout
