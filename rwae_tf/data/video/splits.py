"""Which videos train and which test, where names say so: folders, array files, file names or a column.

A split is called train, val, valid, validation, dev, eval or test, in any case, alone or with a word such as set, data
or videos: `Train`, `trainset`, `test_data`, `val2017`. A level of sub-folders, or a column, whose every entry is the
name of a split, with two of them at least, says which videos train and which test; so do longer names that all contain
one (`faces_train`, `faces_test`), and those of the films themselves. What only some of the names say is refused until
`--splits` decides, because a user's test videos must not be trained on.
"""

import re
from typing import List, NamedTuple, Optional

from rwae_tf.data.folder_names import WORDS, named, plain, within
from rwae_tf.data.reports import tally
from rwae_tf.errors import InputError

CHOICES = ("auto", "named", "random")
_COLUMNS = ("split", "splits", "subset", "partition", "data_split", "dataset_split", "train_test", "train/test",
            "phase", "set", "usage")
_TRUTH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


class Splits(NamedTuple):
    """What names say of V videos.

    Attributes:
      parts: V times "train" or "test"; None for a video that is left out.
      where: what says so, in words.
      counts: name of the split, as the user wrote it -> (number of videos, "train" or "test").
    """

    parts: List[Optional[str]]
    where: str
    counts: dict

    def __str__(self):
        train, test = (", ".join(f"{name} ({count})" for name, (count, part) in self.counts.items() if part == wanted)
                       for wanted in ("train", "test"))
        left = self.parts.count(None)
        return f"by {self.where}, {train} to train and {test} to test" + f"; {left} outside them left out" * bool(left)


def _leading(text):
    """The split that a name begins with, as train_3 or test17; None for another name."""
    found = re.match("[A-Za-z]+(?=[-_. 0-9])", text)
    return found and named(found[0])


def of_levels(root, names, choice):
    """What the names of videos say.

    Args:
      root: the data folder, for errors.
      names: of the videos, "/" between folders.
      choice: of `CHOICES`.

    Returns:
      `Splits`, None where nothing is said, and the parts of each name without what says it.
    """
    parts = [name.split("/") for name in names]
    if choice == "random":
        return None, parts
    depth = max(map(len, parts)) - 1
    levels = [[part[level] if level < len(part) - 1 else None for part in parts] for level in range(depth)]
    whole = [level for level in range(depth) if _says(levels[level], named)]
    whole = whole or [level for level in range(depth) if _says(levels[level], within)]
    partly = [(level, name) for level in range(depth) for name in (named, within) if _says_partly(levels[level], name)]
    if len(whole) > 1:
        raise InputError(f"{root}: {tally(levels[whole[0]])} and, below, {tally(levels[whole[1]])} are both names "
                         "of splits; rename one of them, or give --splits=random to deal the videos anew")
    if whole:
        return _made(root, levels[whole[0]], within, "names of folders or files"), _without(parts, whole[0])
    if partly and choice == "named":
        level, name = partly[0]
        return _made(root, levels[level], name, "names of folders or files"), _without(parts, level)
    if partly:
        seen = tally(levels[partly[0][0]])
        raise InputError(f"{root}: some videos lie in folders of splits and others do not ({seen}); give "
                         "--splits=named to leave the others out, or --splits=random if these names are no splits")
    last = [within(part[-1]) or _leading(part[-1]) for part in parts]
    if {"train", "test"} <= set(last) and (None not in last or choice == "named"):
        return _made(root, last, named, "names of files"), parts
    if {"train", "test"} <= set(last) and 2 * last.count(None) < len(last):
        raise InputError(f"{root}: some names of videos begin with or contain those of splits and others do not "
                         f"({tally(last)}); give --splits=named to leave the others out, or --splits=random if these "
                         "names are no splits")
    if choice == "named":
        raise InputError(f"{root}: --splits=named, but no folders are called train and test")
    return None, parts


def _without(parts, level):
    """The parts of names, the one at a level without the name of the split: nothing, or `walk` of `walk_train`."""
    def rest(text):
        if named(text):
            return ""
        return "_".join(word for word in re.split("[-_. ]+", text) if plain(word) not in WORDS)

    return [[*part[:level], rest(part[level]), *part[level + 1:]] if level < len(part) - 1 else part for part in parts]


def of_columns(where, columns, choice):
    """What a column of labels says, which is taken out of them.

    Args:
      where: of the columns, for errors.
      columns: name -> V texts (None where nothing is known), of which the one that says it is removed.
      choice: of `CHOICES`.

    Returns:
      `Splits`, or None.
    """
    if choice == "random":
        return None
    found = [name for name in columns if _is_column(where, name, columns[name], choice)]
    if len(found) > 1:
        raise InputError(f"{where}: {' and '.join(found)} both name splits; keep one of them")
    if not found:
        return None
    name, values = found[0], columns.pop(found[0])
    if _flag(name, values):
        sign, other = ("test", "train") if "test" in name.lower() else ("train", "test")
        values = [value and (sign if _TRUTH[value.lower()] else other) for value in values]
    return _made(where, values, within, f"the column {name}", partial=True)


def _flag(name, values):
    """Whether a column such as is_test holds a yes or no for every video."""
    return bool(re.fullmatch("(?:is|in|for)?[-_ ]?(?:train|test)(?:ing)?", name.lower())) and \
        all(value is None or value.lower() in _TRUTH for value in values)


def _is_column(where, name, values, choice):
    """Whether a column names splits; InputError where only some of its values do."""
    known = {value for value in values if value is not None}
    says = {value for value in known if named(value)}
    if _flag(name, values):
        return True
    if known and says == known and (len(set(map(named, known))) > 1 or name.lower() in _COLUMNS):
        return True
    other = sorted(known - says)
    if name.lower() == "split" and other and (choice == "auto" or not says):
        raise InputError(f"{where}: split {other[0]!r} is none of train, validation, test; give --splits=named to "
                         "leave such videos out, or --splits=random for an ordinary label")
    if {named(value) for value in says} >= {"train", "test"}:
        if choice == "named":
            return True
        raise InputError(f"{where}: column {name!r} names splits, but also {other[0]!r}; give --splits=named to leave "
                         "such videos out, or --splits=random for an ordinary label")
    return False


def _says(level, name):
    """Whether every entry of a level is the name of a split, two different ones at least."""
    said = {entry and name(entry) for entry in set(level)}
    return None not in said and len(said) > 1


def _says_partly(level, name):
    """Whether some entries of a level are names of splits and others are not."""
    said = {entry and name(entry) for entry in set(level)}
    # A class may be called train; one that is called test, or val, beside other names is more likely a split. Longer
    # names with such a word are, if some say train and some test.
    return None in said and (bool(said - {"train", None}) if name is named else {"train", "test"} <= said)


def _made(root, level, name, where, partial=False):
    """`Splits` of the entries of a level.

    What is called test tests; without it eval, without both validation. The others train.
    """
    named_kinds = [entry and name(entry) for entry in level]
    kinds = set(named_kinds) - {None}
    test = next((kind for kind in ("test", "eval", "validation") if kind in kinds), None)
    if test is None or len(kinds) < 2:
        if partial:
            raise InputError(f"{root}: {where} names {', '.join(sorted(kinds))} alone; name train and test videos, or "
                             "give --splits=random")
        raise InputError(f"{root}: only {tally(level)}; name folders train and test, or give --splits=random")
    if "train" not in kinds:
        raise InputError(f"{root}: {tally(level)}: splits without one to train on; call one of them train, or give "
                         "--splits=random to deal the videos anew")
    parts = [kind and ("test" if kind == test else "train") for kind in named_kinds]
    counts = {entry: (level.count(entry), part) for entry, part in zip(level, parts, strict=True) if part}
    return Splits(parts, where, dict(sorted(counts.items())))
