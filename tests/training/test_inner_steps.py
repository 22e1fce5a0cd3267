"""Which batch and which noise every step of an iteration gets."""

import numpy as np
import pytest
import tiny

from rwae_tf.training import launch, loop, monitor
from rwae_tf.training.metrics_log import MetricsLog
from rwae_tf.training.trainer import Trainer


@pytest.fixture
def steps(lamps, tmp_path, monkeypatch):
    """A function that trains one iteration of L = 4 and gives (phase, batch, noise) of each step."""
    def run(objectives, **changes):
        taken, values = [], iter(objectives)

        def step(self, phase, x, number, extras):
            taken.append((phase.name, float(np.sum(x)), number))
            return {"objective": next(values)}

        monkeypatch.setattr(Trainer, "step", step)
        monkeypatch.setattr(MetricsLog, "pictures", lambda self, x, iteration: None)
        monkeypatch.setattr(monitor.Indicators, "measure", lambda self, epoch, terms, ended: {
            "usage": {}, "kept": {}, "leakage": {}, "match": {}, "terms": {}, "verdicts": []})
        # The lamps' 270 clips in batches of 30 are 9 batches: an epoch ends after two iterations of five.
        config = tiny.config(dataset="lamps", batch_size=30, inference_steps=4, epochs=1, max_minutes=1e-9,
                             decoder="dense", content_encoder="forward", **changes)
        monkeypatch.setattr(loop.Loop, "_out_of_time", lambda self: bool(taken))
        assert launch.train(config, str(tmp_path)) == 0
        return taken

    return run


def test_every_step_has_a_batch_and_noise_of_its_own(steps):
    taken = steps([5.0] * 5)
    assert [name for name, *_ in taken] == ["inference"] * 4 + ["generation"]
    assert len({x for _, x, _ in taken}) == 5 and [number for *_, number in taken] == [0, 1, 2, 3, 4]


def test_adaptive_steps_compare_one_batch_and_stop_without_a_gain(steps):
    taken = steps(
        [5.0, 4.0, 4.0, 1.0], adaptive_inference_steps=True
    )  # no gain from the second step, so three are taken
    assert [name for name, *_ in taken] == ["inference"] * 3 + ["generation"]
    (first, _, third, last) = taken
    assert {(x, number) for _, x, number in taken[:3]} == {first[1:]}
    assert last[1] != third[1] and last[2] == 3


def test_one_batch_for_a_whole_iteration(steps):
    assert len({x for _, x, _ in steps([5.0] * 5, reuse_batch=True)}) == 1
