"""The comparison of killed runs, and the tool itself with two kills."""

import os
import pathlib
import subprocess
import sys
import types

import numpy as np
import pytest
from bench import chaos_run

ROOT = pathlib.Path(__file__).resolve().parents[2]


def result(weight=1.0, iterations=(2, 4), term=0.5, steps=(2, 4)):
    rows = [{"iteration": iteration, "terms": {"kl": term}} for iteration in iterations]
    return types.SimpleNamespace(tensors={"w": np.array([weight, 2.0])}, rows={"metrics.jsonl": rows},
                                 steps={"terms/kl": list(steps)})


@pytest.mark.parametrize("changes, says", [
    ({}, []), ({"weight": 1.25}, ["w differs by up to 0.25"]),
    ({"iterations": (2, 2, 4)}, ["metrics.jsonl has the iterations [2, 2, 4], not [2, 4]"]),
    ({"iterations": (2,)}, ["metrics.jsonl has the iterations [2], not [2, 4]"]),
    ({"steps": (2, 4, 4)}, ["TensorBoard shows terms/kl at [2, 4, 4], not [2, 4]"]),
    ({"term": 0.75}, [f"metrics.jsonl: iteration {i} has terms: kl: 0.75, not 0.5" for i in (2, 4)]),
])
def test_differences_are_named(changes, says):
    assert chaos_run.differences(result(), result(**changes)) == says


@pytest.mark.exhaustive
def test_two_kills(tmp_path):
    ran = subprocess.run([sys.executable, str(ROOT / "tools/bench/chaos.py"), "--kills=2", "--epochs=1"],
                         env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=1200)
    assert ran.returncode == 0, ran.stderr
    assert "2 kills in " in ran.stdout and "to the bit" in ran.stdout and "ETA" in ran.stderr
