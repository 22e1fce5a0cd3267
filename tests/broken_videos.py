"""A folder of videos with a broken one among them."""

import struct
import zlib

import numpy as np
import pytest

from rwae_tf import data
from rwae_tf.errors import InputError

GOOD = 5


def load(folder, split="train", **options):
    return data.load("folder", split, folder, length=3, **options)


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


def assert_refused_or_left_out(folder, good, damage, says, capsys):
    """What is bad ends the work with a line of all of `says`, or is left out, counted and named."""
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
