"""Folders, tables and caches of videos that cannot be read or written."""

import os

import films
import numpy as np
import pytest
from broken_videos import GOOD, load

from rwae_tf.data.video import cache, decoding
from rwae_tf.errors import InputError, one_line

# Modes do not bind root, who may run these tests: what the system would say is said in its place.

def test_unreadable_file(folder, monkeypatch, capsys):
    def forbidden(path, *args, **kwargs):
        if str(path).endswith("good 2.gif"):
            raise PermissionError(13, "Permission denied", str(path))
        return open(path, *args, **kwargs)

    monkeypatch.setattr(decoding, "open", forbidden, raising=False)
    with pytest.raises(InputError, match=r"good 2.gif: cannot be read \(Permission denied\)"):
        load(folder)
    clips = [load(folder, split, skip_invalid=True) for split in ("train", "test")]
    assert sum(map(len, clips)) == GOOD - 1
    assert "1 left out as bad" in capsys.readouterr().err


def test_mended_permissions_are_seen(folder, monkeypatch):
    """What was bad is not remembered beyond a change of who may read it, which no time of change tells."""
    def forbidden(path, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(decoding, "open", forbidden, raising=False)
        patch.setattr(os, "access", lambda *_: False)
        with pytest.raises(InputError, match="no video is left"):
            load(folder, skip_invalid=True)
    assert len(load(folder)) == GOOD - 1


def test_folder_that_cannot_be_listed(folder, monkeypatch):
    films.write_frames(folder / "shut", films.noise(1, 4)[0])
    scandir = os.scandir

    def forbidden(path):
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", forbidden)
    with pytest.raises(InputError, match=r"shut: cannot be listed \(Permission denied\); mend"):
        load(folder)
    assert len(load(folder, skip_invalid=True)) == GOOD - 1


@pytest.mark.parametrize("content, says", [
    ([], "holds 0 videos, and 2 is the least"), (["one.gif"], "holds 1 videos"),
    (["notes.txt", ".hidden.gif"], "holds 0 videos")])
def test_folder_without_videos(tmp_path, content, says):
    for name in content:
        films.write_gif(tmp_path / "v.gif", films.noise(1, 4)[0])
        (tmp_path / "v.gif").rename(tmp_path / name)
    with pytest.raises(InputError, match=f"{says}.*mp4.*gif.*npz.*png") as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["absent", "file.txt", "one.gif"])
def test_data_dir_that_is_no_folder(tmp_path, name):
    if name != "absent":
        (tmp_path / name).write_bytes(b"text")
    with pytest.raises(InputError, match=rf"{name}: (no such folder|holds 0 videos)"):
        load(tmp_path / name)


def test_all_are_bad(folder):
    for path in folder.iterdir():
        path.write_bytes(b"GIF89a")
    with pytest.raises(InputError, match="no video is left for split=train of 5 in all"):
        load(folder, skip_invalid=True)


def test_many_bad_files_are_counted_and_the_first_named(folder, capsys):
    for number in range(14):
        (folder / f"bad {number}.gif").write_bytes(b"")
    load(folder, skip_invalid=True)
    (said,) = [line for line in capsys.readouterr().err.splitlines() if "left out" in line]
    assert ": 14 left out as bad: " in said and "bad 9.gif" in said and said.endswith("; and 4 more")


ROWS = [f"good {k}.gif,{'ab'[k % 2]}" for k in reversed(range(GOOD))]  # of which 4 is the test video
BAD_TABLES = {
    "absent file": (["file,kind", *ROWS, "absent.gif,a"], ["line 7: no video 'absent.gif' in this folder"]),
    "video without row": (["file,kind", *ROWS[:-1]], ["good 0.gif: not in "]),
    "too few cells": (["file,kind", *ROWS[:-1], "good 0"], ["line 6: 1 cells under 2 headings"]),
    "empty cell": (["file,kind", *ROWS[:-1], "good 0,"], ["line 6: nothing under 'kind'"]),
    "twice": (["file,kind", *ROWS, "good 1.gif,b"], ["line 7: 'good 1.gif' was there before"]),
}


@pytest.mark.parametrize("rows, says", BAD_TABLES.values(), ids=BAD_TABLES)
def test_labels_that_do_not_match(folder, rows, says, capsys):
    (folder / "labels.csv").write_text("\n".join(rows))
    with pytest.raises(InputError) as caught:
        load(folder)
    assert says[0] in str(caught.value) and "labels.csv" in str(caught.value) and "\n" not in str(caught.value)
    clips = load(folder, skip_invalid=True)
    assert clips.spec.factors == {"kind": ("a", "b")}
    assert ": 1 left out as bad: " in capsys.readouterr().err
    assert len(clips) + len(load(folder, "test", skip_invalid=True)) == GOOD - (len(rows) < 7)


@pytest.mark.parametrize("content, says", [
    (b"", "first line must name the columns"), (b"file\ngood 1", "not file"), (b"file,a,a\n", "not file, a, a"),
    (b"file,\n", "must name the columns"), (b"\xff\xfe\x00bad", "not a readable table"),
    (b"file,kind,split\n" + b"".join(f"good {k},a,perhaps\n".encode() for k in range(GOOD)), "split 'perhaps'"),
    (b"file,kind\n\"" + b"x" * 200_000, "field larger than"),
])
def test_table_that_cannot_be_read(folder, content, says):
    (folder / "labels.csv").write_bytes(content)
    with pytest.raises(InputError, match=rf"labels.csv: .*{says}") as caught:
        load(folder, skip_invalid=True)
    assert "\n" not in str(caught.value)


def test_arrays_of_different_labels(tmp_path):
    for name, labels in (("a", {}), ("b", {"kind": np.arange(3)})):
        np.savez(tmp_path / f"{name}.npz", x=np.zeros((3, 4, 64, 64, 3), np.uint8), **labels)
    with pytest.raises(InputError, match="a.npz.*b.npz: give all videos the same label arrays"):
        load(tmp_path)


def test_depth_and_one_class_leave_nothing_to_split(folder):
    (folder / "labels.csv").write_text("\n".join(["file,kind", *(f"good {k},a" for k in range(GOOD))]))
    with pytest.raises(InputError, match="split_by='kind': all videos are of one class"):
        load(folder, split_by="kind")


def test_cache_that_cannot_be_written(folder, monkeypatch):
    monkeypatch.setenv("RWAE_CACHE", str(folder / "good 0.gif" / "cache"))
    with pytest.raises(InputError, match="cannot be kept there .Not a directory.; make room.*RWAE_CACHE") as caught:
        load(folder)
    assert "\n" not in one_line(caught.value)


def test_full_disk_leaves_nothing(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("RWAE_CACHE", str(tmp_path / "cache"))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache, "_decode", full)
    with pytest.raises(InputError, match="No space left on device.; make room"):
        load(folder)
    assert list((tmp_path / "cache").iterdir()) == []
