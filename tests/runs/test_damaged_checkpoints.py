"""Damaged checkpoints: which are renamed or refused, and what the line advises."""

import pathlib

import pytest
from checkpointed import Run, model, pair, train
from spoil import truncate

from rwae_tf.errors import InputError
from rwae_tf.runs import checkpoints as checkpoints_module
from rwae_tf.runs.checkpoints import Checkpoints, Counters
from rwae_tf.utils import files


def flip(path):
    """Change one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("end, change, says", [
    ("index", truncate, "ckpt-3.index has "),
    ("data-00000-of-00001", flip, "the checksum of ckpt-3.data-00000-of-00001"),
    ("data-00000-of-00001", pathlib.Path.unlink, "ckpt-3.data-00000-of-00001 is missing"),
    ("json", truncate, "ckpt-3.json, its record, is damaged"), ("json", flip, "ckpt-3"),
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
    truncate(run.place / "ckpt-2.index")
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
    truncate(run.place / f"ckpt-2.{end}")
    line = run.refusal()
    assert line.startswith(f"{run.place}/ckpt-2: damaged") and line.endswith("go on from ckpt-1, the one before")
    for path in run.place.glob("ckpt-2.*"):
        path.unlink()
    assert run.read() == (1, [1.0] * 3)
    truncate(run.place / f"ckpt-1.{end}")
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
    truncate(run.place / "ckpt-1.index")
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
    truncate(run.place / "ckpt-7.index")
    assert run.refusal().startswith(f"{run.place}/ckpt-7: damaged")
