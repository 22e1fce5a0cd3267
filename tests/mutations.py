"""Mutations of bytes, drawn by Hypothesis."""

import random
import re

from hypothesis import strategies as st

NUMBERS = [b"-1", b"0", b"1e999", b"-1e999", b"9" * 30, b"4294967296", b"NaN", b"null", b"true", b'"x"', b"[]", b"{}",
           b"1.5", b'"../../up"', b"[" * 20_000]
EDITS = ("cut", "flip", "noise", "double", "number", "swap")


@st.composite
def edits(draw):
    """A few edits, each a kind, a place in [0, 1) and a number."""
    one = st.tuples(st.sampled_from(EDITS), st.floats(0, 1, exclude_max=True), st.integers(0, 2**32 - 1))
    return draw(st.lists(one, min_size=1, max_size=4))


def edited(content, kind, place, number):
    at, rng = int(place * len(content)), random.Random(number)
    length = rng.choice((1, 2, 4, 16, 256))
    if kind == "cut":
        return content[:at]
    if kind == "flip":
        return content[:at] + bytes([content[at] ^ 1 << number % 8]) + content[at + 1:] if content else content
    if kind == "noise":
        return content[:at] + rng.randbytes(length) + content[at + length:]
    if kind == "double":
        return content[:at] + content[at:at + length] * rng.choice((2, 3, 1000)) + content[at + length:]
    if kind == "swap":
        return content[at:at + length] + content[:at] + content[at + length:]
    found = list(re.finditer(rb"-?\d+(?:\.\d+)?", content))  # a number of a text, by one that is none, or too large
    if not found:
        return content + NUMBERS[number % len(NUMBERS)]
    chosen = found[int(place * len(found))]
    return content[:chosen.start()] + NUMBERS[number % len(NUMBERS)] + content[chosen.end():]


def apply(content, changes):
    for change in changes:
        content = edited(content, *change)
    return content
