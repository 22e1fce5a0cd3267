"""Images that a model is served are the frames that the loader makes of the same files, or are refused."""

import functools
import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from rwae_tf.data.video.decoding import Reader
from rwae_tf.data.video.discovery import Video
from rwae_tf.serving import images

RNG = np.random.default_rng(8)
RGB = np.repeat(np.repeat(RNG.integers(0, 256, (16, 16, 3), np.uint8), 4, 0), 4, 1)
ALPHA = RNG.integers(0, 256, (64, 64), np.uint8)
COLOUR, GREY = Image.fromarray(RGB), Image.fromarray(RGB[..., 0])
RGBA = Image.fromarray(np.dstack([RGB, ALPHA]))
PALETTE = COLOUR.quantize(64)


def exif(orientation, order="<"):
    found = Image.Exif()
    found.endian = order
    found[0x010F], found[0x0112] = "Maker", orientation
    return found


def clear(picture, colour):
    picture = picture.copy()
    picture.info["transparency"] = colour
    return picture


@functools.cache
def decoder(channels):
    return tf.function(lambda x: images.decode(x, (64, 64, channels)),
                       input_signature=[tf.TensorSpec((None, None), tf.string)])


def served(content, channels=3):
    return decoder(channels)(tf.constant([[content]]))[0, 0].numpy() * 255


def written(picture, form, **options):
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


TAKEN = {
    "png": (COLOUR, "PNG", {}), "grey png": (GREY, "PNG", {}), "png with alpha": (RGBA, "PNG", {}),
    "hidden colour": (Image.new("RGBA", (64, 64), (200, 100, 50, 0)), "PNG", {}),
    "half transparent": (Image.new("RGBA", (64, 64), (200, 100, 51, 128)), "PNG", {}),
    "grey with alpha": (RGBA.convert("LA"), "PNG", {}), "palette": (PALETTE, "PNG", {}),
    "a transparent palette": (clear(PALETTE, 5), "PNG", {}),
    "a palette with alphas": (clear(PALETTE, bytes(range(0, 256, 4))), "PNG", {}),
    "a transparent colour": (clear(COLOUR, tuple(int(level) for level in RGB[0, 0])), "PNG", {}),
    "a transparent grey": (clear(GREY, int(RGB[0, 0, 0])), "PNG", {}),
    "upright png": (COLOUR, "PNG", {"exif": exif(1)}),
    "jpeg": (COLOUR, "JPEG", {"quality": 95, "subsampling": 0}), "rough jpeg": (COLOUR, "JPEG", {"quality": 30}),
    "grey jpeg": (GREY, "JPEG", {}), "progressive": (COLOUR, "JPEG", {"progressive": True}),
    "upright": (COLOUR, "JPEG", {"exif": exif(1)}), "upright, big-endian": (COLOUR, "JPEG", {"exif": exif(1, ">")}),
    "with a comment": (COLOUR, "JPEG", {"comment": b"Exif eXIf"}),
}


@pytest.mark.parametrize("channels", [3, 1])
@pytest.mark.parametrize("picture, form, options", TAKEN.values(), ids=TAKEN)
def test_served_as_loaded(tmp_path, picture, form, options, channels):
    content = written(picture, form, **options)
    (tmp_path / f"a.{form.lower()}").write_bytes(content)
    video = Video("a", "frames", (str(tmp_path / f"a.{form.lower()}"),))
    (loaded,) = Reader(channels).frames(video)
    # Decoders of JPEG may differ by a level in its chroma.
    assert np.abs(served(content, channels) - loaded).max() <= (1.01 if form == "JPEG" else 1e-3)


REFUSED = {
    **{f"{form} turned {k}, {order}": (COLOUR, form, {"exif": exif(k, order)}, "turned by an Exif orientation")
       for form, order in (("JPEG", "<"), ("JPEG", ">"), ("PNG", "<")) for k in (2, 3, 6, 8)},
    "16 bits": (Image.fromarray(RGB[..., 0].astype(np.uint16) * 257), "PNG", {}, "not of 8 bits"),
    "one bit": (GREY.convert("1"), "PNG", {}, "not of 8 bits"),
    **{f"a palette of {2**bits}": (COLOUR.quantize(2**bits), "PNG", {"bits": bits}, "not of 8 bits")
       for bits in (2, 4)},
    "webp": (COLOUR, "WEBP", {}, "neither PNG nor JPEG"), "gif": (COLOUR, "GIF", {}, "neither PNG nor JPEG"),
    "bmp": (COLOUR, "BMP", {}, "neither PNG nor JPEG"), "tif": (COLOUR, "TIFF", {}, "neither PNG nor JPEG"),
    "cmyk": (COLOUR.convert("CMYK"), "JPEG", {}, "a JPEG of CMYK"),
    "another size": (Image.new("RGB", (32, 64)), "PNG", {}, "image: 32x64 pixels; the model takes 64x64"),
    "as many pixels": (Image.new("L", (32, 128)), "JPEG", {}, "image: 32x128 pixels; the model takes 64x64"),
}


@pytest.mark.parametrize("picture, form, options, says", REFUSED.values(), ids=REFUSED)
def test_images_that_are_refused(picture, form, options, says):
    with pytest.raises(tf.errors.InvalidArgumentError, match=says):
        served(written(picture, form, **options))


@pytest.mark.parametrize("content", [b"", b"x", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", written(COLOUR, "PNG")[:500],
                                     written(COLOUR, "JPEG")[:500]])
def test_broken_images_are_refused(content):
    with pytest.raises(tf.errors.InvalidArgumentError):
        served(content)


def test_a_picture_in_hdr_is_refused():
    content = written(COLOUR, "PNG")
    place = content.index(b"IDAT") - 4
    for curve in (16, 18):
        chunk = b"\0\0\0\4cICP" + bytes([9, curve, 0, 1]) + b"\0\0\0\0"  # decoders look at no sum of a chunk they skip
        with pytest.raises(tf.errors.InvalidArgumentError, match="in HDR"):
            served(content[:place] + chunk + content[place:])
