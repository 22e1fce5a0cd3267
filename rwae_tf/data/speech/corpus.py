"""Folders of recordings: which files there are, whose they are, and which speakers belong to which split."""

import os
from typing import Mapping, NamedTuple

import numpy as np

from rwae_tf.data import folder_names
from rwae_tf.data.base import identities, source
from rwae_tf.data.reports import examples
from rwae_tf.data.speech import audio
from rwae_tf.errors import InputError

SPLITS = ("train", "validation", "test")
_UNREAD = tuple(f".{name}" for name in (
    "mp4 m4v mov mkv avi mpg mpeg webm 3gp flv wmv ogv mts pcm raw bin mat npy npz h5 tfrecord parquet zip tar gz tgz "
    "bz2 xz 7z rar part crdownload").split())


class Recording(NamedTuple):
    """One file of speech.

    Attributes:
      path: of the file.
      speaker: who speaks, in lower case.
      name: of the recording among those of its speaker.
      part: one of SPLITS where the corpus says; "" where it does not, "spare" for none of them.
      labels: factor -> class name, of the factors beside the speaker.
    """

    path: str
    speaker: str
    name: str
    part: str = ""
    labels: Mapping[str, str] = {}


def files_below(folder, bad):
    """Paths of the files below `folder` whose names say that they are audio, and of all others, sorted.

    Links are followed. Hidden files and what systems put among a user's files are passed over.

    Args:
      folder: of a corpus.
      bad: an `ErrorPolicy`, of folders that cannot be read and links that lead back to a folder above them.

    Raises:
      InputError: if `folder` itself cannot be read.
    """
    found, others = [], []

    def visit(folder, names, above):
        above = above | {os.path.realpath(folder)}
        for name in names:
            path = os.path.join(folder, name)
            if folder_names.is_system(name):
                continue
            if os.path.isdir(path):
                inside = []
                with bad.left_out():
                    inside = _names(path, above)
                visit(path, inside, above)
            else:
                (found if audio.is_named_so(name) else others).append(path)

    visit(folder, _names(folder, frozenset()), frozenset())
    return found, others


def _names(folder, above):
    """What is in a folder, sorted; `above` are the folders on the way to it."""
    if os.path.realpath(folder) in above:
        raise InputError(f"{folder}: a link back to a folder above it; remove it")
    try:
        return sorted(os.listdir(folder))
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror}; check the path and its permissions") from None


def parents(path, root):
    """Names of the folders between `root` and a file, from the outermost."""
    inside = os.path.relpath(os.path.dirname(path), root)
    return [] if inside == "." else inside.split(os.sep)


def without_twins(recordings):
    """The recordings less the second of each name of a speaker, as SA1.WAV.wav beside SA1.WAV; in order of names."""
    first = {}
    for recording in recordings:
        first.setdefault((recording.speaker, recording.name, recording.part), recording)
    return [first[key] for key in sorted(first)]


def of_split(split, recordings, test_fraction, validation_fraction, lists=""):
    """The recordings of a split, by whose speakers it is; arguments and errors as of `speakers_of`.

    Where the corpus has parts and a speaker is in several of them, only those of the part.
    """
    chosen = set(speakers_of(split, recordings, test_fraction, validation_fraction, lists))
    parts = {recording.part or "train" for recording in recordings}
    wanted = split if split == "validation" in parts else source(split) if "test" in parts else "train"
    return [r for r in recordings if r.speaker in chosen and (lists or (r.part or "train") == wanted)]


def speakers_of(split, recordings, test_fraction, validation_fraction, lists=""):
    """The speakers of a split.

    Args:
      split: "train", "validation" or "test".
      recordings: of the corpus.
      test_fraction: share of the speakers to test on where no part of the corpus is called "test", evenly spread over
        their names, at least one; with 0, all speakers are both trained and tested on.
      validation_fraction: share of the training speakers that is kept for "validation", where the corpus calls no
        part so.
      lists: folder of train.txt and test.txt, which then say who is trained and tested on.

    Returns:
      Names, sorted.

    Raises:
      InputError: for lists that do not match, and where nobody is left.
    """
    everybody = sorted({recording.speaker for recording in recordings})
    parts = {part: sorted({r.speaker for r in recordings if (r.part or "train") == part}) for part in SPLITS}
    if lists:
        found = read_list(os.path.join(lists, f"{source(split)}.txt"), everybody)
    elif split == "validation" and parts["validation"]:
        return parts["validation"]
    elif parts["test"]:
        found = parts[source(split)]
    else:
        found = _without_test_part(parts["train"], split, test_fraction)
    chosen = identities(len(found), split, 0 if parts["validation"] and not lists else validation_fraction)
    if not len(chosen):
        raise InputError(f"split={split}: no speaker is left for it, the corpus has {len(everybody)}; take more "
                         "speakers, or --test_fraction=0 to train and test on all")
    return [found[k] for k in chosen]


def _without_test_part(everybody, split, test_fraction):
    """The speakers of `source(split)` in a corpus that has no test part."""
    if not test_fraction:
        return everybody
    tested = max(1, round(test_fraction * len(everybody)))
    chosen = {everybody[(2 * k + 1) * len(everybody) // (2 * tested)] for k in range(tested)}
    return [speaker for speaker in everybody if (speaker in chosen) == (source(split) == "test")]


def read_list(path, everybody):
    """The speakers in a list, one per line, sorted; blank lines and what follows a # left out.

    Raises:
      InputError: if the list is missing, empty, or names one who is not among `everybody`.
    """
    try:
        with open(path, encoding="utf-8") as file:
            named = {line.partition("#")[0].strip().lower() for line in file} - {""}
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise InputError(f"{path}: {reason}; write there a speaker per line, or leave --speaker_lists out") from None
    if not named:
        raise InputError(f"{path}: names no speaker; write one per line")
    if unknown := sorted(named - set(everybody)):
        raise InputError(f"{path}: {unknown[0]!r} is no speaker of the corpus, one of which is {everybody[0]!r}; "
                         f"{len(unknown)} of {len(named)} do not match")
    return sorted(named)


def counted(paths, words):
    """A text that counts and names files, in a list; an empty one where there are none."""
    if not paths:
        return []
    return [f"{len(paths)} {words} ({examples([os.path.basename(path) for path in paths])})"]


def unread(paths):
    """Texts about files that may hold sound, but are not read, by their suffixes."""
    found = {}
    for path in paths:
        suffix = os.path.splitext(path)[1].lower()
        if suffix in _UNREAD:
            found.setdefault(suffix, []).append(path)
    return [text for suffix in sorted(found) for text in counted(found[suffix], f"{suffix} files are not read")]


def numbers(values, classes):
    """Class names -> their numbers in `classes`, int32."""
    number = {name: k for k, name in enumerate(classes)}
    return np.array([number[value] for value in values], np.int32)
