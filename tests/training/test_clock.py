"""The clock of a training: `--max_minutes` and "seconds" leave out the first iteration, which traces."""

import types

import tiny

from rwae_tf.runs import run_dir
from rwae_tf.training import launch, loop, monitor
from rwae_tf.training.metrics_log import MetricsLog
from rwae_tf.training.trainer import Trainer


def test_tracing_is_no_time_of_training(lamps, tmp_path, monkeypatch):
    """The first step takes 100 s and the others one: a limit of five seconds gives six iterations."""
    clock = [0.0]

    def step(self, phase, x, number, extras):
        clock[0] += 1.0 if number else 100.0
        return {"objective": 1.0}

    monkeypatch.setattr(loop, "time", types.SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(Trainer, "step", step)
    monkeypatch.setattr(MetricsLog, "pictures", lambda self, x, iteration: None)
    monkeypatch.setattr(monitor.Indicators, "measure", lambda self, epoch, terms, ended: {
        "usage": {}, "kept": {}, "leakage": {}, "match": {}, "terms": {}, "verdicts": []})
    config = tiny.config(dataset="lamps", batch_size=30, inference_steps=1, joint_update=True, epochs=1, log_every=1,
                         max_minutes=5 / 60, decoder="dense", content_encoder="forward")
    assert launch.train(config, str(tmp_path)) == 0
    rows = run_dir.read_log(run_dir.metrics_path(str(tmp_path)))
    assert [row["seconds"] for row in rows] == [0, 1, 2, 3, 4, 5]
