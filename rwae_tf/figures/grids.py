"""Still pictures of clips: frames side by side, clips in rows, swaps in a table. Arrays in, arrays out.

Clips are [..., T, H, W, C] with one or three channels, uint8 or float in [0, 1]. A table of clips
[R, S, T, H, W, C] is what every picture is laid out from; a list of clips is a table of one column.
"""

from typing import Any, Callable, Sequence

import numpy as np
import numpy.typing as npt

from rwae_tf.errors import InputError
from rwae_tf.utils import atomic_write

BACKGROUND = 128  # middle grey separates frames on black and on white alike
FRAME_GAP = 1
CLIP_GAP = 3
TEXT = 13  # height of letters, in pixels
FRAMES_ACROSS = 20  # a still of all clips of a row stays this many frames wide, and so readable

Paint = Callable[[np.ndarray], np.ndarray]
"""Clips [..., T, *frame_shape] -> pictures of them [..., T, H, W, C]."""


def to_uint8(clips: npt.ArrayLike) -> np.ndarray:
    """`clips` as uint8 in [0, 255]; floats in [0, 1] are rounded to the nearest of 256 levels.

    Raises:
      InputError: for a channel count other than 1 or 3, a NaN, or floats outside [0, 1].
    """
    clips = np.asarray(clips)
    if clips.ndim < 3 or clips.shape[-1] not in (1, 3):
        raise InputError(f"a picture needs frames [..., H, W, C] with C of 1 or 3, not shape {clips.shape}")
    if clips.dtype == np.uint8:
        return clips
    if clips.size and not (clips.min() >= -1e-3 and clips.max() <= 1 + 1e-3):  # a NaN fails both
        raise InputError(f"a picture needs values in [0, 1], not {clips.min()} to {clips.max()}")
    return np.rint(np.clip(clips, 0, 1) * 255).astype(np.uint8)


def upscale(clips: np.ndarray, scale: int) -> np.ndarray:
    """`clips` [..., H, W, C] with each pixel repeated `scale` times in height and width."""
    return np.repeat(np.repeat(clips, scale, axis=-3), scale, axis=-2)


def tile(images: np.ndarray, gap: int) -> np.ndarray:
    """One image [h, w, C] of `images` [R, S, H, W, C], `gap` grey pixels between neighbours."""
    rows, columns, height, width, channels = images.shape
    shape = (rows * (height + gap) - gap, columns * (width + gap) - gap, channels)
    canvas = np.full(shape, BACKGROUND, np.uint8)
    for row in range(rows):
        for column in range(columns):
            top, left = row * (height + gap), column * (width + gap)
            canvas[top : top + height, left : left + width] = images[row, column]
    return canvas


def strip(video: np.ndarray, scale: int = 1) -> np.ndarray:
    """The frames of `video` [T, H, W, C] side by side: uint8 [H', T (W' + 1) - 1, C]."""
    return tile(upscale(_clips(video, 4), scale)[np.newaxis], FRAME_GAP)


def grid(videos: np.ndarray, scale: int = 1) -> np.ndarray:
    """One row of frames per clip of `videos` [N, T, H, W, C]: uint8 [N (H' + 1) - 1, T (W' + 1) - 1, C]."""
    return tile(upscale(_clips(videos, 5), scale), FRAME_GAP)


def table(clips: np.ndarray, scale: int = 1) -> np.ndarray:
    """A still [h, w, C] of a table of clips [R, S, T, H, W, C]: each cell a strip.

    A row shows about `FRAMES_ACROSS` frames; longer clips show evenly spaced ones, the first among them.
    """
    clips = _clips(clips, 6)
    columns, length = clips.shape[1:3]
    shown = min(length, max(3, FRAMES_ACROSS // columns))
    clips = clips[:, :, np.arange(shown) * length // shown]
    cells = np.stack([np.stack([strip(clip, scale) for clip in row]) for row in clips])
    return tile(cells, CLIP_GAP)


def swap_table(content: np.ndarray, motion: np.ndarray, mixed: np.ndarray) -> np.ndarray:
    """The table [N + 1, M + 1, T, H, W, C] whose first column and row are the clips that gave the codes.

    Args:
      content: clips [N, T, H, W, C] that give the content, one per row.
      motion: clips [M, T, H, W, C] that give the motion, one per column.
      mixed: clips [N, M, T, H, W, C] with the content of the row and the motion of the column.

    Raises:
      InputError: for shapes that do not fit each other.
    """
    content, motion, mixed = _clips(content, 5), _clips(motion, 5), _clips(mixed, 6)
    if mixed.shape != (*content.shape[:1], *motion.shape) or content.shape[1:] != motion.shape[1:]:
        raise InputError(f"content {content.shape} and motion {motion.shape} do not fit mixed {mixed.shape}")
    corner = np.full((1, 1, *motion.shape[1:]), BACKGROUND, np.uint8)
    top = np.concatenate([corner, motion[np.newaxis]], axis=1)
    return np.concatenate([top, np.concatenate([content[:, np.newaxis], mixed], axis=1)])


def build_swap_table(swap: Callable[[np.ndarray, np.ndarray], Any], content: np.ndarray, motion: np.ndarray,
                     paint: Paint = np.asarray) -> np.ndarray:
    """Build the `swap_table` of every pair of clips.

    Args:
      swap: function (content clips [B, ...], motion clips [B, ...]) -> clips [B, ...] with both.
      content: clips [N, T, ...] that give the content; motion: clips [M, T, ...] that give the motion.
      paint: function clips -> pictures of them, [..., T, H, W, C].

    Returns:
      uint8 [N + 1, M + 1, T, H, W, C].
    """
    rows, columns = len(content), len(motion)
    mixed = np.asarray(swap(np.repeat(content, columns, 0), np.concatenate([motion] * rows)))
    return swap_table(paint(content), paint(motion), paint(mixed.reshape(rows, *motion.shape)))


def labelled(image: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """`image` [h, w, C] of rows of equal height, with the name of each on its left in black on white: [h, w', C]."""
    from PIL import Image, ImageDraw, ImageFont

    image, font = _clips(image, 3), ImageFont.load_default(TEXT)
    margin = 2 * CLIP_GAP + int(max(font.getlength(name) for name in names))
    text = Image.new("L", (margin, len(image)), 255)
    for row, name in enumerate(names):
        ImageDraw.Draw(text).text((CLIP_GAP, (row + 0.5) * len(image) / len(names)), name, 0, font, anchor="lm")
    return np.concatenate([np.repeat(np.asarray(text)[..., None], image.shape[-1], -1), image], axis=1)


def write_png(image: np.ndarray, path: str) -> None:
    """Write `image` [H, W, C] to `path` as PNG, whole or not at all."""
    with atomic_write.stage(path) as part:
        to_pillow(_clips(image, 3)).save(part, "PNG", optimize=True)


def to_pillow(image: np.ndarray) -> Any:
    """The uint8 `image` [H, W, 1 or 3] as a Pillow image, grey or RGB."""
    from PIL import Image

    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def _clips(clips, rank):
    """`clips` as uint8 of the given rank, none of its dimensions empty."""
    clips = to_uint8(clips)
    if clips.ndim != rank or 0 in clips.shape:
        raise InputError(f"expected {rank} dimensions, none of them empty, not shape {clips.shape}")
    return clips
