"""Numbers in the names of pictures that are times: decimals, clocks, dates and time since 1970."""

import decimal
import re

STAMP = 10  # smallest number of digits of a time since 1970, and smallest step in milliseconds


def are_decimals(numbers, around):
    """Whether numbers with points are decimals, not two numbers such as a version and a frame; True without points.

    Args:
      numbers: as they are written.
      around: the texts before and after them.
    """
    pointed = [number.lstrip("-").replace(",", ".").partition(".") for number in numbers]
    if not any(point for _, point, _ in pointed) or any("e" in number for number in numbers):
        return True
    if is_time(*around) or re.search("(^|[^a-z])t[=_ ]?$", around[0]) and not all(point for _, point, _ in pointed):
        return True
    values = [decimal.Decimal(number.replace(",", ".")) for number in numbers]
    if not all(point for _, point, _ in pointed):
        return is_even(values)
    whole, after = {part[0] for part in pointed}, [part[2] for part in pointed]
    if len(set(map(len, after))) > 1 and any(part.endswith("0") and len(part) > 1 for part in after):
        return False  # 2.10 after 2.9
    if len(whole) == 1:
        if int(min(whole)) == 0 or len(min(whole)) >= STAMP or len(numbers) == 1:
            return True
        return is_even(values) and not is_even(list(map(int, after)))
    sets = {frozenset(part[2] for part in pointed if part[0] == one) for one in whole}
    return len(sets) > 1 or min(map(len, sets)) == 1 or is_even(values)  # 1.1 1.2 2.1 2.2: two cameras


def is_even(values):
    """Whether sorted values have one step between them."""
    values = sorted(values)
    return len({after - before for before, after in zip(values, values[1:], strict=False)}) <= 1


def is_time(before, after):
    """Whether the texts around a number say that it is a time."""
    return bool(re.search("(^|[^a-z])(ts|time|timestamp|seconds|sec)[=_ -]?$", before)
                or re.match(" ?(s|sec|seconds|ms|us|ns)([^a-z]|$)", after))


def is_clock(entries, varying):
    """Whether the varying numbers are parts of a date and time.

    They have fixed widths and separators between, and are three in all or begin with one such as 20240501. One number
    alone is, if it could be seconds after two such parts, a time after a date, or a date.
    """
    if len(varying) == 1:
        k = varying[0]
        numbers = [entry.numbers[k] for entry in entries]
        if all(re.fullmatch("(19|20)[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])", number) for number in numbers):
            return True
        if not k:
            return False
        part = "[0-5][0-9]" if len(entries[0].numbers[k - 1]) < 8 else "[0-2][0-9][0-5][0-9][0-5][0-9]"
        if not all(re.fullmatch(part, number) for number in numbers):
            return False
    texts, first, last = entries[0].texts, varying[0], varying[-1]
    begin = first
    while begin and re.fullmatch("[-_.:t ]", texts[begin]):
        begin -= 1
    between = all(re.fullmatch("[-_.:,thms ]+", texts[k]) for k in range(first + 1, last + 1))
    widths = [{len(entry.numbers[k].partition(".")[0]) for entry in entries} for k in range(begin, last)]
    fixed = all(width in ({2}, {4}, {6}, {8}, {14}) for width in widths)
    return between and fixed and (last - begin >= 2 or widths[:1] in ([{6}], [{8}], [{14}]))
