"""Decoded videos are shown for the files that they were decoded from, and for no others."""

import os
import shutil

import numpy as np
import pytest

from rwae_tf import data
from rwae_tf.data.video import cache, discovery

OLD = (315532800, 315532800)  # a time of change as out of a reproducible archive


def grey(path, level, count=6):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, x=np.full((count, 8, 16, 16, 3), level, np.uint8))
    os.utime(path, OLD)
    return path.parent


def levels(folder):
    clips = data.load("folder", "train", str(folder), size=16, length=4)
    return sorted(set(np.unique(clips.frames(np.arange(len(clips))))))


def identity(folder):
    return data.load("folder", "train", str(folder), size=16, length=4).identity


def test_the_same_names_sizes_and_times_in_another_folder(tmp_path):
    day1, day2 = (grey(tmp_path / name / "clips.npz", level) for name, level in (("day1", 40), ("day2", 200)))
    assert os.stat(day1 / "clips.npz").st_size == os.stat(day2 / "clips.npz").st_size
    assert levels(day1) == [40] and levels(day2) == [200] and levels(day1) == [40]
    assert identity(day1) != identity(day2)


def test_one_folder_after_the_other_under_one_name(tmp_path):
    """As when an archive is unpacked over another one."""
    folder = grey(tmp_path / "now" / "clips.npz", 40)
    assert levels(folder) == [40]
    shutil.rmtree(folder)
    grey(tmp_path / "now" / "clips.npz", 200)
    assert levels(folder) == [200]


def test_a_file_written_over_in_place(tmp_path):
    """Size, time of change, inode and every sampled byte stay: the time of change of the inode tells."""
    path = tmp_path / "clips.npz"
    path.write_bytes(bytes(1 << 20))
    os.utime(path, OLD)
    videos = [discovery.Video("clips", "array", (str(path),))]
    before = cache._digests(videos, 3, None)
    with open(path, "r+b") as file:
        file.seek(5000)  # between the first two blocks
        file.write(b"changed")
    os.utime(path, OLD)
    after = cache._digests(videos, 3, None)
    assert before[0] != after[0] and before[1] == after[1]


@pytest.mark.parametrize("size, place", [(10, 9), (1 << 16, 40_000), (1 << 20, 0), (1 << 20, (1 << 20) - 1),
                                         (1 << 20, ((1 << 20) - 4096) * 7 // 15 + 100)])
def test_sampled_bytes_reach_from_the_beginning_to_the_end(tmp_path, size, place):
    path = tmp_path / "file"
    path.write_bytes(bytes(size))
    before = cache._sampled(path, size)
    with open(path, "r+b") as file:
        file.seek(place)
        file.write(b"x")
    assert cache._sampled(path, size) != before


def test_a_copy_has_the_same_contents(tmp_path):
    folder = grey(tmp_path / "here" / "clips.npz", 40)
    there = shutil.copytree(folder, tmp_path / "there", copy_function=shutil.copyfile)
    assert identity(folder) == identity(there)
    grey(tmp_path / "more" / "clips.npz", 40, count=7)
    shutil.copyfile(folder / "clips.npz", tmp_path / "more" / "again.npz")
    assert len({identity(folder), identity(tmp_path / "more")}) == 2


def test_what_lies_there_is_used_again(tmp_path, monkeypatch):
    folder = grey(tmp_path / "here" / "clips.npz", 40)
    levels(folder)
    monkeypatch.setattr(cache, "_decode", None)  # would fail
    monkeypatch.chdir(tmp_path)
    assert levels(folder) == [40] and levels("here") == [40]
