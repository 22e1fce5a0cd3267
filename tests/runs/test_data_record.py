"""Data that changed since a run was made are noticed; the same data elsewhere are not taken for others."""

import os
import shutil

import numpy as np
import pytest

from rwae_tf import config, data
from rwae_tf.data.base import Clips
from rwae_tf.errors import InputError
from rwae_tf.runs import data_record
from rwae_tf.types import SequenceSpec


def load(folder):
    return data.load("folder", "train", str(folder), size=16, length=4)


@pytest.fixture
def videos(tmp_path):
    """A folder of eight videos in two classes, and the run that was made with it."""
    draw = np.random.default_rng(0)
    for number in range(8):
        path = tmp_path / "videos" / "ab"[number % 2] / f"{number}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, x=draw.integers(0, 256, (1, 8, 64, 64, 3), np.uint8))
    (tmp_path / "run").mkdir()
    data_record.keep(str(tmp_path / "run"), load(tmp_path / "videos"), "")
    return tmp_path / "videos"


def changes(videos):
    return data_record.changes(str(videos.parent / "run"), load(videos))


def test_the_same_files_elsewhere_are_the_same_data(videos):
    assert changes(videos) == ""
    copy = shutil.copytree(videos, videos.parent / "copy", copy_function=shutil.copyfile)
    assert changes(copy) == ""


@pytest.mark.parametrize("change", [
    lambda videos: shutil.copyfile(videos / "a" / "0.npz", videos / "a" / "9.npz"),
    lambda videos: (videos / "a" / "0.npz").unlink(),
], ids=["added", "removed"])
def test_files_added_or_removed(videos, change):
    change(videos)
    assert "files were added, removed, renamed or altered" in changes(videos)


def test_a_file_altered(videos):
    """One byte of one frame; whatever the split that the video belongs to."""
    for number in range(8):
        path = videos / "ab"[number % 2] / f"{number}.npz"
        before = path.read_bytes()
        frames = np.load(path)["x"]
        frames[0, 7, 63, 63, 2] ^= 1
        np.savez(path, x=frames)
        assert changes(videos).startswith("files were added, removed, renamed or altered")
        path.write_bytes(before)
    assert changes(videos) == ""


def test_a_video_of_another_class(videos):
    os.rename(videos / "a" / "0.npz", videos / "b" / "0.npz")
    assert "labels differ" in changes(videos)


def test_the_line_names_data_run_and_flag(videos):
    (videos / "a" / "0.npz").unlink()
    run = str(videos.parent / "run")
    with pytest.raises(InputError) as caught:
        data_record.check(run, load(videos), str(videos), accept=False)
    assert str(caught.value).startswith(f"{videos}: not the data that {run} was made with: ")
    assert str(caught.value).endswith("give --accept_changed_data to go on with these")
    changed = data_record.check(run, load(videos), str(videos), accept=True)
    assert "files were" in changed
    data_record.keep(run, load(videos), "")  # what is recorded stays
    assert changes(videos)
    data_record.keep(run, load(videos), changed)  # until a change is accepted
    assert changes(videos) == ""


def test_a_run_of_an_older_version_has_no_record(videos, tmp_path):
    (tmp_path / "run" / "data.json").unlink()
    (videos / "a" / "0.npz").unlink()
    assert changes(videos) == ""


class Speech(Clips):
    """Clips of speech, decibels."""

    def __init__(self, decibels):
        self._decibels, self._count = decibels, len(decibels)
        means = tuple(map(float, decibels.mean((0, 1))))
        self.spec = SequenceSpec((5,), 4, "speech", {"speaker": ("p",)}, ("speaker",), (means, (1.0,) * 5))

    def frames(self, indices, epoch=0):
        return self._decibels[indices]

    def labels(self, indices):
        return {"speaker": np.zeros(len(indices), np.int32)}


def test_sound_is_compared_as_far_as_machines_agree(tmp_path):
    decibels = np.random.default_rng(0).normal(-60, 10, (500, 4, 5))
    data_record.keep(str(tmp_path), Speech(decibels), "")
    assert data_record.changes(str(tmp_path), Speech(decibels * (1 + 1e-8))) == ""
    decibels[1] += 1  # a clip of which only the means over all frames tell: a decibel in 500 clips
    assert data_record.changes(str(tmp_path), Speech(decibels)) == "sound differs"


# Paths.

def test_paths_of_data_are_whole_when_a_run_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")

    def made(path):
        return config.resolved(config.from_dict({"data": {"data_dir": path}})).data.data_dir

    assert made("videos") == str(tmp_path / "videos") and made("../videos") == str(tmp_path.parent / "videos")
    assert made("~/videos") == "/home/me/videos"
    for path in ("", "/data/videos", "s3://bucket/videos", "gs://bucket/videos"):
        assert made(path) == path


def test_a_dataset_is_found_in_the_home_folder(videos, monkeypatch):
    monkeypatch.setenv("HOME", str(videos.parent))
    assert len(load("~/videos")) == len(load(videos))
