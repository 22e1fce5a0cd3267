"""The pictures of one folder as the frames of one video: which belong together, in which order, and if any is missing.

Names that differ in numbers alone make a group, written with # for the number that counts frames: `img_#.jpg`. A folder
with several groups holds several pictures to an instant (colour and depth, image and mask, two cameras), copies or a
cover, so a pattern has to choose. Numbers may be negative, decimal or time stamps. A counter must not have gaps; time
stamps may be uneven.
"""

import decimal
import os
import re
from typing import NamedTuple, Tuple

from rwae_tf.data.video import frame_names, timestamps

_SIGNED = r"-?[0-9]+(?:[.,][0-9]+)?(?:[eE]-[0-9]{2,3})?"  # what # stands for
_NAMED = 5  # groups that a line names


class Group(NamedTuple):
    """Pictures that are one sequence.

    Attributes:
      pattern: what their names have in common, # for the number of the frame.
      names: in the order of these numbers.
      numbers: one of each, `decimal.Decimal`; empty for time stamps, of which none is missing, and where there is none.
    """

    pattern: str
    names: Tuple[str, ...]
    numbers: Tuple[decimal.Decimal, ...]


def chosen(names, pattern):
    """Those of the file names that a pattern takes, all of them for an empty one.

    In a pattern, * stands for any text, ? for any character, # for a number; commas separate alternatives.
    """
    if not pattern:
        return list(names)
    found = _matching(names, pattern, _SIGNED)
    if "#" in pattern and "*" not in pattern and len(groups(found)) > 1:  # img_2.1 beside img_2 and img_3
        found = _matching(names, pattern, "-?[0-9]+")
    return found


def _matching(names, pattern, number):
    """The names that a pattern takes, where # stands for what the expression `number` matches."""
    parts = {"*": ".*", "?": ".", "#": number}
    alternatives = ["".join(parts.get(mark, re.escape(mark)) for mark in frame_names.plain(text.strip()))
                    for text in pattern.split(",")]
    return [name for name in names if any(re.fullmatch(text, frame_names.plain(name)) for text in alternatives)]


def ordered(names, pattern=""):
    """The frames of a video, in order.

    Args:
      names: file names of pictures in one folder.
      pattern: as given by the user; one with * and without # takes all that it matches, unchecked.

    Returns:
      The names in order, and what is wrong with them, None where nothing is.
    """
    found = groups(names)
    if pattern and "#" not in pattern:
        order = {name: number for group in found for number, name in enumerate(group.names)}
        if len(found) > 1:
            return sorted(names, key=lambda name: (_key(name), order[name])), None
        return list(found[0].names), None
    if len(found) > 1:
        found.sort(key=lambda group: (-len(group.names), len(group.pattern), group.pattern))
        seen = ", ".join(f"{group.pattern!r} ({len(group.names)})" for group in found[:_NAMED])
        more = f" and {len(found) - _NAMED} more" * (len(found) > _NAMED)
        return names, (f"pictures of {len(found)} kinds, {seen}{more}; give --frame_pattern={found[0].pattern!r} for "
                       "those that are the frames, or --frame_pattern='*' for all in the order of their names")
    return list(found[0].names), _wrong(found[0])


def groups(names):
    """The sequences among file names of pictures, a list of `Group`."""
    parsed = frame_names.signed([frame_names.parse(name, frame_names.REAL) for name in names])
    if not all(timestamps.are_decimals([entry.numbers[k] for entry in same], same[0].texts[k:k + 2])
               for same in frame_names.alike(parsed) for k in range(len(same[0].numbers))):
        parsed = frame_names.signed([frame_names.parse(name, "[0-9]+") for name in names])
    found = []
    for same in frame_names.alike(parsed):
        found.extend(_sequences(same))
    return found


def _key(name):
    """Sort key by text and numbers in turn."""
    entry = frame_names.parse(name, frame_names.REAL)
    return [part for pair in zip(entry.texts, (*entry.values, 0), strict=True) for part in pair]


def _sequences(entries):
    """The `Group`s among names that differ in numbers alone."""
    columns = list(zip(*(entry.values for entry in entries), strict=True))
    varying = [k for k, column in enumerate(columns) if len(set(column)) > 1]
    if len(varying) > 1 and not timestamps.is_clock(entries, varying):
        frame = _counter(columns, varying)
        if frame is None:  # the number with the most values counts the frames, the others tell cameras apart
            frame = max(varying, key=lambda k: (len(set(columns[k])), k))
            parts = {}
            for entry in entries:
                others = tuple(entry.values[k] for k in varying if k != frame)
                parts.setdefault(others, []).append(entry)
            return [group for part in parts.values() for group in _by_suffix(part, [frame])]
        varying = [frame]
    return _by_suffix(entries, varying)


def _counter(columns, varying):
    """Which of several numbers counts the frames; None where none does.

    All names have another one, and no other number falls as it rises; or it alone has even steps.
    """
    def order(k):
        return sorted(range(len(columns[k])), key=lambda row: columns[k][row])

    single = [k for k in varying if len(set(columns[k])) == len(columns[k])]
    for k in single:
        rows = order(k)
        if all(columns[other][a] <= columns[other][b] for other in varying
               for a, b in zip(rows, rows[1:], strict=False)):
            return k
    even = [k for k in single if timestamps.is_even(columns[k])]
    return even[0] if len(even) == 1 else None


def _by_suffix(entries, varying):
    """One `Group`, or one for each suffix where names of one number have different ones."""
    def number(entry):
        return tuple(entry.values[k] for k in varying)

    entries = sorted(entries, key=lambda entry: (number(entry), entry.name))
    suffixes = {}
    for entry in entries:
        suffix = os.path.splitext(entry.name)[1].lower()
        suffixes.setdefault({".jpeg": ".jpg", ".tiff": ".tif"}.get(suffix, suffix), []).append(entry)
    if len(suffixes) > 1 and len(set(map(number, entries))) < len(entries):
        return [_group(part, varying) for part in suffixes.values()]
    return [_group(entries, varying)]


def _group(entries, varying):
    names, timed = tuple(entry.name for entry in entries), len(varying) != 1
    if not timed:
        k = varying[0]
        timed = timestamps.is_clock(entries, varying) or timestamps.is_time(*entries[0].texts[k:k + 2])
        timed = timed and len({entry.values[k] for entry in entries}) == len(entries)
    numbers = () if timed else tuple(entry.values[varying[0]] for entry in entries)
    if any(number != int(number) or len(str(abs(int(number)))) >= timestamps.STAMP for number in numbers) and \
            len(set(numbers)) == len(numbers):
        numbers = ()  # seconds, or time since 1970
    return Group(_pattern(entries), names, numbers)


def _pattern(entries):
    """What the names have in common, as `chosen` reads it."""
    if len(entries) == 1:
        return re.sub("[#*,]", "?", entries[0].name)
    first, suffixes = entries[0], {os.path.splitext(entry.name)[1] for entry in entries}
    parts = []
    for k, text in enumerate(first.texts):
        parts.append(re.sub("[#*,]", "?", text))
        if k < len(first.numbers):
            parts.append("#" if len({entry.numbers[k] for entry in entries}) > 1 else first.numbers[k])
    return "".join(parts) + (suffixes.pop() if len(suffixes) == 1 else ".*")


def _wrong(group):
    """What is wrong with the numbers of frames; None where nothing is."""
    steps = [after - before for before, after in zip(group.numbers, group.numbers[1:], strict=False)]
    if not steps:
        return None
    least = min(steps)
    if not least:
        place = steps.index(0)
        return f"{group.names[place]} and {group.names[place + 1]} have the same number"
    gaps = [k for k, step in enumerate(steps) if step != least]
    if not gaps or (least >= timestamps.STAMP and any(step % least for step in steps)):  # milliseconds
        return None
    return (f"frames are missing between {group.names[gaps[0]]} and {group.names[gaps[0] + 1]}; if none is, give "
            f"--frame_pattern={group.pattern.replace('#', '*')!r}")
