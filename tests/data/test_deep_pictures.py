"""Pictures of 16 bits to a channel: their contrast is kept, or the range to give is named."""

import struct
import zlib

import films
import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from rwae_tf import data
from rwae_tf.data.video import levels
from rwae_tf.data.video.decoding import Reader
from rwae_tf.data.video.discovery import Video
from rwae_tf.errors import InputError


def png(path, values):
    """Write uint16 [H, W, C] with C = 1 to 4 as a PNG of 16 bits."""
    height, width, channels = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)),
             (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts))
    return path


def tiff(path, values):
    Image.fromarray(values[..., 0]).save(path)
    return path


def ramp(low, high, channels=1, kind=np.uint16):
    """64x64 pixels whose values rise from left to right."""
    return np.repeat(np.linspace(low, high, 64).round().astype(kind)[None, :, None], 64, 0).repeat(channels, 2)


def read(path, kind="frames", given=""):
    reader = Reader(3, levels.parse(given))
    return np.stack(list(reader.frames(Video("v", kind, (str(path),)))))[0]


# Values, and what the line says.
NARROW = {
    "12 bits of depth": ((0, 4095), "values of 0 to 4095, of which 8 bits keep 16 levels; give --sample_range=0,4095"),
    "part of 12 bits": ((2048, 4095), "values of 2048 to 4095, of which 8 bits keep 8 levels; .*=0,4095"),
    "10 bits": ((5, 1000), "values of 5 to 1000, of which 8 bits keep 4 levels; .*=0,1023"),
    "14 bits": ((100, 16383), "8 bits keep 64 levels; .*=0,16383"),
    "8 bits in 16": ((0, 255), "8 bits keep 1 levels; .*=0,255"),
    "heat": ((51241, 52181), "values of 51241 to 52181, of which 8 bits keep 4 levels; .*--sample_range=51241,52181"),
}


@pytest.mark.parametrize("span, says", NARROW.values(), ids=NARROW)
@pytest.mark.parametrize("write", [png, tiff])
def test_a_small_part_of_16_bits_needs_a_range(tmp_path, span, says, write):
    (tmp_path / "v").mkdir()
    path = write(tmp_path / "v" / ("0.png" if write is png else "0.tif"), ramp(*span))
    with pytest.raises(InputError, match=f"/v: 16-bit .*{says}") as caught:
        read(path)
    assert "\n" not in str(caught.value) and "--sample_range=0,65535 to leave them so" in str(caught.value)
    shown = read(path, given=f"{span[0]},{span[1]}")[0, :, 0]
    # The 64 values of the ramp become 256 levels: the first 0, the last 255, 64 different ones.
    assert shown[0] == 0 and shown[-1] == 255 and len(set(shown.tolist())) == 64
    np.testing.assert_array_equal(read(path, given="0,65535")[..., 0], ramp(*span)[..., 0] >> 8)


def test_all_of_16_bits_needs_none(tmp_path):
    values = ramp(0, 65535)
    np.testing.assert_array_equal(read(png(tmp_path / "0.png", values))[..., 1], values[..., 0] >> 8)
    np.testing.assert_array_equal(read(png(tmp_path / "0.png", ramp(300, 300)))[..., 1], 1)  # nothing to lose
    np.testing.assert_array_equal(read(png(tmp_path / "0.png", ramp(0, 20000)))[..., 1], ramp(0, 20000)[..., 0] >> 8)


def test_colours_of_16_bits(tmp_path):
    values = ramp(0, 4095, 3)
    values[..., 1] //= 2
    path = png(tmp_path / "0.png", values)
    with pytest.raises(InputError, match="16-bit values of 0 to 4095"):
        read(path)
    np.testing.assert_array_equal(read(path, given="0,4095"), values >> 4)
    # Alpha keeps its own 16 bits: half of it halves the levels.
    values = np.concatenate([values, np.full((64, 64, 1), 32768, np.uint16)], -1)
    shown = read(png(tmp_path / "0.png", values), given="0,4095").astype(int)
    assert np.abs(shown - (values[..., :3] >> 4) * 128 / 255).max() <= 1


def test_numbers_that_are_no_levels_need_a_range(tmp_path):
    values = ramp(0, 3, kind=np.float32)[..., 0] + np.float32(0)
    values[:, :32], values[0, 0] = 0.5, np.nan
    Image.fromarray(values).save(tmp_path / "0.tif")
    with pytest.raises(InputError, match="values of 0.5 to 3, not of 8 or 16 bits; give --sample_range=0.5,3"):
        read(tmp_path / "0.tif")
    shown = read(tmp_path / "0.tif", given="0,5")
    assert shown[5, 5, 0] == 25 and shown[0, 0, 0] == 0  # 255.999 * 0.5 / 5; not a number is black


def test_a_film_of_16_bits(tmp_path):
    values = np.repeat(ramp(0, 3000)[None], 2, 0)
    writer = imageio_ffmpeg.write_frames(str(tmp_path / "a.mkv"), (64, 64), pix_fmt_in="gray16le", codec="ffv1",
                                         pix_fmt_out="gray16le", macro_block_size=1, quality=None)
    writer.send(None)
    for frame in values:
        writer.send(np.ascontiguousarray(frame))
    writer.close()
    with pytest.raises(InputError, match="a.mkv: 16-bit values of 0 to 3000"):
        read(tmp_path / "a.mkv", "film")
    np.testing.assert_array_equal(read(tmp_path / "a.mkv", "film", "0,4095")[..., 0], values[0, ..., 0] >> 4)


def test_the_range_is_an_option_of_the_folder(tmp_path, capsys):
    for name in "abc":
        (tmp_path / name).mkdir()
        png(tmp_path / name / "0.png", ramp(0, 4095))
    with pytest.raises(InputError, match="give --sample_range=0,4095"):
        data.load("folder", "train", tmp_path, length=1)
    for high, level in ((4095, 255), (65535, 15)):  # other frames are not those of the cache
        frames = data.load("folder", "test", tmp_path, length=1, sample_range=f"0,{high}").frames([0])
        assert frames.max() == level
    films.write_gif(tmp_path / "d" / "a.gif", np.full((1, 64, 64, 3), 80, np.uint8))
    assert {80, 255} == {int(frame.max()) for split in ("train", "test") for frame in data.load(
        "folder", split, tmp_path, length=1, sample_range="0,4095").frames(np.arange(1 if split == "test" else 3))}


@pytest.mark.parametrize("text", ["4095", "1,1", "5,2", "a,b", "0,inf", "1,2,3", "nan,1"])
def test_a_range_that_is_none(tmp_path, text):
    with pytest.raises(InputError, match="give two numbers LOW,HIGH"):
        levels.parse(text)
