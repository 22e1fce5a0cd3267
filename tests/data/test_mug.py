import hashlib
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from rwae_tf import data, judge
from rwae_tf.config import DataConfig
from rwae_tf.data.datasets import mug
from rwae_tf.data.prepare.mug import manifest_file, writer
from rwae_tf.errors import InputError
from rwae_tf.judges import storage as judge_storage

EXPRESSIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise")


def manifest_of(folder):
    return json.loads((folder / "manifest.json").read_text())


def takes_of(folder):
    return [take for shard in manifest_of(folder)["shards"] for take in shard["takes"]]


def records(folder):
    """Take name -> frames, read by TensorFlow, which checks each record's own checksums."""
    features = {name: tf.io.FixedLenFeature([], tf.string) for name in ("take", "subject", "expression", "frames")}
    features["shape"] = tf.io.FixedLenFeature([4], tf.int64)
    found = {}
    for record in tf.data.TFRecordDataset(sorted(map(str, folder.glob("*.tfrecord")))):
        one = tf.io.parse_single_example(record, features)
        frames = np.frombuffer(one["frames"].numpy(), np.uint8).reshape(one["shape"].numpy())
        found[one["take"].numpy().decode()] = (frames, one["subject"].numpy(), one["expression"].numpy())
    return found


def test_takes_are_those_in_the_tfrecords(mug_dir):
    found = records(mug_dir)
    takes, shards = takes_of(mug_dir), manifest_of(mug_dir)["shards"]
    assert [take["take"] for take in takes] == list(found) and len(found) == 30
    for take in takes:
        frames, subject, expression = found[take["take"]]
        assert (subject.decode(), expression.decode()) == (take["subject"], take["expression"])
        assert frames.shape == (12, 64, 64, 3)
        np.testing.assert_array_equal(mug.frames_of(str(mug_dir), shards[0], take), frames)


def test_clips_are_windows_of_the_takes_with_their_labels(mug_dir):
    found = records(mug_dir)
    seen = []
    for split in ("train", "test"):
        clips = data.load("mug", split, str(mug_dir), length=10)
        labels = clips.labels(np.arange(len(clips)))
        for index, clip in enumerate(clips.frames(np.arange(len(clips)))):
            names = [name for name, (frames, *_) in found.items()
                     if any(np.array_equal(frames[k:k + 10], clip) for k in range(3))]
            assert len(names) == 1
            seen += names
            subject, expression = (clips.spec.factors[factor][labels[factor][index]]
                                   for factor in ("subject", "expression"))
            assert names[0].startswith(f"{subject}/{expression}/")
    assert sorted(seen) == sorted(found)  # every take is in one of both, once


def test_what_a_clip_is(mug_dir):
    clips = data.load("mug", "train", str(mug_dir))
    assert clips.spec.factors == {"expression": EXPRESSIONS, "subject": ("001", "002", "003", "004", "005")}
    assert clips.spec.static == ("subject",) and clips.spec.length == 8
    assert data.load("mug", "test", str(mug_dir)).spec.length == 10
    assert len(clips) == 24  # four fifths of 30


def test_windows_hold_the_middle_frame():
    # A take of 20: frame 10, in the windows of 8 that start at 3 ... 10; around it starts 6 (6 ... 13).
    starts = [mug.first_frame(20, 8, draw) for draw in np.linspace(0, 1, 1000, endpoint=False)]
    assert np.bincount(starts).tolist() == [0, 0, 0] + [125] * 8
    assert mug.first_frame(20, 8) == 6
    # Of 10, windows of 8 start at 0, 1 or 2, and all hold frame 5; a whole take starts at 0.
    assert {mug.first_frame(10, 8, draw) for draw in (0.0, 0.4, 0.99)} == {0, 1, 2}
    assert (mug.first_frame(10, 8), mug.first_frame(10, 10), mug.first_frame(10, 10, 0.7)) == (1, 0, 0)
    assert {mug.first_frame(7, 1, draw) for draw in (None, 0.0, 0.99)} == {3}


def test_frames_of_a_window_at_steps(mug_dir):
    every, second = (data.load("mug", "test", str(mug_dir), length=length, frame_step=step)
                     for length, step in ((9, 1), (5, 2)))  # 5 frames in steps of 2 span 9
    chosen = np.arange(len(every))
    np.testing.assert_array_equal(second.frames(chosen), every.frames(chosen)[:, ::2])


def test_training_windows_change_from_epoch_to_epoch(mug_dir):
    clips = data.load("mug", "train", str(mug_dir), length=8)
    frames = [clips.frames(np.arange(24), epoch) for epoch in range(3)]
    assert not np.array_equal(frames[0], frames[1]) and not np.array_equal(frames[1], frames[2])
    np.testing.assert_array_equal(clips.frames(np.arange(24), 1), frames[1])


@pytest.mark.parametrize("subjects, takes", [(86, 12), (5, 6), (52, 17)])
def test_splits_share_no_take_and_by_subject_no_subject(subjects, takes):
    owners = np.repeat(np.arange(subjects), takes)
    by_video = {split: mug.of_split(owners, split, "video", 0.1) for split in data.SPLITS}
    by_subject = {split: mug.of_split(owners, split, "subject", 0.1) for split in data.SPLITS}
    for parts in (by_video, by_subject):
        assert sorted(np.concatenate(list(parts.values()))) == list(range(len(owners)))
    assert len(by_video["test"]) == round(0.2 * len(owners))
    assert len(by_subject["test"]) == round(0.2 * subjects) * takes
    who = {split: set(owners[chosen]) for split, chosen in by_subject.items()}
    assert not who["test"] & (who["train"] | who["validation"]) and not who["train"] & who["validation"]
    held = set(owners[by_video["validation"]])
    assert not held & set(owners[by_video["train"]]) and len(held) == max(1, round(0.1 * subjects))
    assert {split: set(mug.of_split(owners, split, "video", 0)) for split in ("train", "test")} == {
        "train": set(by_video["train"]) | set(by_video["validation"]), "test": set(by_video["test"])}


def test_a_split_by_subject_has_no_factor_that_cannot_be_learned(mug_dir):
    config = DataConfig(dataset="mug", data_dir=str(mug_dir), size=32, length=6, split_by="subject")
    train, test = (data.from_config(config, split) for split in ("train", "test"))
    assert (len(train), len(test)) == (24, 6)  # of 5 subjects one is for test
    assert list(train.spec.factors) == ["expression"] and train.spec.static == ()
    assert sorted(test.labels(np.arange(6))["expression"]) == list(range(6))


def test_checksums_are_of_the_files(mug_dir):
    for shard in manifest_of(mug_dir)["shards"]:
        content = (mug_dir / shard["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (shard["bytes"], shard["sha256"])


@pytest.mark.slow
def test_a_judge_of_faces_is_reported_whatever_it_reads(mug_dir, tmp_path, capsys):
    where = [f"--data_dir={mug_dir}", f"--judge_dir={tmp_path}"]
    flags = ["--dataset=mug", "--size=16", "--length=4", "--architecture=linear", "--steps=2"]
    assert judge.main(["judge", *flags, *where]) == 0
    assert "of 6 test clips" in capsys.readouterr().out
    record = json.loads((tmp_path / "judge.json").read_text())
    assert set(record["accuracy"]) == {"expression", "subject"} and record["threshold"] == 0
    assert np.shape(record["confusion"]["expression"]) == (6, 6) and np.sum(record["confusion"]["subject"]) == 6
    other = DataConfig(dataset="mug", data_dir=str(mug_dir), size=16, length=4, split_by="subject")
    with pytest.raises(InputError, match=r"split_by \(video -> subject\).*--length=4 --split_by="):
        judge_storage.load(str(tmp_path), other, data.from_config(other, "test").spec)


# What is broken.


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


@pytest.mark.parametrize("frame_step, stride, step", [(1, 1, 1), (1, 2, 1), (2, 1, 2), (2, 2, 1), (4, 2, 2)])
def test_frame_step_counts_recorded_frames(frame_step, stride, step):
    assert mug.prepared_step(frame_step, stride) == step


def test_frames_that_were_not_prepared_are_refused():
    with pytest.raises(InputError, match="frame_step=3: the takes were prepared with --stride=2; give a multiple of 2"):
        mug.prepared_step(3, 2)


@pytest.mark.parametrize("frame_step, stride, recorded", [(1, 1, 1), (1, 2, 2), (2, 1, 2), (2, 2, 2), (4, 2, 4)])
def test_the_line_multiplies_the_stride_of_the_preparation(faces_dir, tmp_path, capsys, frame_step, stride, recorded):
    writer.write(writer.plan(str(faces_dir), "none", stride=stride, length=3), str(tmp_path))  # 12 frames recorded
    assert manifest_file.read(str(tmp_path))["spec"]["stride"] == stride
    data.load("mug", "test", str(tmp_path), length=3, frame_step=frame_step)
    text = f"a clip takes one of {recorded} recorded frames (one of {recorded // stride} that were prepared with "
    assert f"{tmp_path}: {text}--stride={stride})" in capsys.readouterr().err


def test_a_manifest_without_the_stride_is_refused(copied):
    path = copied / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["spec"]["stride"]
    path.write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="not a manifest of this package .KeyError.'stride'"):
        data.load("mug", "test", str(copied))
