"""Writers of small videos in every form that a folder may hold, independent of the readers."""

import imageio_ffmpeg
import numpy as np
from PIL import Image

FILMS = {  # suffix: codec, pixel format and options, all without loss
    ".mp4": ("libx264rgb", "rgb24", ["-crf", "0"]),
    ".mkv": ("libx264rgb", "rgb24", ["-crf", "0"]),
    ".webm": ("libvpx-vp9", "gbrp", ["-lossless", "1", "-deadline", "realtime", "-cpu-used", "8"]),
}


def noise(count, frames, height=64, width=64, seed=0):
    """Videos of few colours, uint8 [count, frames, height, width, 3]."""
    return np.random.default_rng(seed).choice(np.array([0, 80, 255], np.uint8), (count, frames, height, width, 3))


def write_gif(path, frames, milliseconds=40):
    """Write uint8 [T, H, W, 3] of at most 256 colours; Pillow joins equal neighbours into one that is shown longer."""
    first, *others = [Image.fromarray(frame) for frame in frames]
    path.parent.mkdir(parents=True, exist_ok=True)
    first.save(path, save_all=True, append_images=others, duration=milliseconds, loop=0)


def write_frames(folder, frames, name="img_{}.png"):
    """Write frames as pictures; of more than nine, the order of their names is not that of their numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / name.format(number))


def write_film(path, frames):
    """Write uint8 [T, H, W, 3] as a film from which the same numbers can be read."""
    codec, pixels, options = FILMS[path.suffix]
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = imageio_ffmpeg.write_frames(str(path), frames.shape[2:0:-1], fps=10, codec=codec, pix_fmt_out=pixels,
                                         macro_block_size=1, quality=None, output_params=options)
    writer.send(None)
    for frame in frames:
        writer.send(np.ascontiguousarray(frame))
    writer.close()
