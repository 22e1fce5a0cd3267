"""Broken films, GIFs and pictures in a folder."""

import io
import os

import films
import numpy as np
import pytest
from broken_videos import assert_refused_or_left_out, cut, gif_header, png_header
from PIL import Image

from rwae_tf.data.video import decoding
from rwae_tf.errors import InputError


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
    assert_refused_or_left_out(folder, good, damage, says, capsys)


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
