"""File names of pictures taken apart into texts and numbers, which may be negative or decimal."""

import decimal
import functools
import os
import re
import unicodedata
from typing import NamedTuple, Tuple

REAL = (r"(?<![0-9])(?<![0-9][.,])[0-9]+[.,][0-9]+(?:[eE][-+]?[0-9]{1,3})?(?![.,]?[0-9])"
        r"|(?<![0-9])[0-9]+[eE]-[0-9]{2,3}(?![0-9])|[0-9]+")


class Name(NamedTuple):
    """A file name taken apart.

    Attributes:
      name: of the file.
      texts: what stands between the numbers, as it is compared; one more than the numbers.
      numbers: as they are written, with their sign.
    """

    name: str
    texts: Tuple[str, ...]
    numbers: Tuple[str, ...]

    @property
    def values(self):
        """The numbers as exact decimals."""
        return tuple(map(_value, self.numbers))


@functools.lru_cache(2**18)
def _value(number):
    return decimal.Decimal(number.replace(",", "."))


def plain(text):
    """A name as it is compared."""
    return unicodedata.normalize("NFC", text).casefold()


def parse(name, number):
    """A `Name` whose numbers match an expression."""
    stem = plain(os.path.splitext(name)[0])
    texts, numbers, end = [], [], 0
    for match in re.finditer(number, stem):
        texts.append(stem[end:match.start()])
        numbers.append(match.group())
        end = match.end()
    return Name(name, (*texts, stem[end:]), tuple(numbers))


def signed(entries):
    """The names with a minus in front of a number as its sign.

    It is one at the beginning, after a separator, or where it is missing in other names that are otherwise alike.
    """
    known = {entry.texts for entry in entries}

    def signed(entry):
        texts, numbers = list(entry.texts), list(entry.numbers)
        for k, text in enumerate(texts[:-1]):
            bare = (*texts[:k], text[:-1], *texts[k + 1:])
            if text.endswith("-") and (bare in known or (text == "-" and not k) or text[-2:-1] in tuple("_=.(-")):
                texts[k], numbers[k] = text[:-1], "-" + numbers[k]
        return entry._replace(texts=tuple(texts), numbers=tuple(numbers))

    return [signed(entry) for entry in entries]


def alike(entries):
    """Lists of the names that differ in numbers alone."""
    same = {}
    for entry in entries:
        same.setdefault(entry.texts, []).append(entry)
    return list(same.values())
