"""Checkpoints: which one counts, what a full disk leaves, and what killed processes left."""

import os
import resource

import keras
import numpy as np
import pytest
import tensorflow as tf
from checkpointed import Run, model, pair, train

from rwae_tf.errors import InputError
from rwae_tf.runs.checkpoints import Checkpoints


def test_three_are_kept_and_tensorflow_finds_the_newest(tmp_path):
    run = Run(tmp_path)
    assert run.read() is None
    run.save(1, 5, 9, 10)
    assert run.names() == sorted(["checkpoint", *pair(5, 9, 10)])
    assert run.read() == (10, [10.0] * 3)
    assert tf.train.latest_checkpoint(str(run.place)) == str(run.place / "ckpt-10")


@pytest.mark.parametrize("garbage", [None, b"", b"garbage", b"\xff\x00", b'model_checkpoint_path: "ckpt-9"\n'])
def test_without_a_list_the_highest_number_counts(tmp_path, garbage):
    """As a number: of names, ckpt-9 is after ckpt-10."""
    run = Run(tmp_path).save(9, 10)
    listed = run.place / "checkpoint"
    listed.unlink() if garbage is None else listed.write_bytes(garbage)
    assert run.read() == (10, [10.0] * 3)


def test_one_that_a_killed_process_did_not_list_does_not_count(tmp_path):
    run = Run(tmp_path).save(1, 2, 3)
    (run.place / "checkpoint").write_text('all_model_checkpoint_paths: "ckpt-2"\n')
    (run.place / "ckpt-3.index").write_bytes(b"half")
    assert run.read() == (2, [2.0] * 3)


def test_weights_without_an_index_are_of_a_killed_process(tmp_path):
    run = Run(tmp_path).save(1, 2)
    (run.place / "checkpoint").unlink()
    (run.place / "ckpt-2.index").unlink()
    assert run.read() == (1, [1.0] * 3)


def test_a_list_of_a_folder_that_was_moved_is_read_by_its_names(tmp_path):
    run = Run(tmp_path).save(1, 2)
    (run.place / "checkpoint").write_text(
        "".join(f'all_model_checkpoint_paths: "/gone/run/checkpoints/ckpt-{n}"\n' for n in (1, 2)))
    assert run.read() == (2, [2.0] * 3)


@pytest.mark.parametrize("text, says", [
    (None, "lists ckpt-1, ckpt-2, of which no file is there"), ("garbage", "the list of checkpoints is damaged"),
], ids=["sound", "damaged"])
def test_checkpoints_that_are_all_gone_are_no_reason_to_begin_anew(tmp_path, text, says):
    run = Run(tmp_path).save(1, 2)
    for path in run.place.glob("ckpt-*"):
        path.unlink()
    if text:
        (run.place / "checkpoint").write_text(text)
    line = run.refusal()
    assert says in line and line.startswith(f"{run.place}/checkpoint: ") and f"delete {run.place}" in line


def test_notes_are_read_back_to_the_bit(tmp_path):
    assert train(Run(tmp_path).save(1, 2)) == (2, [2.0] * 3, {"window": [2 / 3]})


def test_a_pattern_in_a_bucket_is_refused():
    from rwae_tf.utils import patterns

    with pytest.raises(InputError, match=r"s3://bucket/a\[1\]: .*take a name without"):
        patterns.refuse_in_bucket("s3://bucket/a[1]")
    patterns.refuse_in_bucket("s3://bucket/a1")
    patterns.refuse_in_bucket("a[1]")


def test_a_full_disk_leaves_the_checkpoints_that_were_there(tmp_path):
    """The limit on the size of files stands for the disk; the reason is the one of the operating system."""
    run = Run(tmp_path).save(1)
    run.model.variables.append(keras.Variable(np.zeros(100_000, np.float32), name="large"))
    run.checkpoints = Checkpoints(run.folder, run.model, {"w": model()}, run.counters)
    before = run.names()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(InputError) as caught:
            run.save(2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "no checkpoint can be written (File too large); allow larger files (ulimit -f" in str(caught.value)
    assert str(caught.value).endswith(f"goes on from {run.place}/ckpt-1")
    assert run.names() == before and run.read() == (1, [1.0] * 3)


def test_what_killed_processes_left_is_removed(tmp_path):
    run = Run(tmp_path).save(1)
    (run.place / "ckpt-2_temp").mkdir()
    (run.place / "ckpt-2_temp" / "part-00000-of-00001.data-00000-of-00001").write_bytes(bytes(100))
    (run.place / "mine_temp").mkdir()
    assert train(run)[0] == 1
    assert run.names() == sorted(["checkpoint", "mine_temp", *pair(1)])
    run.save(3)
    assert run.names() == sorted(["checkpoint", "mine_temp", *pair(1, 3)])
    assert os.path.isdir(run.place / "mine_temp")
