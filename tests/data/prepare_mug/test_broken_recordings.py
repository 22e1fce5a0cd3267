"""Broken recordings are refused in one line, or skipped and counted."""

import os
import shutil
import struct
import zlib

import numpy as np
import pytest
from mug_frames import HEADER, content, draw, prepare
from PIL import Image

from rwae_tf.data import pictures
from rwae_tf.data.prepare.mug import discovery, face_boxes, manifest_file
from rwae_tf.errors import InputError


def huge_png():
    """A PNG whose header says 60,000 x 60,000 pixels."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b""))


def replaced(path, make):
    path.unlink()
    make(path)


def cut_png(path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path, "PNG")
    path.write_bytes(path.read_bytes()[:3000])


FRAME = "001/fear/take000/img_0001.jpg"
BROKEN = {  # what is done to FRAME or beside it, and what the line says after its path
    "empty file": (lambda f: f.write_bytes(b""), f"{FRAME}: empty"),
    "cut JPEG": (lambda f: f.write_bytes(f.read_bytes()[:400]), f"{FRAME}: not a readable picture"),
    "cut PNG": (cut_png, f"{FRAME}: not a readable picture"),
    "a page that says 404": (lambda f: f.write_text("<html>404</html>"), f"{FRAME}: not a readable picture"),
    "only the magic": (lambda f: f.write_bytes(b"\xff\xd8\xff\xe0"), f"{FRAME}: not a readable picture"),
    "huge": (lambda f: f.write_bytes(huge_png()), f"{FRAME}: not a readable picture"),
    "another size": (lambda f: Image.new("RGB", (32, 32)).save(f), f"{FRAME}: 32x32 pixels.*has 64x64"),
    "not square": (lambda f: [Image.new("RGB", (64, 48)).save(g) for g in f.parent.iterdir()],
                   "001/fear/take000: frames of 64x48 pixels.*--crop=haar"),
    "a folder": (lambda f: replaced(f, lambda g: g.mkdir()), f"{FRAME}: a picture's name, but not a file"),
    "a pipe": (lambda f: replaced(f, os.mkfifo), f"{FRAME}: a picture's name, but not a file"),
    "dangling link": (lambda f: replaced(f, lambda g: g.symlink_to("nowhere")), f"{FRAME}: no such picture"),
    "circular link": (lambda f: replaced(f, lambda g: g.symlink_to(g.name)), f"{FRAME}: no such picture"),
    "no number": (lambda f: f.rename(f.parent / "apex.jpg"), "001/fear/take000/apex.jpg: no number"),
    "a number twice": (lambda f: shutil.copy(f, f.parent / "img_1.jpg"),
                       "001/fear/take000/img_1.jpg: the second frame with number 1, beside img_0001.jpg"),
}
BROKEN_FOLDERS = {  # beside four sound takes
    "unknown label": (lambda r: draw(r / "001" / "contempt" / "take000", range(4)),
                      "001/contempt: neither an expression .*anger.* nor a folder of such"),
    "unknown label in a session": (
        lambda r: [draw(r / "001" / "s" / "joy" / "take000", range(4)), (r / "001" / "s" / "sadness").mkdir()],
        "001/s/joy: no expression; known are anger"),
    "subject without takes": (lambda r: (r / "003").mkdir(), "003: no expression in this subject's folder"),
    "session without takes": (lambda r: (r / "001" / "session0").mkdir(), "001/session0: neither an expression"),
    "circular folder": (lambda r: (r / "001" / "loop").symlink_to("loop"), "001/loop: a link that leads nowhere"),
    "subject in itself": (lambda r: (r / "001" / "up").symlink_to(r), "001/up: neither an expression"),
    "link to a lost disk": (lambda r: (r / "003").symlink_to("/mnt/lost"), "003: a link that leads nowhere"),
}


@pytest.mark.parametrize("case", [*BROKEN, *BROKEN_FOLDERS])
def test_what_is_broken_is_refused_in_one_line_or_skipped_and_counted(sound, tmp_path, case):
    raw = shutil.copytree(sound, tmp_path / "raw")
    damage, says = {**BROKEN, **BROKEN_FOLDERS}[case]
    damage(raw / FRAME if case in BROKEN else raw)
    with pytest.raises(InputError, match=says) as caught:
        prepare(raw, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "out").glob("*"))  # no shard of three takes
    counts = (manifest := prepare(raw, tmp_path / "out", skip_invalid=True))["counts"]
    assert counts["takes"] == (3 if case in BROKEN else 4)
    assert counts["skipped"]["bad"] == 1
    skips = manifest["skipped"] + manifest["shards"][0]["skipped"]
    (detail,) = (skip["detail"] for skip in skips if skip["why"] == "bad")
    assert str(raw) not in detail and detail.startswith(says[:8])
    assert len(manifest_file.read(str(tmp_path / "out"))["shards"]) == 1


def test_a_file_without_permission_is_refused_in_one_line(sound, tmp_path, monkeypatch):
    def refuse(*args):
        raise PermissionError(13, "Permission denied", "somewhere")
    monkeypatch.setattr(pictures.Image, "open", refuse)
    with pytest.raises(InputError, match=r"img_0002.jpg: not a readable picture \(Permission denied\)"):
        prepare(sound, tmp_path / "out")


def test_a_folder_without_permission_is_refused_in_one_line_or_skipped(sound, monkeypatch):
    def listing(path, listdir=os.listdir):
        if path.endswith("002/fear"):
            raise PermissionError(13, "Permission denied", path)
        return listdir(path)
    monkeypatch.setattr(os, "listdir", listing)
    with pytest.raises(InputError, match=r"002/fear: cannot be read \(Permission denied\); check its permissions"):
        discovery.find(str(sound), 1, 3)
    takes, skipped = discovery.find(str(sound), 1, 3, skip_invalid=True)
    assert len(takes) == 3 and [(skip.name, skip.why) for skip in skipped] == [("002/fear", "bad")]


# What is broken as a whole.


def file_of(path, text):
    path.write_text(text)
    return path


@pytest.mark.parametrize("make, says", [
    (lambda t, s: dict(raw_dir=t / "absent"), "absent: no such folder; name the one that holds subjects3"),
    (lambda t, s: dict(raw_dir=file_of(t / "mug.zip", "PK")), "mug.zip: no such folder"),
    (lambda t, s: dict(raw_dir=t), "no take that could be used.*no subjects.*SUBJECT/"),
    (lambda t, s: dict(raw_dir=s / "001"), "001: holds expressions, not subjects; name the folder above"),
    (lambda t, s: dict(length=5), r"no take that could be used \(4 short\)"),
    (lambda t, s: dict(crop=t / "no.csv"), "--crop=.*no.csv: no such file; give haar, none or a CSV"),
    (lambda t, s: dict(crop=file_of(t / "b.csv", "001,3,4,5,5\n001,2,3,4,4\n")), "b.csv: line 2: expected a header"),
    (lambda t, s: dict(crop=file_of(t / "b.csv", HEADER + "001/anger/take000,1,2,3\n")), "b.csv: line 2: expected"),
    (lambda t, s: dict(crop=file_of(t / "b.csv", HEADER + "001/anger/take000,1,2,x,3\n")), "b.csv: line 2: expected"),
    (lambda t, s: dict(crop=file_of(t / "b.csv", HEADER + "001/anger/take000,0,0,9,65\n")),
     r"box of 001/anger/take000: 9x65 at \(0, 0\) is not inside its frames of 64x64"),
    (lambda t, s: dict(crop=file_of(t / "b.csv", HEADER + "001/joy/take000,0,0,9,9\n")), "no box for 001/anger"),
    (lambda t, s: dict(data_dir=file_of(t / "out", "a file")), "out"),
], ids=["no folder", "an archive", "empty folder", "too deep", "all short", "no boxes", "no header", "three numbers",
        "no number", "box outside", "another take's box", "out is a file"])
def test_what_cannot_be_prepared_at_all_is_refused_in_one_line(sound, tmp_path, make, says):
    arguments = {"raw_dir": sound, "data_dir": tmp_path / "made", **make(tmp_path, sound)}
    with pytest.raises((InputError, OSError), match=says) as caught:
        prepare(**arguments)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "made").glob("*"))


def test_boxes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(InputError, match="b.csv: not text; give a CSV file with take,left"):
        face_boxes.finder(str(tmp_path / "b.csv"))


def test_the_folder_of_another_preparation_is_refused(sound, tmp_path):
    prepare(sound, tmp_path)
    before = content(tmp_path)
    with pytest.raises(InputError, match="manifest.json: of other pictures or with other flags"):
        prepare(sound, tmp_path, stride=2, length=1)
    assert content(tmp_path) == before
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(InputError, match="manifest.json: not a manifest of this tool"):
        prepare(sound, tmp_path)
