"""Pictures from and to files, and polygons drawn as pixels: what of Pillow the datasets of pictures need."""

import os

import numpy as np
from PIL import Image, ImageDraw

from rwae_tf.errors import InputError
from rwae_tf.utils import atomic_write

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")
_FINER = 4  # sub-pixels across a pixel of what is drawn
# What Pillow raises for a file that is no picture, one cut short, and one that unpacks to hundreds of megapixels.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)


def read(path):
    """The picture in the file `path` as uint8 RGB [H, W, 3].

    Raises:
      InputError: if there is no file, or none that is a whole picture.
    """
    if not os.path.exists(path):
        raise InputError(f"{path}: no such picture; restore it, or leave the whole take out")
    if not os.path.isfile(path):  # a pipe would be waited for
        raise InputError(f"{path}: a picture's name, but not a file; remove it")
    if not os.path.getsize(path):
        raise InputError(f"{path}: empty; restore the picture, or leave the whole take out")
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except _BROKEN as error:
        reason = getattr(error, "strerror", None) or str(error).partition("'")[0].strip()
        raise InputError(f"{path}: not a readable picture ({reason}); restore it, or leave the whole take "
                         "out") from None


def cut(pixels, box, size):
    """The square `box` of a picture, scaled to size x size (bicubic, smoothed where it shrinks).

    Args:
      pixels: uint8 [H, W, 3].
      box: left, top and side in pixels, inside the picture.
      size: height and width wanted.

    Returns:
      uint8 [size, size, 3]; the very pixels where the box has that size already.
    """
    left, top, side = box
    part = Image.fromarray(pixels[top:top + side, left:left + side])
    return np.asarray(part.resize((size, size), Image.Resampling.BICUBIC))


def write_jpeg(pixels, path):
    """Write uint8 [H, W, 3] to `path` as a JPEG of quality 95 with full colour, whole or not at all."""
    with atomic_write.stage(path) as part:
        Image.fromarray(pixels).save(part, "JPEG", quality=95, subsampling=0)


def draw(shapes, size):
    """Polygons laid over one another, anti-aliased.

    Args:
      shapes: (points, colour) from back to front: float [N, 2], x and y in [0, 1] with y downwards, and three
        levels of 0 to 255.
      size: height and width of the picture in pixels.

    Returns:
      uint8 [size, size, 3]: the mean of 4x4 sub-pixels.
    """
    image = Image.new("RGB", (size * _FINER, size * _FINER))
    pen = ImageDraw.Draw(image)
    for points, colour in shapes:
        places = np.asarray(points) * (size * _FINER) - 0.5
        pen.polygon([tuple(place) for place in places.tolist()], fill=tuple(int(level) for level in colour))
    return np.asarray(image.reduce(_FINER))
