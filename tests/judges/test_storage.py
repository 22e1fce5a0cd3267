"""The record of a judge: one that an earlier version wrote is read under the names of today."""

import pathlib
import shutil

import pytest

from rwae_tf.config import DataConfig
from rwae_tf.errors import InputError
from rwae_tf.judges import storage

# Written by the version before options were renamed: kind, vary, hold_out, lowest_decibels, test_share.
OLD = pathlib.Path(__file__).parent / "old_judge.json"


@pytest.fixture
def folder(tmp_path):
    shutil.copyfile(OLD, tmp_path / "judge.json")
    return str(tmp_path)


def wanted(**data):
    config = DataConfig(dataset="moving_shapes", size=32, length=16, **data)
    return {"data": storage.describe(config), "architecture": "convolutional", "validation_fraction": 0.0,
            "steps": 2000, "seed": 0, "augment": [], "fingerprint": "5b9ff49f07c45193"}


def test_an_old_judge_is_the_one_that_is_asked_for_today(folder):
    record = storage.find(folder, wanted())
    assert (record["architecture"], record["validation_fraction"], record["augment"]) == ("convolutional", 0.0, [])
    assert (record["data"]["min_db"], record["data"]["test_fraction"]) == (-400.0, 0.2)
    assert record["unseen"] == {} and record["accuracy"]["shape"] == 1.0
    assert not {"kind", "vary", "hold_out", "lowest_decibels", "test_share"} & {*record, *record["data"]}


def test_what_differs_from_an_old_judge_is_named_as_today(folder):
    with pytest.raises(InputError, match=r"another configuration: test_fraction \(0.2 -> 0.5\)"):
        storage.find(folder, wanted(test_fraction=0.5))
