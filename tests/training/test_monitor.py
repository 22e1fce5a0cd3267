"""Indicators in training: their rows for any model and data, and warnings at changes alone."""

import json

import numpy as np
import pytest
import tiny

from rwae_tf import data
from rwae_tf.data.base import Clips
from rwae_tf.training import launch, monitor
from rwae_tf.training.metrics_log import MetricsLog
from rwae_tf.training.trainer import Trainer

NATS = "nats per clip, less than one bit"


@pytest.fixture(scope="module")
def model():
    """One for all tests: its verbs are traced once."""
    return tiny.build()


class Flicker(Clips):
    """`count` clips of noise, with the given labels or none."""

    def __init__(self, count, factors=None, static=()):
        super().__init__(count, 16, 4, 3, factors or {}, static)

    def frames(self, indices, epoch=0):
        return np.stack([np.random.default_rng(int(i)).integers(0, 256, (4, 64, 64, 3), np.uint8) for i in indices])

    def labels(self, indices):
        return {factor: np.asarray(indices, np.int32) % 2 for factor in self.spec.factors}


@pytest.mark.parametrize("action_size", [0, pytest.param(3, marks=pytest.mark.slow)])
def test_rows_of_a_model_on_labelled_clips(lamps, model, action_size):
    """The lamps' colour and trend are read without fault; the row is the same in every call."""
    measured = tiny.build(action_size=action_size) if action_size else model
    looks = monitor.Indicators(measured, data.load("lamps", size=16))
    row = looks.measure(epoch=1.0)
    assert row["on_real"] == {"colour": 1.0, "trend": 1.0} == dict.fromkeys(row["kept"], 1.0)
    assert {factor: value["code"] for factor, value in row["leakage"].items()} == {"colour": "z_m", "trend": "z_c"}
    for values in row["usage"].values():
        assert set(values) == {"kl", "information", "active_units", "influence"}
        assert np.isfinite(list(values.values())).all()
    assert json.loads(json.dumps(row)) == row == looks.measure(epoch=2.0)


@pytest.mark.parametrize("clips", [
    Flicker(16), Flicker(2), Flicker(3, {"who": ("a", "b")}), Flicker(150, {"who": ("a", "b")}, ("who",))
], ids=["no labels", "two clips", "three clips", "labels that are not in the pictures"])
def test_codes_are_measured_where_nothing_can_be_read(model, clips):
    row = monitor.Indicators(model, clips).measure(epoch=1.0)
    assert row["kept"] == row["leakage"] == row["on_real"] == {} and set(row["usage"]) == {"z_c", "z_m"}
    # The initial weights hardly look at the clips.
    assert "z_c is dead" in " ".join(row["verdicts"])


def test_no_verdict_within_the_first_pass(model):
    looks = monitor.Indicators(model, Flicker(8))
    early, late = looks.measure(epoch=0.99), looks.measure(epoch=1.0)
    assert early["verdicts"] == [] != late["verdicts"] and early["usage"] == late["usage"]


def test_clips_that_are_looked_at_are_not_fitted_to(model):
    asked = []

    class Asked(Flicker):
        def batch(self, indices, epoch=0):
            asked.append([int(index) for index in indices])
            return super().batch(indices, epoch)

    looks = monitor.Indicators(model, Asked(130, {"who": ("a", "b")}))
    looks.measure(1.0)
    looks.measure(1.0)
    # Half of the clips, 65, are looked at, and the reader gets the rest; all are read once.
    assert sorted(sum(asked, [])) == list(range(130)) and [len(part) for part in asked] == [50, 15, 50, 15]


@pytest.mark.slow
def test_one_and_two_replicas_indicate_the_same(two_replicas, model):
    clips = Flicker(8)
    with two_replicas.scope():
        mirrored = tiny.build()
    ours = monitor.Indicators(model, clips).measure(1.0)["usage"]
    theirs = monitor.Indicators(mirrored, clips).measure(1.0)["usage"]
    for code, values in ours.items():
        assert theirs[code] == pytest.approx(values, rel=1e-4, abs=1e-5)


DEAD, LEAK = f"z_m is dead: 0.10 {NATS}", "z_c leaks: action 43 % (chance 11 %)"


@pytest.mark.parametrize("verdicts, before, said", [
    ([], [], []),
    ([DEAD], [], [f"warning: {DEAD}"]),
    ([f"z_m is dead: 0.32 {NATS}"], [DEAD], []),
    (["z_c leaks: action 51 % (chance 11 %)"], [LEAK], []),
    (["z_m is dead: it moves 0.4 % of the decoder's output"], [DEAD],
     ["warning: z_m is dead: it moves 0.4 % of the decoder's output"]),
    ([DEAD, LEAK], [DEAD], [f"warning: {LEAK}"]),
    (["z_m leaks: digit_2 43 % (chance 10 %)"], ["z_m leaks: digit_3 43 % (chance 10 %)"],
     ["warning: z_m leaks: digit_2 43 % (chance 10 %)"]),
    ([LEAK], [DEAD, LEAK], []),
    ([], [LEAK], ["no more warnings: both codes are used, and nothing leaks"]),
])
def test_only_what_is_new_is_said(verdicts, before, said):
    assert monitor.news(verdicts, before) == said


@pytest.mark.slow
def test_a_run_writes_its_indicators_and_warns_at_changes(lamps, tmp_path, monkeypatch, capsys):
    """9 iterations in one pass over 270 clips; looks at 3, 6 and 9, and after a resume at 12, 15 and 18."""
    verdicts = iter([[], [DEAD], [f"z_m is dead: 0.32 {NATS}"], [f"z_m is dead: 0.33 {NATS}", LEAK], [LEAK], []])
    monkeypatch.setattr(monitor.Indicators, "measure",
                        lambda self, epoch, terms, ended: {"usage": {}, "kept": {}, "leakage": {}, "match": {},
                                                           "terms": {}, "verdicts": next(verdicts)})
    # Neither is what this is about.
    monkeypatch.setattr(MetricsLog, "pictures", lambda self, x, iteration: None)
    monkeypatch.setattr(Trainer, "step", lambda self, phase, x, number, extras: {"objective": 1.0})

    def run(epochs):
        config = tiny.config(dataset="lamps", batch_size=30, joint_update=True, inference_steps=1, log_every=3,
                             summary_minutes=0.0, decoder="dense", content_encoder="forward", epochs=epochs)
        assert launch.train(config, str(tmp_path)) == 0
        said = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
        rows = [json.loads(line) for line in (tmp_path / "indicators.jsonl").read_text().splitlines()]
        return said, [(row["iteration"], row["epoch"]) for row in rows]

    assert run(1) == ([f"warning: {DEAD}"], [(3, 0.3333), (6, 0.6667), (9, 1.0)])
    assert run(1) == ([], [(3, 0.3333), (6, 0.6667), (9, 1.0)])  # already at its end
    said, rows = run(2)
    assert said == [f"warning: {LEAK}", "no more warnings: both codes are used, and nothing leaks"]
    assert rows[3:] == [(12, 1.3333), (15, 1.6667), (18, 2.0)]
