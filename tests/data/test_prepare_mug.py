"""Preparing MUG: which takes are found, what is cut from their frames, going on after a kill, and what is broken.

Frames of one flat colour say which they are: (subject, take, number of the frame).
"""

import hashlib
import json
import os
import shutil
import struct
import sys
import types
import zipfile
import zlib

import numpy as np
import prepare_mug as tool
import pytest
from PIL import Image

from rwae_tf import data
from rwae_tf.data import pictures
from rwae_tf.data.datasets import mug
from rwae_tf.data.prepare.mug import discovery, face_boxes, manifest_file, writer
from rwae_tf.errors import InputError

HEADER = "take,left,top,width,height\n"


def draw(folder, numbers, colour=(0, 0), size=(64, 64), name="img_{:04d}.png"):
    """Write flat frames of the colour (*colour, number)."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        Image.new("RGB", size, (*colour, number)).save(folder / name.format(number))


def prepare(raw_dir, data_dir, crop="none", margin=0.0, stride=1, length=3, skip_invalid=False):
    planned = writer.plan(str(raw_dir), str(crop), margin, stride, length, skip_invalid)
    return writer.write(planned, str(data_dir), skip_invalid)[0]


def takes_in(manifest):
    return {take["take"]: take for shard in manifest["shards"] for take in shard["takes"]}


def content(folder):
    """File name -> bytes."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def layouts(tmp_path_factory):
    """All layouts, in a folder with a space and letters outside ASCII in its name."""
    folder = tmp_path_factory.mktemp("MUG copié à la main")
    root = folder / "subjects3"
    draw(root / "001" / "anger" / "take000", range(3, 11), (1, 0))  # 8 frames, the first has number 3
    draw(root / "001" / "anger" / "take001", range(1))  # short
    draw(root / "001" / "neutral" / "take000", range(8))
    draw(root / "001" / "neutral" / "take001", range(8))
    draw(root / "002" / "session0" / "fear" / "take000", range(6), (2, 0))
    draw(root / "002" / "session1" / "fear" / "take000", range(6), (2, 1))
    draw(root / "002" / "session1" / "Neutral", range(6))
    draw(root / "003" / "003" / "SURPRISE" / "take007", range(7), (3, 0))
    draw(root / "Zoë É" / "happiness", range(8, 14), (4, 0), name="frame {}.png")  # of which 10 is before 8 by name
    draw(root / "Zoë É" / "happiness" / "prise deux", range(5), (4, 1))  # short where every other frame is used
    draw(root / "Zoë É" / ".thumbnails" / "take000", range(6))
    (root / "001" / "anger" / "take000" / "Thumbs.db").write_bytes(b"not a frame")
    (root / "001" / "anger" / "take000" / "._img_0003.png").write_bytes(b"nor this")
    (root / "readme.txt").write_text("nor a subject")
    return folder


def test_every_layout_is_read_and_what_is_skipped_counted(layouts, tmp_path):
    manifest = prepare(layouts, tmp_path)
    assert manifest["counts"] == {
        "takes": 6, "frames": 8 + 6 + 6 + 7 + 6 + 5, "subjects": 4,
        "expressions": {"anger": 1, "disgust": 0, "fear": 2, "happiness": 2, "sadness": 0, "surprise": 1},
        "skipped": {"neutral": 3, "short": 1}}
    assert [(skip["name"], skip["why"]) for skip in manifest["skipped"]] == [
        ("001/anger/take001", "short"), ("001/neutral/take000", "neutral"), ("001/neutral/take001", "neutral"),
        ("002/session1/Neutral", "neutral")]
    expected = {"001/anger/take000": ("001", "anger", (1, 0), range(3, 11)),
                "002/session0/fear/take000": ("002", "fear", (2, 0), range(6)),
                "002/session1/fear/take000": ("002", "fear", (2, 1), range(6)),
                "003/003/SURPRISE/take007": ("003", "surprise", (3, 0), range(7)),
                "Zoë É/happiness": ("Zoë É", "happiness", (4, 0), range(8, 14)),
                "Zoë É/happiness/prise deux": ("Zoë É", "happiness", (4, 1), range(5))}
    found = takes_in(manifest)
    assert list(found) == list(expected)
    for name, (subject, expression, colour, numbers) in expected.items():
        take = found[name]
        assert (take["subject"], take["expression"], take["frames"]) == (subject, expression, len(numbers))
        frames = mug.frames_of(str(tmp_path), manifest["shards"][0], take)
        assert frames[:, 0, 0].tolist() == [[*colour, number] for number in numbers]
        assert (frames == frames[:, :1, :1]).all()


def test_every_other_frame(layouts, tmp_path):
    manifest = prepare(layouts / "subjects3", tmp_path, stride=2)
    assert manifest["counts"]["skipped"] == {"neutral": 3, "short": 1}
    take = takes_in(manifest)["003/003/SURPRISE/take007"]
    assert mug.frames_of(str(tmp_path), manifest["shards"][0], take)[:, 0, 0, 2].tolist() == [0, 2, 4, 6]
    assert prepare(layouts, tmp_path / "4", stride=2, length=4)["counts"]["takes"] == 2  # of 8 and 7 frames


def test_links_are_followed_and_their_circles_are_not(layouts, tmp_path):
    root = tmp_path / "subjects3"
    root.mkdir()
    (root / "001").symlink_to(layouts / "subjects3" / "001")
    draw(root / "002" / "fear" / "take000", range(4), (2, 0))
    (root / "002" / "fear" / "take000" / "up").symlink_to(root)
    assert list(takes_in(prepare(tmp_path, tmp_path / "out"))) == ["001/anger/take000", "002/fear/take000"]


@pytest.fixture
def many(tmp_path, monkeypatch):
    """7 takes, which are 4 shards of 2."""
    monkeypatch.setattr(writer, "SHARD_TAKES", 2)
    for take in range(7):
        draw(tmp_path / "raw" / f"00{take % 2}" / "anger" / f"take{take:03d}", range(4), (take, 9))
    return tmp_path / "raw"


def stop_after(frames, monkeypatch):
    """End the program as Ctrl-C does when so many frames were read: five of a take, the middle one of four twice."""
    read, left = pictures.read, [frames]

    def reading(path):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return read(path)
    monkeypatch.setattr(pictures, "read", reading)


@pytest.mark.parametrize("frames", [0, 3, 10, 21])  # in the first take, after a whole shard, in the third one
def test_a_preparation_that_was_killed_goes_on_to_the_same_bytes(many, tmp_path, monkeypatch, frames):
    prepare(many, tmp_path / "whole")
    shards = [f"mug-0000{k}-of-00004.tfrecord" for k in range(4)]
    assert sorted(content(tmp_path / "whole")) == ["manifest.json", *shards]
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        stop_after(frames, patch)
        prepare(many, tmp_path / "killed")
    half = content(tmp_path / "killed")
    assert "manifest.json" not in half and len(half) == frames // 10 + (frames >= 10)  # shards, and what names them
    if frames >= 10:
        with pytest.raises(InputError, match="not finished"):
            data.load("mug", "test", str(tmp_path / "killed"))
    changed = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "killed").glob("*.tfrecord")}
    prepare(many, tmp_path / "killed")
    assert content(tmp_path / "killed") == content(tmp_path / "whole")
    assert all((tmp_path / "killed" / name).stat().st_mtime_ns == time for name, time in changed.items())


def test_a_finished_preparation_is_left_alone_and_a_damaged_one_mended(many, tmp_path):
    prepare(many, tmp_path / "out")
    before = content(tmp_path / "out")
    first, second = (tmp_path / "out" / f"mug-0000{k}-of-00004.tfrecord" for k in range(2))
    first.write_bytes(before[first.name][:-1])
    second_time = second.stat().st_mtime_ns
    planned = writer.plan(str(many), "none", stride=1, length=3)
    assert writer.write(planned, str(tmp_path / "out"))[1] == 3  # of 4 were as they should be
    assert content(tmp_path / "out") == before and second.stat().st_mtime_ns == second_time
    assert writer.write(planned, str(tmp_path / "out"))[1] == 4


def test_bytes_do_not_depend_on_where_the_data_lie(many, tmp_path):
    (many / "000" / "anger" / "take000" / "img_0001.png").write_bytes(b"")  # with a message that names a path
    moved = shutil.copytree(many, tmp_path / "moved")
    for raw, out in ((many, "out"), (moved, "other")):
        prepare(raw, tmp_path / out, skip_invalid=True)
    assert content(tmp_path / "out") == content(tmp_path / "other")


# Boxes.


@pytest.fixture
def wide(tmp_path):
    """A take of 5 frames of noise, 100 wide and 80 high, and its pixels."""
    pixels = np.random.default_rng(0).integers(0, 256, (5, 80, 100, 3), dtype=np.uint8)
    folder = tmp_path / "raw" / "001" / "anger" / "take000"
    folder.mkdir(parents=True)
    for number, frame in enumerate(pixels):
        Image.fromarray(frame).save(folder / f"img_{number:04d}.png")
    return tmp_path / "raw", pixels


@pytest.mark.parametrize("box, margin, left, top, side", [
    ((20, 10, 64, 64), 0.0, 20, 10, 64),
    ((20, 10, 60, 64), 0.0, 18, 10, 64),  # grown by 4, half of it to the left
    ((20, 30, 64, 40), 0.0, 20, 16, 64),  # 18 ... 82 would leave the frame: moved up by 2
    ((40, 20, 32, 32), 0.5, 24, 4, 64),  # 16 on every side
    ((0, 40, 40, 40), 0.3, 0, 16, 64),  # 12 on every side would be -12 and 28 ... 92
])
def test_boxes_from_a_file(wide, tmp_path, box, margin, left, top, side):
    raw, pixels = wide
    (tmp_path / "boxes.csv").write_text(HEADER + "001/anger/take000," + ",".join(map(str, box)) + "\n")
    manifest = prepare(raw, tmp_path / "out", tmp_path / "boxes.csv", margin)
    (take,) = takes_in(manifest).values()
    assert take["box"] == [left, top, side]
    np.testing.assert_array_equal(mug.frames_of(str(tmp_path / "out"), manifest["shards"][0], take),
                                  pixels[:, top:top + side, left:left + side])
    assert manifest["spec"]["crop"] == f"boxes {hashlib.sha256((tmp_path / 'boxes.csv').read_bytes()).hexdigest()[:16]}"


def test_a_box_of_another_size_is_scaled():
    ramp = np.repeat(np.arange(0, 192, dtype=np.uint8)[None, :, None], 192, 0).repeat(3, -1)
    found = pictures.cut(ramp, (32, 32, 128), 64)
    # A pixel of the smaller picture is two of the ramp: their mean, 32.5 + 2 k, rounded either way.
    np.testing.assert_allclose(found[32, 2:-2, 0], 32.5 + 2 * np.arange(2, 62), atol=0.5)


class Cascade:
    """OpenCV's, as far as it is used; says what `boxes` says."""

    boxes = []

    def __init__(self, path):
        assert path == os.path.join("cascades", "haarcascade_frontalface_default.xml")

    def detectMultiScale(self, grey, *rest, minSize):  # noqa: N802
        assert grey.shape == (80, 100) and minSize == (13, 13)  # a sixth of 80
        self.seen.append(grey)
        return np.array(self.boxes, np.int32)


@pytest.fixture
def opencv(monkeypatch):
    Cascade.seen = []
    fake = types.SimpleNamespace(
        CascadeClassifier=Cascade, COLOR_RGB2GRAY=7, data=types.SimpleNamespace(haarcascades="cascades"),
        cvtColor=lambda frame, code: frame[..., 0], setNumThreads=lambda count: None)
    monkeypatch.setitem(sys.modules, "cv2", fake)
    return Cascade


def test_the_largest_face_of_the_middle_frame_is_cut_from_all(wide, opencv, tmp_path, monkeypatch):
    monkeypatch.setattr(opencv, "boxes", [(3, 3, 20, 20), (30, 8, 64, 64), (50, 2, 40, 40)])
    manifest = prepare(wide[0], tmp_path / "out", "haar")
    (grey,) = opencv.seen
    np.testing.assert_array_equal(grey, wide[1][2, ..., 0])  # frame 2 of 5
    (take,) = takes_in(manifest).values()
    np.testing.assert_array_equal(mug.frames_of(str(tmp_path / "out"), manifest["shards"][0], take),
                                  wide[1][:, 8:72, 30:94])


def test_a_take_without_a_face_is_skipped_and_counted(wide, opencv, tmp_path, monkeypatch):
    shutil.copytree(wide[0] / "001", wide[0] / "002")
    for boxes, takes, skipped in (([(30, 8, 64, 64)], 2, {}), ([], 0, {"no face": 2})):
        monkeypatch.setattr(opencv, "boxes", boxes)
        if takes:
            assert prepare(wide[0], tmp_path / "out", "haar")["counts"]["skipped"] == skipped
        else:
            with pytest.raises(InputError, match="no take left of 2: {'no face': 2}"):
                prepare(wide[0], tmp_path / "none", "haar")


def test_without_opencv_a_line_says_what_to_install(wide, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)  # importing it then fails
    with pytest.raises(InputError, match=r"--crop=haar needs OpenCV: pip install 'rwae_tf\[faces\]'.*--crop=none"):
        prepare(wide[0], tmp_path / "out", "haar")
    assert not (tmp_path / "out").exists()


# What is broken in the frames: refused in one line, or skipped and counted.


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Two subjects with two takes each."""
    folder = tmp_path_factory.mktemp("sound")
    for subject in ("001", "002"):
        for expression in ("anger", "fear"):
            draw(folder / subject / expression / "take000", range(4), (int(subject), 0), name="img_{:04d}.jpg")
    return folder


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


# The tool, and real data.


def test_the_tool_says_what_it_found_and_draws_a_sheet(layouts, tmp_path, capsys):
    tool.main(["prepare_mug.py", f"--raw_dir={layouts}", f"--data_dir={tmp_path}", "--crop=none", "--length=3"])
    said = capsys.readouterr().out
    for words in ("6 takes to read", "6, of 4 subjects", "3 neutral, 1 short", "5 for training, 1 for test"):
        assert words in said
    assert (tmp_path / "contact_sheet.png").stat().st_size < 200_000
    with Image.open(tmp_path / "contact_sheet.png") as sheet:  # 6 rows of 4 subjects with 2 frames, 64 pixels each
        assert sheet.size == (4 * (2 * 65 - 1 + 3) - 3, 6 * (64 + 3) - 3)


@pytest.mark.parametrize("arguments, says", [
    ([], "--raw_dir is missing"), (["--raw_dir=x"], "--data_dir is missing"),
    (["--stride=0"], "--stride=0: expected an integer, at least 1"), (["--raw=x"], "did you mean --raw_dir"),
])
def test_the_tool_refuses_flags_in_one_line(arguments, says):
    with pytest.raises(InputError, match=says) as caught:
        tool.main(["prepare_mug.py", *arguments])
    assert "\n" not in str(caught.value)


def test_counts_on_the_fixture_of_all_layouts(shared_data, tmp_path):
    folder = shared_data / "faces" / "mug_layout_fixture"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing")
    takes, skipped = discovery.find(str(folder), stride=2, length=10)
    # 3 subjects x 6 expressions of 24 frames; a neutral take each, and one take of a single frame.
    assert len(takes) == 18 and {len(take.frames) for take in takes} == {12}
    assert discovery.counted(skipped) == "3 neutral, 1 short"
    fear = next(take for take in takes if take.name == "001/fear/take000")
    assert [os.path.basename(path) for path in fear.frames[:2]] == ["img_0003.jpg", "img_0005.jpg"]


def test_rendered_faces_are_read_as_they_are(shared_data, tmp_path):
    path = shared_data / "faces" / "ict_mug64.zip"
    if not path.is_file():
        pytest.skip(f"{path} is missing")
    with zipfile.ZipFile(path) as packed:
        frames = [name for name in packed.namelist() if name.endswith(".jpg")]
        assert len(frames) == 86 * 6 * 2 * 20
        few = [name for name in frames if name.startswith("subjects3/086/")]
        packed.extractall(tmp_path, few)
    manifest = prepare(tmp_path, tmp_path / "out", length=10)
    assert (manifest["counts"]["takes"], manifest["counts"]["frames"], len(few)) == (12, 240, 240)
    take = takes_in(manifest)["086/fear/take001"]
    with Image.open(tmp_path / "subjects3" / "086" / "fear" / "take001" / "img_0013.jpg") as image:
        expected = np.asarray(image)
    np.testing.assert_array_equal(mug.frames_of(str(tmp_path / "out"), manifest["shards"][0], take)[13], expected)


def test_faces_are_found_in_the_fixture(shared_data, tmp_path):
    folder = shared_data / "faces" / "mug_layout_fixture"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing")
    pytest.importorskip("cv2", reason="needs the extra `faces`")
    manifest = prepare(folder, tmp_path, "haar", stride=2, length=10)
    assert manifest["counts"]["takes"] == 18 and manifest["counts"]["skipped"] == {"neutral": 3, "short": 1}
    for take in takes_in(manifest).values():  # heads stand in the middle of 192 x 192 pixels, faces 80 to 100 wide
        left, top, side = take["box"]
        assert 80 <= side <= 104 and abs(left + side / 2 - 96) < 8 and 72 < top + side / 2 < 96


def test_manifest_holds_nothing_of_the_machine(sound, tmp_path):
    manifest = json.dumps(prepare(sound, tmp_path))
    assert str(tmp_path) not in manifest and str(sound) not in manifest and "MUG" in manifest
