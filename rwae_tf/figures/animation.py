"""Moving pictures of clips: many clips tiled into one animated GIF or MP4."""

import numpy as np

from rwae_tf.errors import InputError
from rwae_tf.figures import grids
from rwae_tf.utils import atomic_write


def animate(clips: np.ndarray, scale: int = 1) -> np.ndarray:
    """Make the frames of an animation that plays all clips side by side.

    Args:
      clips: [N, T, H, W, C], laid out in a near-square table, or a table [R, S, T, H, W, C].
      scale: how often each pixel is repeated in height and width.

    Returns:
      uint8 [T, h, w, C].

    Raises:
      InputError: for another rank, or values that are no picture's (`grids.to_uint8`).
    """
    clips = grids.to_uint8(clips)
    if clips.ndim == 5:
        clips = _near_square(clips)
    if clips.ndim != 6 or 0 in clips.shape:
        raise InputError(f"expected clips [N, T, H, W, C] or a table of them, not shape {clips.shape}")
    frames = np.moveaxis(grids.upscale(clips, scale), 2, 0)
    return np.stack([grids.tile(images, grids.CLIP_GAP) for images in frames])


def _near_square(videos):
    """`videos` [N, ...] as a table [R, S, ...], row by row, S >= R; cells left over are grey."""
    columns = int(np.ceil(np.sqrt(len(videos))))
    rows = -(-len(videos) // max(columns, 1))
    empty = np.full((rows * columns - len(videos), *videos.shape[1:]), grids.BACKGROUND, np.uint8)
    return np.concatenate([videos, empty]).reshape(rows, columns, *videos.shape[1:])


def write_gif(videos: np.ndarray, path: str, fps: float = 10, scale: int = 1) -> None:
    """Write `videos` (see `animate`) to `path` as a GIF that loops; one palette for all its frames.

    The palette is fitted to all frames together, so that colours do not flicker from one to the next.
    """
    frames = animate(videos, scale)
    count, height, width, channels = frames.shape
    picture = grids.to_pillow(frames.reshape(count * height, width, channels))
    picture = picture.quantize(256, dither=0) if channels == 3 else picture.convert("P")
    images = [picture.crop((0, t * height, width, (t + 1) * height)) for t in range(count)]
    with atomic_write.stage(path) as part:
        images[0].save(part, "GIF", save_all=True, append_images=images[1:], duration=round(1000 / fps),
                       loop=0, palette=bytes(picture.getpalette()))


def write_mp4(videos: np.ndarray, path: str, fps: float = 10, scale: int = 1) -> None:
    """Write `videos` (see `animate`) to `path` as H.264; a grey edge makes odd heights and widths even."""
    import imageio_ffmpeg

    frames = animate(videos, scale)
    even = [(0, 0), (0, frames.shape[1] % 2), (0, frames.shape[2] % 2), (0, 0)]
    frames = np.pad(frames, even, constant_values=grids.BACKGROUND)
    frames = np.broadcast_to(frames, (*frames.shape[:3], 3))
    with atomic_write.stage(path) as part:
        writer = imageio_ffmpeg.write_frames(
            part, (frames.shape[2], frames.shape[1]), fps=fps, codec="libx264", macro_block_size=2,
            pix_fmt_in="rgb24", pix_fmt_out="yuv420p", output_params=["-f", "mp4"])
        writer.send(None)
        for frame in frames:
            writer.send(np.ascontiguousarray(frame))
        writer.close()
