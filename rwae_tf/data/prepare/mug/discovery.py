"""The takes in a copy of MUG, whichever of its folder layouts it has.

A take is a folder of numbered frames. Below the folder of the subjects, or `subjects3` in it, they lie in

    001/anger/take000/img_0000.jpg
    001/session0/anger/take000/img_0000.jpg
    001/001/anger/take000/img_0000.jpg

and frames may lie in the folder of the expression itself. Names of expressions may be in any case. Hidden files
and files that are no pictures by their names are passed over. No more levels than these are looked at, so that
links that lead in a circle end nowhere.
"""

import os
import re
from typing import NamedTuple, Tuple

from rwae_tf.data import pictures
from rwae_tf.errors import InputError

EXPRESSIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise")
NEUTRAL = "neutral"
_LAYOUT = "SUBJECT/[SESSION/]EXPRESSION/[TAKE/]FRAME.jpg"


class Take(NamedTuple):
    """One video.

    Attributes:
      name: its folder below that of the subjects, with "/" between levels; unique.
      subject: name of the subject's folder.
      expression: one of `EXPRESSIONS`.
      frames: paths of the frames that are used, in order.
    """

    name: str
    subject: str
    expression: str
    frames: Tuple[str, ...]


class Skip(NamedTuple):
    """What was not used.

    Attributes:
      name: of the take, or of the folder that is at fault, as `Take.name`.
      why: "neutral", "short", "no face" or "bad".
      detail: what is wrong with a bad one, "" otherwise.
    """

    name: str
    why: str
    detail: str = ""


def find(raw_dir, stride, length, skip_invalid=False):
    """The takes in a folder.

    Args:
      raw_dir: the folder with `subjects3`, or with the subjects' folders.
      stride: of how many frames one is used, from the first on.
      length: used frames below which a take is too short.
      skip_invalid: whether folders that cannot be understood are skipped rather than refused.

    Returns:
      Two lists, in the order of names: `Take`s and `Skip`s.

    Raises:
      InputError: for a folder without subjects, and, unless `skip_invalid`, for the first one that cannot
        be understood.
    """
    search = _Search(subjects_folder(raw_dir), stride, length, skip_invalid)
    search.all_subjects()
    if not search.takes:
        raise InputError(f"{raw_dir}: no take that could be used ({counted(search.skipped) or 'no subjects'}); "
                         f"expected {_LAYOUT}")
    return sorted(search.takes), sorted(search.skipped)


def subjects_folder(raw_dir):
    """The folder that holds the subjects' folders: `raw_dir` or `subjects3` in it; InputError if it is no folder."""
    if not os.path.isdir(raw_dir):
        raise InputError(f"{raw_dir}: no such folder; name the one that holds subjects3 of MUG")
    inner = os.path.join(raw_dir, "subjects3")
    return inner if os.path.isdir(inner) else raw_dir


def counted(skipped):
    """How many were skipped and why, in words: "3 neutral, 1 short"; "" for none."""
    reasons = [skip.why for skip in skipped]
    return ", ".join(f"{reasons.count(why)} {why}" for why in sorted(set(reasons)))


class _Search:
    """A walk through the folders; leaves `takes` and `skipped`."""

    def __init__(self, root, stride, length, skip_invalid):
        self._root, self._stride, self._length, self._skip_invalid = root, stride, length, skip_invalid
        self.takes, self.skipped = [], []

    def all_subjects(self):
        subjects = self._folders("")
        if any(_label(name) for name in subjects):
            raise InputError(f"{self._root}: holds expressions, not subjects; name the folder above")
        for subject in subjects:
            self._guarded(self._subject, subject)

    def _subject(self, subject):
        inside = self._folders(subject)
        if not inside:
            raise InputError(f"{self._path(subject)}: no expression in this subject's folder; expected {_LAYOUT}")
        for name in inside:
            self._guarded(self._expression if _label(name) else self._session, name)

    def _session(self, session):
        inside = self._folders(session)
        labels = [name for name in inside if _label(name)]
        if not labels:  # an expression of another name, most likely
            raise InputError(f"{self._path(session)}: neither an expression ({', '.join(EXPRESSIONS)}, {NEUTRAL}) nor "
                             "a folder of such; rename or remove it")
        for name in inside:
            self._guarded(self._expression if name in labels else self._unknown, name)

    def _unknown(self, name):
        raise InputError(f"{self._path(name)}: no expression; known are {', '.join(EXPRESSIONS)} and {NEUTRAL}; "
                         "rename or remove it")

    def _expression(self, name):
        takes = self._folders(name)
        if self._frames(name) or not takes:
            takes = [name, *takes]
        for take in takes:
            self._guarded(self._take, take, _label(name))

    def _take(self, name, expression):
        if expression == NEUTRAL:
            self.skipped.append(Skip(name, NEUTRAL))
            return
        frames = self._frames(name)[::self._stride]
        if len(frames) < self._length:
            self.skipped.append(Skip(name, "short"))
        else:
            paths = tuple(self._path(f"{name}/{frame}") for frame in frames)
            self.takes.append(Take(name, name.split("/")[0], expression, paths))

    def _guarded(self, visit, name, *rest):
        """`visit(name, ...)`, or a bad one more."""
        try:
            visit(name, *rest)
        except (InputError, OSError) as error:
            if not isinstance(error, InputError):
                error = InputError(f"{self._path(name)}: cannot be read ({error.strerror}); check its permissions")
            if not self._skip_invalid:
                raise error from None
            self.skipped.append(Skip(name, "bad", relative(error, self._root)))

    def _path(self, name):
        return os.path.join(self._root, name) if name else self._root

    def _entries(self, name):
        """Names in a folder, sorted, without hidden ones."""
        return sorted(entry for entry in os.listdir(self._path(name)) if not entry.startswith("."))

    def _folders(self, name):
        """Folders in a folder, each by its name below the root."""
        found = []
        for entry in self._entries(name):
            inner = f"{name}/{entry}" if name else entry
            path = self._path(inner)
            if os.path.isdir(path):
                found.append(inner)
            elif os.path.islink(path) and not os.path.exists(path) and not _is_picture(entry):
                self._guarded(self._lost, inner)
        return found

    def _lost(self, name):
        raise InputError(f"{self._path(name)}: a link that leads nowhere, or in a circle; remove it")

    def _frames(self, name):
        """Names of the frames in a folder in the order of their numbers."""
        numbered = {}
        for entry in filter(_is_picture, self._entries(name)):
            number = re.search(r"(\d+)\.\w+$", entry)
            if not number:
                raise InputError(f"{self._path(name)}/{entry}: no number at the end of this frame's name; "
                                 "expected img_0000.jpg and so on")
            if int(number[1]) in numbered:
                raise InputError(f"{self._path(name)}/{entry}: the second frame with number {int(number[1])}, beside "
                                 f"{numbered[int(number[1])]}; remove one")
            numbered[int(number[1])] = entry
        return [numbered[number] for number in sorted(numbered)]


def relative(error, root):
    """The message of an error with paths below `root` told from there: the same wherever the data lie."""
    return str(error).replace(os.path.join(root, ""), "")


def _label(name):
    """The expression, or "neutral", that a folder's name means; None for any other folder."""
    label = name.split("/")[-1].lower()
    return label if label in (*EXPRESSIONS, NEUTRAL) else None


def _is_picture(name):
    return name.lower().endswith(pictures.SUFFIXES)
