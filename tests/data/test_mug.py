"""Prepared MUG as clips: takes, windows and splits."""

import hashlib
import json

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
