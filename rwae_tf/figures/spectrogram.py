"""Spectra of speech as pictures: time to the right, frequency upwards, loud values bright. Arrays in, arrays out.

A picture is a clip of one frame, so that all that lays out clips (`grids`) lays out spectrograms too: the matrix of
Fig. 11 is `grids.swap_table` of them.
"""

from typing import Callable

import numpy as np
import numpy.typing as npt

from rwae_tf.errors import InputError
from rwae_tf.figures import plots

_ASPECT = 2.5  # a picture is at most so many times as high as wide
_DARK, _BRIGHT = 5, 99.5  # percentiles that are drawn darkest and brightest


def painter(reference: npt.ArrayLike) -> Callable[[np.ndarray], np.ndarray]:
    """Make the function that paints clips of decibels [..., T, F] on one scale of colours.

    Args:
      reference: clips that the scale is fitted to, [..., T, F].

    Returns:
      function: [..., T, F] -> uint8 [..., 1, F, W, 3], where a frame is W / T >= 1 pixels wide.

    Raises:
      InputError: for a reference without values, or with some that are not finite.
    """
    reference = np.asarray(reference, np.float64)
    if reference.ndim < 2 or not reference.size or not np.isfinite(reference).all():
        raise InputError(f"a spectrogram needs finite values [..., T, F], not those of shape {reference.shape}")
    low, high = np.percentile(reference, [_DARK, _BRIGHT])

    def paint(clips):
        clips = np.asarray(clips)
        length, bins = clips.shape[-2:]
        pictures = np.flip(np.swapaxes(clips, -1, -2), -2)  # frequency is the height, from above
        pictures = np.repeat(pictures, max(1, round(bins / (_ASPECT * length))), -1)
        return plots.heat((pictures - low) / max(high - low, 1e-6))[..., None, :, :, :]

    return paint
