"""A weight that is a number or follows a schedule over the epochs of a training. Imports no TensorFlow."""

from typing import Any, Tuple, Union

import numpy as np

Weight = Union[float, Tuple[Tuple[float, float], ...]]
"""A number, or (epoch, value) pairs in order of time: straight lines between them, constant before and after."""

EXPECTED = "a number, or epoch:value pairs such as 0:0.1,4:0.1,6:1 with straight lines between"


def value(weight: Weight, epoch: float) -> float:
    """The value of `weight` at `epoch`, the passes over the data so far with fractions."""
    if not isinstance(weight, tuple):
        return float(weight)
    epochs, values = zip(*weight, strict=True)
    return float(np.interp(epoch, epochs, values))


def parse(text: str) -> Weight:
    """Read a weight from the command line; ValueError for anything else than `EXPECTED`."""
    if ":" not in text:
        return float(text)
    points: Any = tuple(tuple(float(number) for number in pair.split(":")) for pair in text.split(","))
    if any(len(point) != 2 for point in points):
        raise ValueError(EXPECTED)
    return points


def as_text(weight: Weight) -> str:
    """Write `weight` as on the command line; the inverse of `parse`."""
    if not isinstance(weight, tuple):
        return f"{weight:g}"
    return ",".join(f"{epoch:g}:{number:g}" for epoch, number in weight)
