"""A run and a judge that an earlier version wrote: they load and give the numbers that they gave there."""

import json
import pathlib

import numpy as np
import pytest

import rwae_tf
from rwae_tf.config import DataConfig
from rwae_tf.judges import storage

# Written by the version before options and weights' files were renamed, with its codes and answers of four test clips:
# R-WAE(MMD) after six steps, without its optimizers; a linear judge after 200 steps.
RUN = pathlib.Path(__file__).parent / "old_run"
JUDGE = pathlib.Path(__file__).parents[1] / "judges" / "old_judge"


@pytest.fixture(scope="module")
def clips():
    return rwae_tf.data.load("moving_shapes", split="test", size=16, length=4)


def first_four(clips):
    return next(clips.batches(4))["x"]


@pytest.mark.slow
def test_a_run_gives_the_same_codes_and_clips(clips):
    model, expected = rwae_tf.load(str(RUN)), json.loads((RUN / "expected.json").read_text())
    assert model.config.model.motion_input == "mean_centered" and model.config.data.validation_fraction == 0.1
    x = first_four(clips)
    codes = model.encode(x)
    # Of clips, the mean colour of each frame.
    found = {"z_c": codes.z_c, "z_m": codes.z_m, "reconstruct": np.mean(model.reconstruct(x), (2, 3)),
             "generate": np.mean(model.generate(num=2, length=5, seed=3), (2, 3))}
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-5, err_msg=name)


def test_a_judge_gives_the_same_answers(clips, monkeypatch):
    monkeypatch.setattr(storage, "refuse_poor", lambda *arguments: None)  # it is small, and poor
    judge, record = storage.load(str(JUDGE), DataConfig(dataset="moving_shapes", size=16, length=4), clips.spec)
    assert record["architecture"] == "linear"
    for factor, p in judge(first_four(clips)).items():
        expected = json.loads((JUDGE / "expected.json").read_text())[factor]
        np.testing.assert_allclose(p, expected, rtol=0, atol=1e-5, err_msg=factor)
