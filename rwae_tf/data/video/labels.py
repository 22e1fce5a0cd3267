"""Labels of videos, by label arrays, a table or sub-folders, and which videos train and which test.

Label arrays of .npz files come first, then `labels.csv` or `labels.tsv` in the data folder, then the sub-folders. The
table has a header; its first column names a file or a folder of frames as the data folder has it (with or without
suffix), a column `split`, where there is one, says train, validation or test, and every other column is a label. Of
the sub-folders, each level is a label, called `folder`, or `folder_1`, `folder_2`, ... from the top; the last part of
a name is the video itself.

What has one class in all, or another one for every video, is no label. Classes are in the order of their names.

Where a level of sub-folders, .npz files or a column are called train and test, they decide, as `video.splits` says;
validation videos then train, as `validation_fraction` chooses those of the validation split. Otherwise a fifth of the
videos, or of the classes of one label with all their videos, is for the test, always the same of as many of them in the
order of their names.
"""

import collections
import csv
import io
import os
import unicodedata
from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from rwae_tf.data.base import TEST_FRACTION, identities, source
from rwae_tf.data.video import npz
from rwae_tf.data.video import splits as split_names
from rwae_tf.data.video.discovery import natural
from rwae_tf.errors import InputError

TABLE, TABLES = "labels.csv", ("labels.csv", "labels.tsv")
_TEST_SEED = 2102


class Labels(NamedTuple):
    """What is known of each of V videos.

    Attributes:
      columns: name -> V texts; None for a video that nothing is known of.
      chosen: names of the columns that are labels.
      splits: V times "train" or "test" (None where nothing is known); None where the data leave that open.
      labelled: V times whether the video may be used.
      said: what decides the splits, in words; empty where the data leave that open.
    """

    columns: Dict[str, List[Optional[str]]]
    chosen: Tuple[str, ...]
    splits: Optional[List[Optional[str]]]
    labelled: List[bool]
    said: str = ""

    def factors(self, split_by):
        """Name -> class names of the labels that a judge could learn; not of the one that `split_by` names."""
        found = {}
        for name in self.chosen:
            classes = {value for value in self.columns[name] if value is not None}
            if name != split_by and 1 < len(classes) < sum(self.labelled):
                found[name] = tuple(sorted(classes, key=natural))
        return found

    def numbers(self, factors):
        """{name: class of each video, int32 [V]}, of factors {name: class names}; 0 where nothing is known."""
        orders = {name: {value: number for number, value in enumerate(classes)} for name, classes in factors.items()}
        return {name: np.array([order.get(value, 0) for value in self.columns[name]], np.int32)
                for name, order in orders.items()}

    def split_indices(self, split, split_by, validation_fraction):
        """Numbers of the videos of a split, int [N], ascending.

        Args:
          split: "train", "validation" or "test".
          split_by: "video", or the label of which no class is to be in two splits.
          validation_fraction: share of the training videos, or classes, that is left to "validation".
        """
        if split_by != "video" and split_by not in self.columns:
            raise InputError(f"split_by={split_by!r}: choose one of {', '.join(['video', *self.columns])}")
        groups = range(len(self.labelled)) if split_by == "video" else self.columns[split_by]
        parts = self.splits or _draw_splits(groups, split_by)
        mine = [part == source(split) and group is not None for part, group in zip(parts, groups, strict=True)]
        names = _sorted(group for group, is_mine in zip(groups, mine, strict=True) if is_mine)
        kept = {names[number] for number in identities(len(names), split, validation_fraction)}
        return np.array([number for number, group in enumerate(groups)
                         if mine[number] and self.labelled[number] and group in kept], int)


def _sorted(groups):
    """The different ones of `groups` but None, in the order of their names."""
    return sorted(set(groups) - {None}, key=lambda group: natural(str(group)))


def _draw_splits(groups, split_by):
    """"train" or "test" for each video, those of one group together."""
    names = _sorted(groups)
    if len(names) < 2:
        raise InputError(f"split_by={split_by!r}: all videos are of one class; take another label")
    order = np.random.default_rng(_TEST_SEED).permutation(len(names))
    test = {names[number] for number in order[:max(1, round(TEST_FRACTION * len(names)))]}
    return ["test" if group in test else "train" for group in groups]


def read(root, videos, label_names, bad, splits="auto"):
    """What is known of videos.

    Args:
      root: the data folder.
      videos: list of `discovery.Video` in it.
      label_names: names, separated by commas, for the levels of sub-folders, or out of those of the table or the
        arrays; empty for all.
      bad: an `ErrorPolicy`, told of what in a table does not go with the videos.
      splits: of `video.splits.CHOICES`.

    Returns:
      `Labels`.
    """
    names = tuple(dict.fromkeys(name.strip() for name in label_names.split(",") if name.strip()))
    table, columns = _table_of(root), _arrays(videos)
    where = "label arrays" if columns else table
    if not columns and table:
        columns = _table(table, videos, bad)
    said = split_names.of_columns(f"{root}: {where}" if where != table else table, columns, splits) if columns else None
    if not said:
        said, parts = split_names.of_levels(root, [video.name for video in videos], splits)
        if not where:
            used = [not said or part is not None for part in (said.parts if said else parts)]
            columns = _levels(parts, used, names)
    unknown = [name for name in names if name not in columns]
    if unknown:
        raise InputError(f"label_names={label_names!r}: {root} has no label {unknown[0]!r}; it has "
                         f"{', '.join(columns) or 'none'}")
    parts = said.parts if said else None
    rows = [columns[name] for name in columns] + [parts or [""] * len(videos)]
    labelled = [None not in row for row in zip(*rows, strict=True)]
    return Labels(columns, names or tuple(columns), parts, labelled, str(said or ""))


def _table_of(root):
    """Path of the table in the data folder, whatever the case of its name; None where there is none."""
    if not os.path.isdir(root):
        return None
    found = sorted(name for name in os.listdir(root) if name.lower() in TABLES)
    if len(found) > 1:
        raise InputError(f"{root}: {' and '.join(found)} are both tables of labels; keep one of them")
    return os.path.join(root, found[0]) if found else None


def _arrays(videos):
    """The label arrays of .npz files as columns; none where there are none."""
    files = {video.path: None for video in videos if video.kind == "array"}
    for path in files:
        files[path] = npz.labels(path)
    names = {tuple(found) for found in files.values()} or {()}
    if len(names) > 1 or (names != {()} and any(video.kind != "array" for video in videos)):
        raise InputError(f"{', '.join(files)}: give all videos the same label arrays, or none of them and a {TABLE}")
    return {name: [files[video.path][name][video.number] for video in videos] for name in names.pop()}


def _levels(parts, used, names):
    """The levels of sub-folders as columns, if all videos that are used, of V, are equally deep."""
    parts = [part[:-1] if wanted else None for part, wanted in zip(parts, used, strict=True)]
    kept = [part for part in parts if part is not None]
    depth = len(kept[0]) if len({len(part) for part in kept}) == 1 else 0
    levels = [[part and part[level] for part in parts] for level in range(depth)]
    levels = [level for level in levels if 1 < len(set(level) - {None}) < len(kept)]
    if names and len(names) != len(levels):
        seen = ", ".join(f"{_sorted(level)[0]} ..." for level in levels) or "none"
        raise InputError(f"label_names={','.join(names)!r}: {len(names)} names for {len(levels)} levels of sub-folders "
                         f"that could be labels: {seen}")
    default = ["folder"] if len(levels) == 1 else [f"folder_{k + 1}" for k in range(len(levels))]
    return dict(zip(names or default, levels, strict=True))


def _table(path, videos, bad):
    """The columns of a table but the first, in the order of the videos."""
    header, rows = _cells(path)
    known, names = {}, collections.Counter(video.name for video in videos)
    for number, video in enumerate(videos):
        if names[video.name] == 1:
            known[_plain(video.name)] = number
        if video.kind != "frames":
            known[_plain(video.name + os.path.splitext(video.path)[1])] = number
    values, named = [(None,) * (len(header) - 1)] * len(videos), set()
    for line, row in rows:
        number = known.get(_plain(row[0]))
        empty = [name for name, cell in zip(header, row, strict=False) if not cell]
        if len(row) != len(header):
            bad.note(f"{path}: line {line}: {len(row)} cells under {len(header)} headings")
        elif number is None:
            bad.note(f"{path}: line {line}: no video {row[0]!r} in this folder")
        elif number in named:
            bad.note(f"{path}: line {line}: {row[0]!r} was there before")
        elif empty:
            bad.note(f"{path}: line {line}: nothing under {empty[0]!r}")
        else:
            values[number] = row[1:]
        named.add(number)
    for number, video in enumerate(videos):
        if number not in named:
            bad.note(f"{video.path}: not in {path}")
    return dict(zip(header[1:], map(list, zip(*values, strict=True)), strict=True))


def _plain(name):
    """A name as it is compared: one form of accents and separators."""
    return unicodedata.normalize("NFC", name).replace("\\", "/").removeprefix("./").rstrip("/")


def _cells(path):
    """The header of a table and its other rows, each with the number of its line."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read()
        head = text.partition("\n")[0]
        reader = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=head.count))
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{path}: not a readable table ({getattr(error, 'strerror', None) or error}); write it as CSV "
                         "in UTF-8") from None
    header = rows[0][1] if rows else []
    header = [name.lower() if name.lower() == "split" else name for name in header]
    if len(header) < 2 or len(set(header)) < len(header) or not all(header):
        raise InputError(f"{path}: the first line must name the columns: file, and one different name for each label, "
                         f"not {', '.join(header) or 'nothing'}")
    return header, rows[1:]
