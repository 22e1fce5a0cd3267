"""Pictures and animations of clips. Sees arrays only."""

import os
from typing import Callable, Dict, Optional, Sequence

import numpy as np

from rwae_tf.errors import InputError
from rwae_tf.figures import animation, grids, spectrogram
from rwae_tf.utils import files


def _write_png(videos, path, fps, scale, names=None):
    """A still of `videos`: one row per clip, or the table unchanged."""
    videos = grids.to_uint8(videos)
    still = grids.table(videos[:, None] if videos.ndim == 5 else videos, scale)
    grids.write_png(grids.labelled(still, names) if names else still, path)


def painter(modality: str, reference: np.ndarray) -> grids.Paint:
    """Make the function that turns clips into pictures for `write` and `grids`.

    Args:
      modality: "video", whose clips are pictures, or "speech", whose spectra are painted.
      reference: clips that the colours of speech are fitted to, [..., T, F].

    Returns:
      function: clips [..., T, *frame_shape] -> pictures of them [..., T, H, W, C]; those of speech have T = 1.
    """
    return spectrogram.painter(reference) if modality == "speech" else np.asarray


WRITERS: Dict[str, Callable[..., None]] = {".gif": animation.write_gif, ".mp4": animation.write_mp4, ".png": _write_png}


def check_path(path: str) -> None:
    """Raise InputError for a `path` whose suffix names no picture format, before any work for it."""
    if os.path.splitext(path)[1].lower() not in WRITERS:
        raise InputError(f"{path}: the name must end in one of {' '.join(WRITERS)}")


def write(videos: np.ndarray, path: str, fps: float = 10, scale: int = 1,
          names: Optional[Sequence[str]] = None) -> None:
    """Write clips in the format of the suffix of `path`; make the folder if it is missing.

    Args:
      videos: clips [N, T, H, W, C] or a table of clips [R, S, T, H, W, C], uint8 or float in [0, 1].
      path: file to write, ending in .gif, .mp4 (all clips play at once) or .png (frames side by side).
      fps: frames per second of an animation.
      scale: how often each pixel is repeated in height and width.
      names: of the rows, which a .png has on its left; None for none.
    """
    check_path(path)
    files.make_folder(os.path.dirname(path if files.is_remote(path) else os.path.abspath(path)))
    suffix = os.path.splitext(path)[1].lower()
    WRITERS[suffix](videos, path, fps=fps, scale=scale, **({"names": names} if suffix == ".png" else {}))
