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
from rwae_tf.runs import checkpoints as checkpoints_module
from rwae_tf.runs.checkpoints import Checkpoints, Counters
from rwae_tf.utils import files


def model(width=3):
    """Something with variables, all that checkpoints ask of a model."""
    return types.SimpleNamespace(variables=[keras.Variable(np.zeros(width, np.float32), name="w")])


class Run:
    """The folder of a run whose weights are its iteration."""

    def __init__(self, folder):
        self.folder, self.place = str(folder), pathlib.Path(folder) / "checkpoints"
        self.model, self.counters = model(), Counters()
        self.checkpoints = Checkpoints(self.folder, self.model, {"w": model()}, self.counters)

    def save(self, *iterations):
        for number in iterations:
            self.counters.iteration.assign(number)
            self.model.variables[0].assign([number] * 3)
            self.checkpoints.save({"window": [number / 3]})
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
    return [f"ckpt-{n}{end}" for n in numbers for end in (".data-00000-of-00001", ".index", ".json")]


def train(run):
    """What a training restores of a run: (iteration, weights, notes)."""
    found, counters = model(), Counters()
    restored = Checkpoints(run.folder, found, {"w": model()}, counters)
    assert restored.restore()
    return int(counters.iteration), np.asarray(found.variables[0]).tolist(), restored.notes


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


def flip(path):
    """Change one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_notes_are_read_back_to_the_bit(tmp_path):
    assert train(Run(tmp_path).save(1, 2)) == (2, [2.0] * 3, {"window": [2 / 3]})


@pytest.mark.parametrize("end, change, says", [
    ("index", damage, "ckpt-3.index has "), ("data-00000-of-00001", flip, "the checksum of ckpt-3.data-00000-of-00001"),
    ("data-00000-of-00001", pathlib.Path.unlink, "ckpt-3.data-00000-of-00001 is missing"),
    ("json", damage, "ckpt-3.json, its record, is damaged"), ("json", flip, "ckpt-3"),
    ("json", lambda path: path.write_text(path.read_text().replace("1.0", "1.5")), "ckpt-3.json, its record, is")])
def test_a_training_renames_a_damaged_one_and_reading_commands_refuse_it(tmp_path, capsys, end, change, says):
    run = Run(tmp_path).save(1, 2, 3)
    change(run.place / f"ckpt-3.{end}")
    before = run.names()
    line = run.refusal()
    assert line.startswith(f"{run.place}/ckpt-3: damaged") and says in line and "from ckpt-2, the one before" in line
    assert run.names() == before  # reading changes nothing
    capsys.readouterr()
    assert train(run)[:2] == (2, [2.0] * 3)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{run.place}/ckpt-3: damaged (") and line.endswith("going on from ckpt-2, the one before")
    renamed = [name for name in run.names() if name.startswith("ckpt-3.damaged-")]
    assert len(renamed) == len(before) - len(["checkpoint", *pair(1, 2)])
    assert not [name for name in run.names() if name.startswith("ckpt-3.") and "damaged" not in name]
    assert run.read() == train(run)[:2] == (2, [2.0] * 3)  # by every process
    Run(tmp_path).save(4)
    assert run.read() == (4, [4.0] * 3)


def test_checkpoints_of_earlier_versions_have_no_record(tmp_path):
    """They are read as they are; a damaged one is found when TensorFlow reads it."""
    run = Run(tmp_path).save(1, 2)
    for path in run.place.glob("*.json"):
        path.unlink()
    assert run.read() == (2, [2.0] * 3) and train(run)[2] == {}
    damage(run.place / "ckpt-2.index")
    assert "ckpt-2: damaged" in run.refusal()
    assert train(run)[:2] == (1, [1.0] * 3)


def test_the_only_one_is_never_renamed(tmp_path):
    run = Run(tmp_path).save(1)
    flip(run.place / "ckpt-1.index")
    with pytest.raises(InputError, match="ckpt-1: damaged.*it is the only one: delete its files"):
        train(run)
    assert run.names() == sorted(["checkpoint", *pair(1)])


def test_a_damaged_one_in_a_bucket_is_renamed(bucket, tmp_path):
    run = Run(f"{bucket}/damaged-{tmp_path.name}")
    run.save(1, 2)
    folder = f"{run.folder}/checkpoints"
    files.write(f"{folder}/ckpt-2.index", files.read(f"{folder}/ckpt-2.index")[:-1])
    assert train(run)[:2] == (1, [1.0] * 3)
    names = files.names(folder)
    assert set(pair(1)) < set(names) and len([name for name in names if "ckpt-2.damaged-" in name]) == 3


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
        Checkpoints(run.folder, model(4), {"w": model()}, Counters()).restore()
    assert run.names() == sorted(["checkpoint", *pair(1)])
    assert "delete" not in str(caught.value)


def test_one_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    run, error = Run(tmp_path).save(1), PermissionError(13, "Permission denied", "x")

    def refuse(*args):
        raise error

    # Root, who may run this, may read everything.
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints_module.checkpoint_record.files, "sha256", refuse)
        assert run.refusal() == f"{run.place}/ckpt-1: cannot be read (Permission denied); try again"
    (run.place / "ckpt-1.json").unlink()
    monkeypatch.setattr(Checkpoints, "_damage", lambda self: error)
    damage(run.place / "ckpt-1.index")
    assert run.refusal() == f"{run.place}/ckpt-1: cannot be read (Permission denied); try again"


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
