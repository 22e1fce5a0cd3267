"""Users' own videos: the cache of decoded frames."""

import itertools
import json
import os

import films
import numpy as np
import pytest
from own_videos import every_clip, gifs, load

from rwae_tf.data.video import decoding
from rwae_tf.utils import cache_dir


def no_reading(*_):
    raise AssertionError("decoded again")


def test_decoded_once_and_mapped_into_memory(tmp_path, monkeypatch, capsys):
    gifs(tmp_path, films.noise(5, 4))
    clips = load(tmp_path, length=2)
    assert isinstance(clips._frames, np.memmap)
    assert "5 videos, 20 frames, decoded in " in capsys.readouterr().err
    monkeypatch.setattr(decoding.Reader, "frames", no_reading)
    for split, length in (("train", 2), ("test", 4)):  # whatever is cut from it
        load(tmp_path, split, length=length)
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    np.testing.assert_array_equal(every_clip(load(moved, length=2)), every_clip(clips))
    assert capsys.readouterr().err == f"{moved}: videos: 4 train, 1 test; dealt at random\n"
    os.utime(moved / "2.gif", (1, 1))
    with pytest.raises(AssertionError, match="decoded again"):
        load(moved)
    with pytest.raises(AssertionError, match="decoded again"):
        load(moved, grey=True)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder for decoded frames."""
    monkeypatch.setenv("RWAE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_interrupted_decoding_leaves_nothing(tmp_path, place, monkeypatch):
    gifs(tmp_path / "videos", films.noise(5, 4))
    frames, calls = decoding.Reader.frames, itertools.count()

    def interrupted(self, video):
        if next(calls) == 3:
            raise KeyboardInterrupt
        return frames(self, video)

    monkeypatch.setattr(decoding.Reader, "frames", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load(tmp_path / "videos", length=4)
    assert list(place.iterdir()) == []
    assert len(load(tmp_path / "videos", length=4)) == 4


@pytest.mark.parametrize("name, damage", [
    ("frames.npy", lambda path: path.write_bytes(path.read_bytes()[:-1])), ("frames.npy", os.remove),
    ("frames.npy", lambda path: path.write_bytes(b"")), ("videos.json", lambda path: path.write_text('{"videos": [')),
])
def test_damaged_cache_is_made_anew(tmp_path, place, name, damage):
    gifs(tmp_path / "videos", films.noise(5, 4))
    before = every_clip(load(tmp_path / "videos", length=4))
    (kept,) = place.iterdir()
    damage(kept / name)
    np.testing.assert_array_equal(every_clip(load(tmp_path / "videos", length=4)), before)
    assert [path.name for path in place.iterdir()] == [kept.name]
    assert len(json.loads((kept / "videos.json").read_text())["videos"]) == 5


def test_what_killed_processes_left_is_swept_a_day_later(tmp_path, place):
    for name, age in (("old.part", 2 * 86400), ("new.part", 60), ("old", 2 * 86400)):
        (place / name).mkdir(parents=True)
        os.utime(place / name, (os.stat(place).st_mtime - age,) * 2)
    gifs(tmp_path / "videos", films.noise(2, 2))
    load(tmp_path / "videos", length=2)
    assert {"new.part", "old"} == {path.name for path in place.iterdir()} & {"old.part", "new.part", "old"}


def test_where_decoded_frames_lie(monkeypatch):
    for name in ("RWAE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert cache_dir.path() == os.path.expanduser("~/.cache/rwae_tf")
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_dir.path() == "/x/rwae_tf"
    monkeypatch.setenv("RWAE_CACHE", "/y")
    assert cache_dir.path() == "/y"
