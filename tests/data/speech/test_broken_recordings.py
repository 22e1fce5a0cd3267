"""Broken recordings, folders and lists of speakers."""

import os
import shutil

import numpy as np
import pytest
from speech_folders import load, speakers, write

from rwae_tf.errors import InputError


def link_back(folder):
    (folder / "ann" / "deep").mkdir()
    os.symlink(folder, folder / "ann" / "deep" / "again")


def link_to_itself(folder):
    os.symlink("loop.wav", folder / "ann" / "loop.wav")


def dangling(folder):
    os.symlink("nowhere.wav", folder / "ann" / "dangling.wav")


BROKEN = {
    "empty file": (lambda folder: write(folder, "ann/x.wav").write_bytes(b""), "ann/x.wav: the file is empty"),
    "web page": (lambda folder: write(folder, "ann/x.wav").write_text("404"), "ann/x.wav: begins as no audio file"),
    "folder called wav": (lambda folder: (folder / "ann" / "x.wav").mkdir(), None),
    "too short": (lambda folder: write(folder, "ann/x.wav", 0.2), "x.wav: too short, its 0.20 s are 18 frames"),
    "shorter than a frame": (lambda folder: write(folder, "ann/x.wav", 0.01), "too short, its 0.01 s are 0 frames"),
    "link to a folder above": (link_back, "ann/deep/again: a link back to a folder above it; remove it"),
    "link to itself": (link_to_itself, "ann/loop.wav: Too many levels of symbolic links"),
    "dangling link": (dangling, "ann/dangling.wav: No such file"),
    "names from anywhere": (lambda folder: write(folder, "Ñuño de la Peña/第一 句.wav").write_bytes(b"RIFF"),
                            "Ñuño de la Peña/第一 句.wav: begins as no audio file"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_file_stops_or_is_left_out(folder, case, capsys):
    whole = load(folder, test_fraction=0.0)
    damage, says = BROKEN[case]
    damage(folder)
    if says is None:  # an empty folder is nobody's recording
        assert len(load(folder, test_fraction=0.0)) == len(whole)
        return
    with pytest.raises(InputError) as caught:
        load(folder, test_fraction=0.0)
    line = str(caught.value)
    assert says in line and line.endswith("--skip_invalid to leave out what is bad") and "\n" not in line
    assert line.count("--skip_invalid") == 1
    capsys.readouterr()
    clips = load(folder, test_fraction=0.0, skip_invalid=True)
    np.testing.assert_array_equal(clips.batch(np.arange(20))["x"], whole.batch(np.arange(20))["x"])
    assert len(clips) == 20 and len(clips.skipped) == 1 and says in clips.skipped[0]
    (printed,) = [line for line in capsys.readouterr().err.splitlines() if "left out 1 of" in line]
    assert says in printed


def test_unreadable_folder(folder, monkeypatch):
    listdir = os.listdir

    def forbidden(path):
        if str(path).endswith("bob"):
            raise PermissionError(13, "Permission denied", str(path))
        return listdir(path)

    monkeypatch.setattr(os, "listdir", forbidden)  # modes do not bind root, who may run this
    with pytest.raises(InputError, match="bob: Permission denied; check the path.*; .*--skip_invalid"):
        load(folder)
    assert speakers(load(folder, test_fraction=0.0, skip_invalid=True)) == ["ann", "cid", "dan", "eve"]


@pytest.mark.parametrize("train, test, says", [
    (None, "ann", ["train.txt: No such file", "leave --speaker_lists out"]),
    ("ann\nfrank\nzoe", "bob", ["train.txt: 'frank' is no speaker of the corpus", "'ann'", "2 of 3 do not match"]),
    ("# nobody\n", "bob", ["train.txt: names no speaker", "one per line"]),
    (b"\xff\xfe\x00", "bob", ["train.txt: not text"]),
], ids=["missing", "strangers", "empty", "binary"])
def test_lists_that_do_not_match(folder, tmp_path, train, test, says):
    (tmp_path / "test.txt").write_text(test)
    if train is not None:
        (tmp_path / "train.txt").write_bytes(train if isinstance(train, bytes) else train.encode())
    with pytest.raises(InputError) as caught:
        load(folder, speaker_lists=str(tmp_path), skip_invalid=True)
    assert "\n" not in str(caught.value)
    for word in says:
        assert word in str(caught.value)


@pytest.mark.parametrize("option, says", [
    ({"spectrum": "bark"}, "spectrum='bark': choose one of linear, mel"),
    ({"min_db": -500.0}, "min_db=-500.0: must be a number of -400 to 0"),
    ({"test_fraction": 1.5}, "test_fraction=1.5: must be a number of 0 to 0.9"),
    ({"utterance_seconds": 0.1}, "utterance_seconds=0.1: must be 0, or the 0.2 s of length=20 at least"),
    ({"utterance_seconds": float("nan")}, "utterance_seconds=nan"),
])
def test_wrong_option(folder, option, says):
    with pytest.raises(InputError, match=says):
        load(folder, **option)


def test_nothing_to_read(tmp_path):
    (tmp_path / "ann").mkdir()
    for name, says in (("ann", "no speech in it; the folder must have a folder for each speaker"),
                       ("absent", "absent: No such file or directory; check the path"),):
        with pytest.raises(InputError, match=says):
            load(tmp_path / name)


def test_nothing_good_to_read(folder):
    for path in folder.rglob("*.wav"):
        path.write_bytes(b"")
    with pytest.raises(InputError, match="none of 8 files can be used; the first: .*0.wav: the file is empty"):
        load(folder, skip_invalid=True)


def test_one_speaker_cannot_be_split(folder):
    for name in ("bob", "cid", "dan", "eve"):
        shutil.rmtree(folder / name)
    with pytest.raises(
        InputError, match="split=train: no speaker is left for it, the corpus has 1; .*--test_fraction=0"
    ):
        load(folder)
    assert len(load(folder, test_fraction=0.0)) == 4
