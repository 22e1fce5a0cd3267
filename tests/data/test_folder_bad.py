"""Broken videos: each ends the work with one line, and is left out, counted and named, where that is asked for."""

import io
import os
import struct
import zipfile
import zlib

import films
import numpy as np
import pytest
from PIL import Image

from rwae_tf import data
from rwae_tf.data.video import cache, decoding, npz
from rwae_tf.errors import InputError, one_line

GOOD = 5


def load(folder, split="train", **options):
    return data.load("folder", split, folder, length=3, **options)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The frames of five good videos."""
    return films.noise(GOOD, 4)


@pytest.fixture
def folder(tmp_path, good):
    """A folder of five good GIFs, and a name that is not easy."""
    for number, video in enumerate(good):
        films.write_gif(tmp_path / "Märchen 2" / f"good {number}.gif", video)
    return tmp_path / "Märchen 2"


def cut(path, part=0.6):
    whole = path.read_bytes()
    path.write_bytes(whole[:int(len(whole) * part)])


def png_header(width, height):
    """A PNG that declares a size and holds nothing."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) \
        + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def gif_header(width, height):
    """A GIF that declares a size, with one frame of one pixel."""
    return (b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
            + b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00;")


def empty(name):
    return lambda folder, video: (folder / name).write_bytes(b"")


def holding(name, content):
    return lambda folder, video: (folder / name).write_bytes(content)


def cut_gif(folder, video):
    films.write_gif(folder / "bad.gif", video)
    cut(folder / "bad.gif")


def gif_without_end(folder, video):
    films.write_gif(folder / "bad.gif", video)
    cut(folder / "bad.gif", 0.9999)  # the last byte alone: all frames are there


def damaged_gif(folder, video):
    whole = gif_header(64, 64)
    (folder / "bad.gif").write_bytes(whole.replace(b"\x02\x02\x44", b"\x0d\x02\x44"))  # codes of more than 12 bits


def film(name, part=1.0, options=()):
    def write(folder, video):
        codec, pixels, given = films.FILMS[os.path.splitext(name)[1]]
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(films.FILMS, os.path.splitext(name)[1], (codec, pixels, [*given, *options]))
            films.write_film(folder / name, np.concatenate([video] * 5))
        cut(folder / name, part)
    return write


def picture(kind):
    content = io.BytesIO()
    Image.new("RGB", (64, 64)).save(content, kind)
    return content.getvalue()


def frames(change):
    """A folder of four frames of which something is wrong."""
    def write(folder, video):
        films.write_frames(folder / "bad", video)
        change(folder / "bad")
    return write


def of_another_size(folder):
    Image.new("RGB", (64, 60)).save(folder / "img_2.png")


def with_a_loop(folder, video):
    (folder / "bad").mkdir()
    (folder / "bad" / "loop").symlink_to(folder, target_is_directory=True)


def dangling(folder, video):
    (folder / "bad.gif").symlink_to(folder / "nothing.gif")


def beside_a_film(folder, video):
    Image.new("RGB", (64, 64)).save(folder / "poster.png")


BAD = {
    "empty GIF": (empty("bad.gif"), ["bad.gif: an empty file"]),
    "empty film": (empty("bad.mp4"), ["bad.mp4: an empty file"]),
    "empty npz": (empty("bad.npz"), ["bad.npz: not a readable npz"]),
    "truncated GIF": (cut_gif, ["bad.gif: a GIF cut short"]),
    "GIF without its end": (gif_without_end, ["bad.gif: a GIF cut short"]),
    "damaged GIF": (damaged_gif, ["bad.gif: not a readable GIF"]),
    "mp4 without its index": (film("bad.mp4", 0.6), ["bad.mp4: not a film that can be read to its end", "moov"]),
    "mp4 cut in its frames": (film("bad.mp4", 0.6, ["-movflags", "+faststart"]), ["bad.mp4: not a film that can be"]),
    "webm cut in its frames": (film("bad.webm", 0.6), ["bad.webm: not a film that can be", "ended prematurely"]),
    "PNG called mp4": (holding("bad.mp4", picture("PNG")), ["bad.mp4: not a film", "whatever its name says"]),
    "PNG called gif": (holding("bad.gif", picture("PNG")), ["bad.gif: not a GIF, whatever its name says"]),
    "page called webm": (holding("bad.webm", b"<html>404</html>"), ["bad.webm: not a film"]),
    "text called npz": (holding("bad.npz", b"0 1 2 3"), ["bad.npz: not a readable npz"]),
    "one frame": (frames(lambda f: [os.remove(f / f"img_{t}.png") for t in (1, 2, 3)]),
                  ["bad: 1 frame, fewer than the 3"]),
    "too few frames": (lambda folder, video: films.write_gif(folder / "bad.gif", video[:2]),
                       ["bad.gif: 2 frames, fewer than the 3 that a clip of --length=3 spans"]),
    "frames of two sizes": (frames(of_another_size), ["bad/img_2.png: 64x60 pixels", "64x64", "one size"]),
    "frame missing": (frames(lambda f: os.remove(f / "img_1.png")), ["bad: frames are missing", "img_2.png"]),
    "frame there twice": (frames(lambda f: (f / "img_1.png").rename(f / "img_02.png")),
                          ["bad: ", "have the same number"]),
    "frame cut short": (frames(lambda f: cut(f / "img_2.png")), ["bad/img_2.png: not a readable PNG or JPEG"]),
    "empty frame": (frames(lambda f: (f / "img_2.png").write_bytes(b"")), ["bad/img_2.png: an empty file"]),
    "GIF as a frame": (frames(lambda f: (f / "img_2.png").write_bytes(picture("GIF"))),
                       ["bad/img_2.png: not a readable PNG or JPEG"]),
    "huge frame": (frames(lambda f: (f / "img_0.png").write_bytes(png_header(10_000, 9000))),
                   ["bad/img_0.png: not a readable PNG", "90000000 pixels", "exceeds limit"]),
    "frame of a bomb": (frames(lambda f: (f / "img_0.png").write_bytes(png_header(2**31 - 1, 2**31 - 1))),
                        ["bad/img_0.png: not a readable PNG", "decompression bomb"]),
    "huge GIF": (holding("bad.gif", gif_header(65535, 65535)), ["bad.gif: "]),
    "link to nothing": (dangling, ["bad.gif: cannot be read (No such file"]),
    "loop of links": (with_a_loop, ["bad/loop: a link to a folder that it lies in"]),
    "pictures beside videos": (beside_a_film, ["pictures beside videos"]),
}


@pytest.mark.parametrize("damage, says", BAD.values(), ids=BAD)
def test_bad_video(folder, good, damage, says, capsys):
    damage(folder, good[0][:, ::-1])
    # The test split: whatever is bad is seen, in the training set or not.
    with pytest.raises(InputError) as caught:
        load(folder, split="train")
        load(folder, split="test")
    line = str(caught.value)
    assert (
        line.startswith(str(folder)) and line.endswith("--skip_invalid to leave out what is bad") and "\n" not in line
    )
    for word in says:
        assert word in line
    capsys.readouterr()
    kept = [load(folder, split, skip_invalid=True) for split in ("train", "test")]
    clips = {clip.tobytes() for part in kept for clip in part.frames(np.arange(len(part)), 0)}
    whole = {video[k:k + 3].tobytes() for video in good for k in range(2)}
    assert len(clips) == sum(map(len, kept)) == GOOD and clips <= whole
    (said,) = [line for line in capsys.readouterr().err.splitlines() if "left out" in line]
    assert said.startswith(f"{folder}: 1 left out as bad: ")
    for word in says:
        assert word in said


def archive(**changes):
    """Writes bad.npz with five sequences and labels, some of it changed or, with None, left out."""
    def write(folder, video):
        made = {"x": np.stack([video] * 5), "kind": np.arange(5), **changes}
        np.savez(folder / "bad.npz", **{key: value for key, value in made.items() if value is not None})
    return write


def declaring(shape):
    """Writes bad.npz of which the header of x declares a shape and nothing follows."""
    def write(folder, video):
        with zipfile.ZipFile(folder / "bad.npz", "w") as made, made.open("x.npy", "w") as file:
            np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return write


def half_an_archive(folder, video):
    archive()(folder, video)
    cut(folder / "bad.npz")


def flipped(folder, video, part):
    """Writes bad.npz with five sequences and one bit of them, or of the labels, turned over."""
    archive()(folder, video)
    whole = bytearray((folder / "bad.npz").read_bytes())
    whole[whole.index(part.tobytes())] ^= 1
    (folder / "bad.npz").write_bytes(whole)


BAD_ARRAYS = {
    "floats": (archive(x=np.zeros((5, 4, 64, 64, 3), np.float32)), ["x must be uint8 [N, T, H, W, C]", "float32"]),
    "no channels": (archive(x=np.zeros((5, 4, 64, 64), np.uint8)), ["x must be uint8 [N, T, H, W, C]"]),
    "channels first": (archive(x=np.zeros((5, 4, 3, 64, 64), np.uint8)), ["C = 1 or 3", "[5, 4, 3, 64, 64]"]),
    "no frames": (archive(x=np.zeros((5, 0, 64, 64, 3), np.uint8)), ["x must be", "[5, 0, 64, 64, 3]"]),
    "clip of another rank": (archive(x=None, arr_0=np.zeros((64, 64, 3), np.uint8)), ["arr_0 must be uint8 [T, H, W,"]),
    "nothing": (archive(x=None), ["has neither x nor arr_0", "np.savez(path, x=clips)"]),
    "pickled clips": (archive(x=np.array([None] * 5)), ["x holds pickled objects"]),
    "pickled labels": (archive(kind=np.array(["a", None, 1, 2, 3], object)), ["kind holds pickled objects"]),
    "labels of fewer": (archive(kind=np.arange(4)), ["kind must hold 5 integers or texts", "[4]"]),
    "labels that are floats": (archive(kind=np.linspace(0, 1, 5)), ["kind must hold 5 integers", "float64"]),
    "declares what is not there": (declaring((10**9, 100, 64, 64, 3)), ["declares [1000000000, 100, 64, 64, 3]"]),
    "half of it": (half_an_archive, ["not a readable npz"]),
}


@pytest.mark.parametrize("damage, says", BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_bad_array(folder, good, damage, says, capsys):
    test_bad_video(folder, good, damage, ["bad.npz: ", *says], capsys)


@pytest.mark.parametrize("key", ["x", "kind"])
def test_array_with_a_wrong_checksum(tmp_path, good, key):
    flipped(tmp_path, good[0], good[0] if key == "x" else np.arange(5))
    with pytest.raises(InputError, match="bad.npz: not a readable npz .Bad CRC-32") as caught:
        load(tmp_path / "bad.npz")
    assert "\n" not in str(caught.value)


def test_clips_of_an_array_with_a_wrong_checksum_are_left_out(tmp_path, good, monkeypatch, capsys):
    flipped(tmp_path, good[0], good[0])
    np.savez(tmp_path / "good.npz", x=np.stack(good), kind=np.arange(5))
    calls, read = [], npz.clips
    monkeypatch.setattr(npz, "clips", lambda path: calls.append(path) or read(path))
    assert sum(len(load(tmp_path, split, skip_invalid=True)) for split in ("train", "test")) == GOOD
    assert ": 5 left out as bad: " in capsys.readouterr().err and len(calls) == 2  # each file read once


def test_array_larger_than_memory_is_not_read(folder, good, monkeypatch):
    archive()(folder, good[0])
    monkeypatch.setattr(npz, "memory", lambda: 400_000)  # x is 5 * 4 * 64 * 64 * 3 = 245,760 bytes
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("read"))
    with pytest.raises(InputError, match="bad.npz: declares 0.0 GiB, more than half of this machine's memory"):
        load(folder)


def test_huge_film_is_refused_before_its_pixels(folder, good, monkeypatch):
    films.write_film(folder / "bad.mp4", good[0])
    monkeypatch.setattr(decoding, "MAX_PIXELS", 64 * 64 - 1)
    monkeypatch.setattr(Image, "frombytes", lambda *_: pytest.fail("decoded"))
    with pytest.raises(InputError, match="bad.mp4: not a film that can be read to its end|bad.gif: declares"):
        next(decoding.Reader(3).frames(reading_of(folder / "bad.mp4", "film")))


def reading_of(path, kind):
    from rwae_tf.data.video.discovery import Video

    return Video("bad", kind, (str(path),))


def test_huge_picture_is_refused_before_its_pixels(folder):
    for name, write, kind in (("bad.png", png_header, "stack"), ("bad.gif", gif_header, "gif")):
        (folder / name).write_bytes(write(6000, 6000))
        with pytest.raises(InputError, match=rf"{name}: declares frames of 6000x6000 pixels, more than 33554432"):
            next(decoding.Reader(3).frames(reading_of(folder / name, kind)))


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
