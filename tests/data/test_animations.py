"""GIFs and other files of several pictures: delays, pauses, what follows the end, and pictures that only look alike."""

import films
import numpy as np
import pytest
from PIL import Image

from rwae_tf import data
from rwae_tf.data.reports import ErrorPolicy
from rwae_tf.data.video.decoding import Reader
from rwae_tf.data.video.discovery import Video, find
from rwae_tf.errors import InputError

LEVELS = [0, 50, 100, 150]


def pictures(levels=LEVELS, size=(64, 64)):
    return [Image.new("RGB", size, (level,) * 3) for level in levels]


def save(path, made, **options):
    made[0].save(path, save_all=True, append_images=made[1:], **options)
    return path


def read(path, kind, reader=None):
    """The grey levels of the frames of a file."""
    return [int(frame[32, 32, 0]) for frame in (reader or Reader(3)).frames(Video("v", kind, (str(path),)))]


# Delays in ms, and how often each of the four frames is taken.
DELAYS = {
    "even": ([40] * 4, [1, 1, 1, 1]),
    "10 ms at first": ([10, 100, 100, 100], [1, 1, 1, 1]),  # browsers show 10 ms as 100
    "10 ms throughout": ([10, 10, 10, 10], [1, 1, 1, 1]),
    "10 and 200 ms": ([10, 200, 10, 10], [1, 2, 1, 1]),
    "none and 300 ms": ([0, 300, 0, 0], [1, 3, 1, 1]),
    "20 ms are kept": ([20, 60, 20, 40], [1, 3, 1, 2]),
    "pause at the end": ([20, 20, 20, 5000], [1, 1, 1, 25]),
    "a long pause": ([10, 655350, 10, 10], [1, 25, 1, 1]),
    "slides": ([2000, 2000, 4000, 2000], [1, 1, 2, 1]),
}


@pytest.mark.parametrize("delays, counts", DELAYS.values(), ids=DELAYS)
@pytest.mark.parametrize("form", ["gif", "png", "webp"])
def test_delays(tmp_path, delays, counts, form):
    path = save(tmp_path / f"a.{form}", pictures(), duration=delays, **{"lossless": True} if form == "webp" else {})
    reader = Reader(3)
    expected = [level for level, count in zip(LEVELS, counts, strict=True) for _ in range(count)]
    assert read(path, "gif" if form == "gif" else "animation", reader) == expected
    long = max(counts) == 25
    assert len(reader.notes) == long
    if long:
        (note,) = reader.notes
        assert note.startswith(f"{path}: frame {counts.index(25)} is shown for ") and note.endswith("taken 25 times")


@pytest.mark.parametrize("tail", [b"\n", b"\r\n\r\n", b"\0\0\0", b"<!-- served by -->", b";", bytes(range(256))])
def test_bytes_after_the_end_of_a_gif(tmp_path, tail):
    path = save(tmp_path / "a.gif", pictures(), duration=40)
    path.write_bytes(path.read_bytes() + tail)
    assert read(path, "gif") == LEVELS


@pytest.mark.parametrize("part", [0.3, 0.7, 0.95])
def test_a_gif_that_ends_early_with_the_byte_of_an_end(tmp_path, part):
    whole = save(tmp_path / "a.gif", [Image.fromarray(frame) for frame in films.noise(1, 4)[0]]).read_bytes()
    (tmp_path / "a.gif").write_bytes(whole[:int(part * len(whole))] + b";")
    with pytest.raises(InputError, match="a.gif: a GIF cut short, or damaged|a.gif: not a readable GIF"):
        read(tmp_path / "a.gif", "gif")


def test_the_still_picture_of_an_animated_png_is_no_frame(tmp_path):
    still, *moving = pictures([255, *LEVELS])
    still.save(tmp_path / "a.png", save_all=True, append_images=moving, default_image=True, duration=40)
    assert read(tmp_path / "a.png", "animation") == LEVELS


@pytest.mark.parametrize("suffix", ["png", "apng", "webp", "tif"])
def test_files_of_several_pictures_are_videos(tmp_path, suffix):
    for name in "abc":
        made = pictures([*LEVELS, ord(name)])
        options = {"format": "PNG"} if suffix == "apng" else {"lossless": True} if suffix == "webp" else {}
        save(tmp_path / f"{name}.{suffix}", made, **options)
    videos, _ = find(str(tmp_path), ErrorPolicy(False))
    assert [(video.name, video.kind) for video in videos] == [(name, "animation") for name in "abc"]
    clips = data.load("folder", "train", tmp_path, length=5)
    assert sorted(clip[-1, 0, 0, 0] for clip in clips.frames(np.arange(2))) in ([97, 98], [97, 99], [98, 99])


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "webp", "jpg", "ppm"])
def test_still_pictures_are_frames(tmp_path, suffix):
    for name in "ab":
        (tmp_path / name).mkdir()
        for number, picture in enumerate(pictures()):
            picture.save(tmp_path / name / f"{number}.{suffix}")
    (clip,) = data.load("folder", "test", tmp_path, length=4).frames([0])
    assert np.abs(clip[:, 32, 32, 0] - np.array(LEVELS, int)).max() <= 1


def test_an_animation_among_still_pictures(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        for number, picture in enumerate(pictures()):
            picture.save(tmp_path / name / f"{number}.png")
    save(tmp_path / "a" / "1.png", pictures())
    with pytest.raises(InputError, match="a/1.png: 4 frames in one file among still pictures"):
        data.load("folder", "train", tmp_path, length=2)
    save(tmp_path / "a" / "0.png", pictures())
    with pytest.raises(InputError, match="/a: pictures beside videos"):
        data.load("folder", "train", tmp_path, length=2)


def test_pages_of_different_sizes(tmp_path):
    path = save(tmp_path / "a.tif", [*pictures([1]), *pictures([2], (32, 32))])
    with pytest.raises(InputError, match="a.tif: frames of 64x64 and 32x32 pixels"):
        read(path, "animation")


def test_pixels_that_are_not_square_in_pictures(tmp_path):
    Image.new("RGB", (64, 64)).save(tmp_path / "a.jpg")
    whole = bytearray((tmp_path / "a.jpg").read_bytes())
    place = whole.index(b"JFIF\0") + 7  # version, then unit and the two densities
    whole[place:place + 5] = b"\0\0\x40\0\x2d"
    (tmp_path / "a.jpg").write_bytes(whole)
    with pytest.raises(InputError, match="a.jpg: declares pixels that are not square, 64:45; write square ones"):
        read(tmp_path / "a.jpg", "frames")
