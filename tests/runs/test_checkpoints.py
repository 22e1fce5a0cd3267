"""Checkpoints: which one counts, what a full disk leaves, and what a line says of one that cannot be read."""

import os
import pathlib
import resource
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from rwae_tf.errors import InputError
from rwae_tf.runs.checkpoints import Checkpoints, Counters


def model(width=3):
    """Something with variables, all that checkpoints ask of a model."""
    return types.SimpleNamespace(variables=[keras.Variable(np.zeros(width, np.float32), name="w")])


class Run:
    """The folder of a run whose weights are its iteration."""

    def __init__(self, folder):
        self.folder, self.place = str(folder), pathlib.Path(folder) / "checkpoints"
        self.model, self.counters = model(), Counters()
        self.checkpoints = Checkpoints(self.folder, self.model, {}, self.counters)

    def save(self, *iterations):
        for number in iterations:
            self.counters.iteration.assign(number)
            self.model.variables[0].assign([number] * 3)
            self.checkpoints.save()
        return self

    def read(self):
        """Iteration and weights of the newest checkpoint, by a process that knows nothing of this one; None if none."""
        found, counters = model(), Counters()
        if not Checkpoints(self.folder, found, {}, counters).restore():
            return None
        return int(counters.iteration), np.asarray(found.variables[0]).tolist()

    def refusal(self):
        with pytest.raises(InputError) as caught:
            self.read()
        return str(caught.value)

    def names(self):
        return sorted(path.name for path in self.place.iterdir())


def pair(*numbers):
    return [f"ckpt-{n}{end}" for n in numbers for end in (".data-00000-of-00001", ".index")]


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


def damage(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("end", ["index", "data-00000-of-00001"])
def test_what_a_line_advises_to_delete_is_right(tmp_path, end):
    """With one before, that is read when the files are gone; without one, the run begins anew."""
    run = Run(tmp_path).save(1, 2)
    damage(run.place / f"ckpt-2.{end}")
    line = run.refusal()
    assert line.startswith(f"{run.place}/ckpt-2: damaged") and line.endswith("go on from ckpt-1, the one before")
    for path in run.place.glob("ckpt-2.*"):
        path.unlink()
    assert run.read() == (1, [1.0] * 3)
    damage(run.place / f"ckpt-1.{end}")
    line = run.refusal()
    assert line.startswith(f"{run.place}/ckpt-1: damaged") and "the only one" in line
    for path in [*run.place.glob("ckpt-1.*"), run.place / "checkpoint"]:
        path.unlink()
    assert run.read() is None


def test_one_of_other_sizes_is_not_called_damaged(tmp_path):
    run = Run(tmp_path).save(1)
    with pytest.raises(InputError, match="ckpt-1: whole, but of another configuration") as caught:
        Checkpoints(run.folder, model(4), {}, Counters()).restore()
    assert "delete" not in str(caught.value)


def test_one_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    run = Run(tmp_path).save(1)

    def refuse(self):
        return PermissionError(13, "Permission denied", "x")

    monkeypatch.setattr(Checkpoints, "_damage", refuse)  # root, who may run this, may read everything
    damage(run.place / "ckpt-1.index")
    line = run.refusal()
    assert line == f"{run.place}/ckpt-1: cannot be read (Permission denied); try again"


@pytest.mark.parametrize("name", ["lr=[1e-3,1e-4]", "mine[1]", "a*", "a?", "[a-z]", "a\\b", "plain"])
def test_a_folder_whose_name_is_a_pattern_is_that_folder(tmp_path, name):
    """Beside it lie folders that the pattern matches: of those, nothing is read or deleted."""
    others = [Run(tmp_path / other).save(1, 2, 3) for other in ("mine1", "ab", "b", "axx")]
    before = [other.names() for other in others]
    run = Run(tmp_path / name).save(4, 5, 6, 7)
    assert run.names() == sorted(["checkpoint", *pair(5, 6, 7)])
    assert run.read() == (7, [7.0] * 3)
    assert [other.names() for other in others] == before and [other.read()[0] for other in others] == [3] * 4
    damage(run.place / "ckpt-7.index")
    assert run.refusal().startswith(f"{run.place}/ckpt-7: damaged")


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
    run.checkpoints = Checkpoints(run.folder, run.model, {}, run.counters)
    before = run.names()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(InputError) as caught:
            run.save(2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "no checkpoint can be written (File too large); make room there" in str(caught.value)
    assert str(caught.value).endswith(f"goes on from {run.place}/ckpt-1")
    assert run.names() == before and run.read() == (1, [1.0] * 3)


def test_what_killed_processes_left_is_removed(tmp_path):
    run = Run(tmp_path).save(1)
    (run.place / "ckpt-2_temp").mkdir()
    (run.place / "ckpt-2_temp" / "part-00000-of-00001.data-00000-of-00001").write_bytes(bytes(100))
    (run.place / "mine_temp").mkdir()
    run.save(3)
    assert run.names() == sorted(["checkpoint", "mine_temp", *pair(1, 3)])
    assert os.path.isdir(run.place / "mine_temp")
