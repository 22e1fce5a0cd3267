"""The log of a run read back: metrics.jsonl, indicators.jsonl, TensorBoard's scalars, text and pictures."""

import json
import resource
import time

import keras
import pytest
import tensorflow as tf
import tiny
from tensorboard.backend.event_processing import plugin_event_accumulator
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from rwae_tf import models
from rwae_tf.errors import InputError
from rwae_tf.training.metrics_log import MetricsLog

PROGRESS = {"iteration": 5, "epoch": 0.5, "batches": 10, "sequences": 40, "seconds": 1.5, "sequences_per_second": 20.0}
FOUND = {
    "match": {"z_c": {"auc": 0.75, "null_deviations": 2.0}},
    "terms": {"motion_kl": {"weighted": 8.0, "gradient": 0.5}, "reconstruction": {"weighted": 4.0, "gradient": None}},
    "usage": {"z_c": {"kl": 4.0, "information": 3.0, "active_units": 5, "influence": 0.5},
              "z_m": {"kl": 0.25, "information": 0.5, "active_units": 0, "influence": 0.0}},
    "kept": {"colour": 0.75}, "on_real": {"colour": 1.0},
    "leakage": {"colour": {"code": "z_m", "accuracy": 0.625, "chance": 0.375, "excess": 0.25}},
    "verdicts": ["z_m is dead: 0.25 nats per clip, less than one bit"],
}


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    return models.build(tiny.config(decoder="dense"), tiny.SPEC)


def test_log_reads_back(model, tmp_path):
    log = MetricsLog(str(tmp_path), 0, model)
    log.row(PROGRESS, {"reconstruction": 3.5, "motion_kl": 0.25}, {"decoder": 1e-3})
    log.pictures(tiny.sequences(batch=5), 5)
    log.close()

    (row,) = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert row["iteration"] == 5 and row["terms"] == {"reconstruction": 3.5, "motion_kl": 0.25}
    # The tiny configuration leaves beta_1, beta_2, eta and eta_c at their defaults.
    assert row["weights"] == {"reconstruction": 1.0, "content_divergence": 10.0, "motion_divergence": 60.0,
                              "motion_kl": 1.0, "content_kl": 0.0}

    events = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0})
    events.Reload()
    tags = set(events.Tags()["tensors"])
    assert {"terms/reconstruction", "weights/motion_kl", "learning_rates/decoder", "config", "reconstruct", "swap",
            "generate"} <= tags
    (scalar,) = events.Tensors("terms/reconstruction")
    assert scalar.step == 5 and tf.make_ndarray(scalar.tensor_proto) == 3.5
    for name in ("reconstruct", "swap", "generate"):
        width, height, png = events.Tensors(name)[0].tensor_proto.string_val[:3]
        assert png.startswith(b"\x89PNG") and int(width) > 16 and int(height) > 16
    assert b"motion_samples" in events.Tensors("config")[0].tensor_proto.string_val[0]


def test_indicators_read_back(model, tmp_path):
    log = MetricsLog(str(tmp_path), 0, model)
    assert log.last is None
    log.indicators({"iteration": 5, "epoch": 0.5}, FOUND)
    log.close()
    (row,) = [json.loads(line) for line in (tmp_path / "indicators.jsonl").read_text().splitlines()]
    assert row == log.last == {"iteration": 5, "epoch": 0.5, **FOUND}
    events = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0})
    events.Reload()
    found = {tag: tf.make_ndarray(events.Tensors(tag)[0].tensor_proto) for tag in events.Tags()["tensors"]
             if "/" in tag}
    assert found == {
        "usage/z_c_kl": 4, "usage/z_c_information": 3, "usage/z_c_active_units": 5, "usage/z_c_influence": 0.5,
        "usage/z_m_kl": 0.25, "usage/z_m_information": 0.5, "usage/z_m_active_units": 0, "usage/z_m_influence": 0,
        "kept/colour": 0.75, "leakage/colour_into_z_m": 0.25,
        "match/z_c_auc": 0.75, "match/z_c_mmd2_in_null_sd": 2, "share/motion_kl_weighted": 8,
        "share/motion_kl_gradient_on_encoders": 0.5, "share/reconstruction_weighted": 4}


def test_indicators_past_the_checkpoint_are_cut(model, tmp_path):
    path = tmp_path / "indicators.jsonl"
    path.write_text("".join(json.dumps({"iteration": i, "verdicts": [f"at {i}"]}) + "\n" for i in (2, 4, 6)))
    log = MetricsLog(str(tmp_path), 5, model)
    log.close()
    assert [json.loads(line)["iteration"] for line in path.read_text().splitlines()] == [2, 4]
    assert log.last == {"iteration": 4, "verdicts": ["at 4"]}


def test_lines_past_the_checkpoint_are_cut(model, tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(json.dumps({"iteration": i}) + "\n" for i in (2, 4, 6)) + '{"iteration": 8, "te')
    MetricsLog(str(tmp_path), 4, model).close()
    assert [json.loads(line)["iteration"] for line in path.read_text().splitlines()] == [2, 4]
    assert not list(tmp_path.glob("*.part"))


def test_tensorboard_shows_a_step_that_was_done_again_once(model, tmp_path):
    """A training is killed after iteration 6 and goes on from a checkpoint at 4, in another second.

    TensorBoard reads files in the order of their names, which begin with the second. Of one second they end with the
    count of files of this process, and .10 comes before .9.
    """
    for start, iterations in ((0, (2, 4, 6)), (4, (6, 8))):
        log = MetricsLog(str(tmp_path), start, model)
        for iteration in iterations:
            log.row({**PROGRESS, "iteration": iteration}, {"reconstruction": float(iteration + start)}, {})
        log.close()
        time.sleep(1)
    # As TensorBoard itself reads; the other accumulator hides no tensor that was written again.
    events = plugin_event_accumulator.EventAccumulator(str(tmp_path), size_guidance={"tensors": 0})
    events.Reload()
    found = {event.step: float(tf.make_ndarray(event.tensor_proto)) for event in events.Tensors("terms/reconstruction")}
    assert len(events.Tensors("terms/reconstruction")) == 4 and found == {2: 2, 4: 4, 6: 10, 8: 12}


def test_a_full_disk_is_named_with_its_reason(model, tmp_path):
    """The limit on the size of files stands for the disk."""
    log, limits = MetricsLog(str(tmp_path), 0, model), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(InputError) as caught:
            for iteration in range(100):
                log.row({**PROGRESS, "iteration": iteration}, {f"term_{k}": 1.0 for k in range(8)}, {})
                (tmp_path / "metrics.jsonl").unlink()  # which is not to reach the limit first
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    log.close()
    assert str(caught.value) == (
        f"{tmp_path}: TensorBoard's file cannot be written (File too large); allow larger files (ulimit -f, or the "
        "limits of that file system), then the same command goes on from the newest checkpoint")


@pytest.mark.parametrize("garbage", [b"\xff\x00\n", b"[4]\n", b'{"iteration": "four"}\n', b"{}\n"])
def test_a_damaged_log_is_cut_where_the_damage_begins(model, tmp_path, garbage):
    path = tmp_path / "indicators.jsonl"
    path.write_bytes(b'{"iteration": 2}\n' + garbage + b'{"iteration": 3}\n')
    log = MetricsLog(str(tmp_path), 5, model)
    log.close()
    assert path.read_text() == '{"iteration": 2}\n' and log.last == {"iteration": 2}
