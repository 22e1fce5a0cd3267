"""Prepared MUG that is damaged, and options that do not fit it."""

import json
import shutil

import pytest

from rwae_tf import data
from rwae_tf.data.prepare.mug import manifest_file
from rwae_tf.errors import InputError


@pytest.fixture
def copied(mug_dir, tmp_path):
    return shutil.copytree(mug_dir, tmp_path / "mug")


def shard_of(folder):
    return next(folder.glob("*.tfrecord"))


def change(path, place, value):
    """Put `value` at a `place`, a list of keys, in a JSON file; take the key away for None."""
    manifest = json.loads(path.read_text())
    inner = manifest
    for key in place[:-1]:
        inner = inner[key]
    if value is None:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    path.write_text(json.dumps(manifest))


def flip(folder):
    content = bytearray(shard_of(folder).read_bytes())
    content[len(content) // 2] ^= 1
    shard_of(folder).write_bytes(content)


TAKE = ["shards", 0, "takes", 3]


@pytest.mark.parametrize("damage, says", [
    (lambda d: (d / "manifest.json").unlink(), "manifest.json: No such file.*tools/prepare_mug.py"),
    (lambda d: (d / "manifest.json").rename(d / "manifest.partial.json"), "not finished.*again with the same flags"),
    (lambda d: (d / "manifest.json").write_text(""), "manifest.json: not JSON"),
    (lambda d: (d / "manifest.json").write_bytes((d / "manifest.json").read_bytes()[:700]), "manifest.json: not JSON"),
    (lambda d: (d / "manifest.json").write_bytes(b"\xff\xfe\x00"), "manifest.json: not JSON"),
    (lambda d: (d / "manifest.json").write_text("[]"), "version None, but this package reads 1"),
    (lambda d: change(d / "manifest.json", ["version"], 2), "version 2, but this package reads 1"),
    (lambda d: change(d / "manifest.json", ["spec"], None), "not a manifest of this package"),
    (lambda d: change(d / "manifest.json", ["spec", "frame_shape"], [32, 32, 3]), "not a manifest.*frame_shape"),
    (lambda d: change(d / "manifest.json", ["shards"], []), "not a manifest.*no takes"),
    (lambda d: change(d / "manifest.json", [*TAKE, "expression"], "contempt"), "not a manifest.*contempt"),
    (lambda d: change(d / "manifest.json", [*TAKE, "offset"], 10**9), "not a manifest.*take"),
    (lambda d: change(d / "manifest.json", [*TAKE, "frames"], 0), "not a manifest.*take"),
    (lambda d: change(d / "manifest.json", [*TAKE, "frames"], "12"), "not a manifest"),
    (lambda d: shard_of(d).unlink(), r"mug-00000-of-00001.tfrecord: No such file.*tools/prepare_mug.py"),
    (lambda d: shard_of(d).write_bytes(b""), "tfrecord: 0 bytes, not the [0-9]+ of the manifest"),
    (lambda d: shard_of(d).write_bytes(shard_of(d).read_bytes()[:-9]), "tfrecord: [0-9]+ bytes, not the"),
    (flip, "tfrecord: SHA-256 is not the one in the manifest"),
], ids=["no manifest", "unfinished", "empty", "cut", "binary", "a list", "version", "no spec", "shape", "no shards",
        "label", "offset", "no frames", "text for a number", "no shard", "empty shard", "cut shard", "one bit"])
def test_a_damaged_folder_is_refused_in_one_line(copied, damage, says):
    damage(copied)
    with pytest.raises(InputError, match=says) as caught:
        data.load("mug", "test", str(copied))
    assert "\n" not in str(caught.value) and str(copied) in str(caught.value)


@pytest.mark.parametrize("arguments, says", [
    ({"data_dir": None}, "mug needs data_dir.*tools/prepare_mug.py"),
    ({"data_dir": "nowhere"}, "nowhere/manifest.json: No such file.*tools/prepare_mug.py"),
    ({"split_by": "take"}, "split_by='take': choose one of video, subject"),
    ({"length": 13}, "length=13, frame_step=1: the shortest take in .* has 12 frames, not 13.*--length"),
    ({"length": 7, "frame_step": 2}, "length=7, frame_step=2: the shortest take in .* has 12 frames, not 13.*--length"),
    ({"frame_step": 0}, "frame_step=0: give at least 1"),
])
def test_bad_arguments_are_refused_in_one_line(mug_dir, arguments, says):
    with pytest.raises(InputError, match=says) as caught:
        data.load(**{"dataset": "mug", "split": "test", "data_dir": str(mug_dir), **arguments})
    assert "\n" not in str(caught.value)


def test_too_few_subjects_for_a_split_are_refused(copied):
    for take in range(30):
        change(copied / "manifest.json", ["shards", 0, "takes", take, "subject"], "001")
    with pytest.raises(InputError, match="nothing for split=train among 30 takes of 1 subjects with split_by=subject"):
        data.load("mug", "train", str(copied), split_by="subject")


def test_a_shard_is_read_anew_once_it_has_changed(copied):
    data.load("mug", "test", str(copied))
    assert manifest_file.read(str(copied))
    flip(copied)
    with pytest.raises(InputError, match="SHA-256"):
        data.load("mug", "test", str(copied))


def test_a_manifest_without_the_stride_is_refused(copied):
    path = copied / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["spec"]["stride"]
    path.write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="not a manifest of this package .KeyError.'stride'"):
        data.load("mug", "test", str(copied))
