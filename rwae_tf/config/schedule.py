"""A number that may follow a schedule over the epochs of a training. Imports no TensorFlow.

0.5                     always 0.5
4:0.1,6:1               0.1 until epoch 4, a straight line to 1 at epoch 6, 1 from there on
50:3e-4,50:1.5e-4       3e-4 until epoch 50, 1.5e-4 from epoch 50 on: two values at one epoch are a jump
0:0.8,~4:0.1            a ~ before a pair: exponentially instead of along a straight line
"""

import bisect
import math
from typing import Any, Tuple, Union

EXPONENTIAL = "exponential"
Point = Union[Tuple[float, float], Tuple[float, float, str]]
"""(epoch, value), or (epoch, value, EXPONENTIAL) where the way to it is not a straight line."""
Schedule = Union[float, Tuple[Point, ...]]
"""A number, or points in order of time; constant before the first and after the last."""

EXPECTED = "a number, or epoch:value pairs such as 0:0.1,4:0.1,6:1 with straight lines between"


def value(schedule: Schedule, epoch: float) -> float:
    """The value of `schedule` at `epoch`, the passes over the data so far with fractions.

    Where two points share an epoch, the first holds until that epoch and the second from it on.
    """
    if not isinstance(schedule, tuple):
        return float(schedule)
    after = bisect.bisect_right([point[0] for point in schedule], epoch)
    if after in (0, len(schedule)):
        return float(schedule[min(after, len(schedule) - 1)][1])
    (begin, first, *_), (end, last, *way) = schedule[after - 1], schedule[after]
    if way:
        return first * (last / first) ** ((epoch - begin) / (end - begin))
    return (last - first) / (end - begin) * (epoch - begin) + first


def values(schedule: Schedule) -> Tuple[float, ...]:
    """All values that `schedule` names, in order of time."""
    return tuple(point[1] for point in schedule) if isinstance(schedule, tuple) else (schedule,)


def fault(points: Any) -> str:
    """What is wrong with the points of a schedule, in a few words; empty for nothing."""
    if not points or not all(_is_point(point) for point in points):
        return f"expected {EXPECTED}"
    epochs = [point[0] for point in points]
    if epochs[0] < 0 or epochs != sorted(epochs):
        return "give epochs from 0 on, in order of time"
    if any(first == third for first, third in zip(epochs, epochs[2:], strict=False)):
        return "give at most two values for an epoch"
    for before, point in zip((None, *points), points, strict=False):
        if len(point) == 3 and (before is None or before[0] == point[0] or min(before[1], point[1]) <= 0):
            return "a ~ needs a pair of an earlier epoch before it, and values above 0 in both"
    return ""


def _is_point(point: Any) -> bool:
    numbers = isinstance(point, tuple) and all(
        isinstance(number, (int, float)) and not isinstance(number, bool) for number in point[:2])
    if numbers and point and not math.isfinite(point[0]):
        return False
    return numbers and (len(point) == 2 or len(point) == 3 and point[2] == EXPONENTIAL)


def parse(text: str) -> Schedule:
    """Read a schedule as it is written on the command line; ValueError for anything else than `EXPECTED`."""
    return tuple(_point(pair) for pair in text.split(",")) if ":" in text else float(text)


def _point(pair: str) -> Point:
    epoch, number = pair.strip().split(":")  # ValueError for more or fewer
    if epoch.startswith("~"):
        return float(epoch[1:]), float(number), EXPONENTIAL
    return float(epoch), float(number)


def as_text(schedule: Schedule) -> str:
    """Write `schedule` as on the command line; the inverse of `parse`."""
    if not isinstance(schedule, tuple):
        return _short(schedule)
    return ",".join(f"{'~' if way else ''}{_short(epoch)}:{_short(number)}" for epoch, number, *way in schedule)


def _short(number: float) -> str:
    """`number` in as few digits as tell it from all others: 3e-04 as 0.0003, 3e-05 as 3e-05."""
    short = f"{number:g}"
    return short if float(short) == number else repr(float(number))
