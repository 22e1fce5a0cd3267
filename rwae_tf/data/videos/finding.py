"""Which videos a folder holds: films, GIFs, folders of frames and arrays, in the order of their names."""

import os
import re
import unicodedata
from typing import NamedTuple, Tuple

from rwae_tf.data.videos import arrays
from rwae_tf.errors import InputError

FILMS = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi")
PICTURES = (".png", ".jpg", ".jpeg")
_KINDS = {**dict.fromkeys(FILMS, "film"), ".gif": "gif", **dict.fromkeys(PICTURES, "frames"), ".npz": "array"}
_NAMED = 10  # bad files that a line names


class Video(NamedTuple):
    """One video, not read yet.

    Attributes:
      name: its path below the data folder without suffix, "/" between folders; "walk/3" for clip 3 of walk.npz.
      kind: "film", "gif", "frames" (a folder of pictures), "array" (a clip of an .npz) or "stack" (a picture of
        frames, top to bottom).
      files: what it is read from; for "frames" in the order in which they are shown.
      number: of the clip in an array file, from 0.
    """

    name: str
    kind: str
    files: Tuple[str, ...]
    number: int = 0

    @property
    def path(self):
        """What an error names: the file, or the folder of the frames."""
        return os.path.dirname(self.files[0]) if self.kind == "frames" else self.files[0]


class Bad:
    """What cannot be used: the first such thing ends the work, or, with `skip`, all are left out and counted."""

    def __init__(self, skip):
        self._skip, self._lines = skip, []

    def note(self, line):
        """Leave out what `line`, "path: what is wrong with it", is about; InputError unless that is wanted."""
        if not self._skip:
            raise InputError(f"{line}; mend or remove it, or give --skip_bad to leave out what is bad")
        self._lines.append(line)

    def summary(self, folder):
        """One line that counts what was left out and names it; None where nothing was."""
        if not self._lines:
            return None
        more = len(self._lines) - _NAMED
        named = "; ".join(self._lines[:_NAMED]) + (f"; and {more} more" if more > 0 else "")
        return f"{folder}: {len(self._lines)} left out as bad: {named}"


def natural(text):
    """Sort key in which img_2 comes before img_10; the same however a file system writes its accents."""
    text = unicodedata.normalize("NFC", text)
    return [int(part) if k % 2 else part for k, part in enumerate(re.split("([0-9]+)", text))], text


def find(folder, bad):
    """The videos in a folder and the folders below it, sorted by name.

    A folder that holds pictures is one video, its frames in the order of their numbers. Hidden files and those of
    other kinds are passed over; links are followed.

    Args:
      folder: path of the folder, or of one .npz file.
      bad: a `Bad`.

    Returns:
      A list of at least two `Video`s.

    Raises:
      InputError: for no folder, one without videos, and, unless they are skipped, for what is bad.
    """
    if os.path.isfile(folder):
        head, tail = os.path.split(folder)
        videos = list(_of_files(head, "", {_kind(tail): [tail]}, bad)) if _kind(tail) == "array" else []
    elif os.path.isdir(folder):
        videos = list(_walk(folder, "", (), bad))
    else:
        raise InputError(f"{folder}: no such folder; give --data_dir=FOLDER with videos")
    if len(videos) < 2:
        more = f" ({bad.summary(folder)})" if bad.summary(folder) else ""
        raise InputError(f"{folder}: holds {len(videos)} videos, and 2 is the least that makes a training and a test "
                         f"set; they are {' '.join(FILMS)} .gif .npz files or folders of {' '.join(PICTURES)}{more}")
    return sorted(videos, key=lambda video: natural(video.name))


def _kind(name):
    """The kind of video that a file belongs to, by its name; None for other files."""
    return None if name.startswith(".") else _KINDS.get(os.path.splitext(name)[1].lower())


def _walk(root, below, above, bad):
    """The videos in the folder `below` the `root`; `above` are the real paths of the folders on the way."""
    path = os.path.join(root, below) if below else root
    real = os.path.realpath(path)
    if real in above:
        bad.note(f"{path}: a link to a folder that it lies in")
        return
    try:
        with os.scandir(path) as entries:
            names = {entry.name: entry.is_dir() for entry in entries}
    except OSError as error:
        bad.note(f"{path}: cannot be listed ({error.strerror})")
        return
    files = {}
    for name, is_folder in names.items():
        if is_folder and not name.startswith((".", "__MACOSX")):
            yield from _walk(root, os.path.join(below, name), (*above, real), bad)
        elif not is_folder and _kind(name):
            files.setdefault(_kind(name), []).append(name)
    yield from _of_files(root, below, files, bad)


def _of_files(root, below, files, bad):
    """The videos that the files {kind: names} of one folder are."""
    path = os.path.join(root, below) if below else root
    stem = below.replace(os.sep, "/")
    for kind in set(files) - {"frames"}:
        for name in files[kind]:
            full, called = os.path.join(path, name), f"{stem}/{os.path.splitext(name)[0]}".lstrip("/")
            if kind != "array":
                yield Video(called, kind, (full,))
                continue
            try:
                count = arrays.count(full)
            except InputError as error:
                bad.note(str(error))
                continue
            yield from (Video(f"{called}/{number}", kind, (full,), number) for number in range(count))
    if "frames" in files:
        names = sorted(files["frames"], key=natural)
        wrong = "pictures beside videos; which of them is meant" if len(files) > 1 else _misnumbered(names)
        if wrong:
            bad.note(f"{path}: {wrong}")
        else:
            yield Video(stem or os.path.basename(root), "frames", tuple(os.path.join(path, name) for name in names))


def _misnumbered(names):
    """What is wrong with the numbers of frames of these sorted names; None where nothing is, or they have none."""
    parts = [re.fullmatch(r"(.*?)([0-9]+)([^0-9]*)", os.path.splitext(name)[0]) for name in names]
    if not all(parts) or len({(part[1], part[3]) for part in parts}) > 1:
        return None
    numbers = [int(part[2]) for part in parts]
    steps = [after - before for before, after in zip(numbers, numbers[1:], strict=False)]
    if 0 in steps:
        return f"{names[steps.index(0)]} and {names[steps.index(0) + 1]} have the same number"
    gaps = [k for k, step in enumerate(steps) if step != min(steps)]
    return f"frames are missing between {names[gaps[0]]} and {names[gaps[0] + 1]}" if gaps else None
