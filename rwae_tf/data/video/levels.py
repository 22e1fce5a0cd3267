"""Pictures of more than 8 bits to a channel, as the 8 bits that frames have.

The values LOW to HIGH of `sample_range` become 0 to 255; without it 0 to 65535 do. Cameras of depth, heat and X-rays
fill a small part of 16 bits, of which a few grey levels would be left: then a range has to be given, one for all
videos, so that their levels can be compared. What is not a number shows black.
"""

import numpy as np

from rwae_tf.errors import InputError

_WHOLE = (0.0, 65535.0)
_ENOUGH = 64  # of 256 levels that a video should use, if it does not have one value only


def parse(text):
    """(low, high) out of the text LOW,HIGH; None for an empty one."""
    if not text:
        return None
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        low, high = 0.0, 0.0
    if not -np.inf < low < high < np.inf:
        raise InputError(f"sample_range={text!r}: give two numbers LOW,HIGH, the values that become black and white, "
                         "such as 0,4095 for 12 bits")
    return low, high


class Levels:
    """Makes the frames of one video 8 bits deep, and knows at its end whether too little was left of them.

    Args:
      path: of the video, for errors.
      given: (low, high), or None.
    """

    def __init__(self, path, given):
        self._path, self._given, self._least, self._most = path, given, np.inf, -np.inf

    def convert(self, values):
        """Integers or floats of any shape as uint8; InputError for values that no range is known for."""
        values = np.asarray(values)
        whole = values.dtype.kind in "iu"
        finite = values if whole else values[np.isfinite(values)]
        if finite.size:
            self._least, self._most = min(self._least, float(finite.min())), max(self._most, float(finite.max()))
        low, high = self._given or _WHOLE
        if not self._given and (not whole or self._least < low or self._most > high):
            raise InputError(f"{self._path}: values of {self._least:g} to {self._most:g}, not of 8 or 16 bits; give "
                             f"--sample_range={self._least:g},{self._most:g}, which become black and white, one range "
                             "for all videos")
        if values.dtype == np.uint16 and not self._given:
            return (values >> 8).astype(np.uint8)
        scaled = np.nan_to_num((values.astype(np.float64) - low), nan=0.0, posinf=high - low, neginf=0.0)
        scaled = scaled * 256 / (high - low + 1) if whole and high - low >= 255 else scaled * 255.999 / (high - low)
        return np.clip(np.floor(scaled), 0, 255).astype(np.uint8)

    def check(self):
        """InputError where the values of the video fill too small a part of 16 bits and no range was given."""
        if self._given or not 0 < self._most - self._least < 256 * _ENOUGH:
            return
        bits = next(bits for bits in range(8, 17) if self._most < 2**bits)
        low, high = (0, 2**bits - 1) if bits < 15 else (self._least, self._most)
        raise InputError(
            f"{self._path}: 16-bit values of {self._least:.0f} to {self._most:.0f}, of which 8 bits keep "
            f"{int(self._most) // 256 - int(self._least) // 256 + 1} levels; give --sample_range={low:.0f},{high:.0f}, "
            "which become black and white, one range for all videos, or --sample_range=0,65535 to leave them so")
