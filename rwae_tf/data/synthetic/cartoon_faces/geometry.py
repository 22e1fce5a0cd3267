"""Polygons and colours that the cartoon faces are made of. Points are float [N, 2], x and y; colours 0 to 255."""

from typing import Tuple

import numpy as np
import numpy.typing as npt

FACE_X, FACE_Y = 0.5, 0.5  # the middle of a face
ALONG = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 25))  # along a mouth, a lid or a brow; closer where these are round
Colour = Tuple[int, ...]
WHITE = (250, 248, 244)


def ellipse(x: float, y: float, width: float, height: float, low: float = 0.0, high: float = 2 * np.pi,
            power: float = 2.0) -> np.ndarray:
    """48 points, float [48, 2], of an ellipse with these half axes, or of its arc from angle `low` to `high`.

    `power` is the exponent of the superellipse: 2 for an ellipse, more for a squarer one.
    """
    angles = np.linspace(low, high, 48)
    cos, sin = np.cos(angles), np.sin(angles)
    return np.stack([x + width * np.sign(cos) * np.abs(cos) ** (2 / power),
                     y + height * np.sign(sin) * np.abs(sin) ** (2 / power)], -1)


def stroke(line: np.ndarray, width: npt.ArrayLike) -> np.ndarray:
    """The outline [2 N, 2] of a line [N, 2] drawn with a pen of this width, or of N widths."""
    along = np.gradient(line, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], -1) / np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    half = across * np.broadcast_to(np.asarray(width) / 2, len(line))[:, None]
    return np.concatenate([line + half, (line - half)[::-1]])


def between(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """The polygon between two lines [N, 2] of the same direction: [2 N, 2]."""
    return np.concatenate([upper, lower[::-1]])


def shade(colour: Colour, factor: float) -> Colour:
    """A colour darker (`factor` below 1) or lighter."""
    return tuple(int(min(255, max(0, round(level * factor)))) for level in colour)


def mix(colour: Colour, other: Colour, share: float) -> Colour:
    """A colour with a `share` of another."""
    return tuple(round((1 - share) * a + share * b) for a, b in zip(colour, other, strict=True))
