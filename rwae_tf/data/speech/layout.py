"""Which folders are the speakers' in a user's folder of recordings, and which say what trains and what tests.

A level of folders whose names are all those of splits is no speaker's, wherever it lies: `Train/ann`, `wav/dev/id1`,
`ann/train`. Nor is a level above the speakers that has one folder alone, or only folders called after a kind of file,
such as the `wav48_silence_trimmed` of VCTK and the `aac` of VoxCeleb. The outermost level that is left has the
speakers.
"""

import os
import re
from typing import Dict, FrozenSet, NamedTuple, Optional, Tuple

from rwae_tf.data.folder_names import named, within
from rwae_tf.data.reports import EXAMPLES, examples, tally
from rwae_tf.data.speech import audio
from rwae_tf.data.speech.corpus import Recording
from rwae_tf.errors import InputError

_KINDS = re.compile("((wav|wave|flac)s?[-_]?[0-9]*(k|khz)?([-_]silence[-_]trimmed)?|mp3s?|m4a|aac|ogg|opus|audios?|"
                    "sounds?|speech|clips|data|recordings|speakers|voices|utterances|corpus|raw|audio[-_ ]?files)")


class Layout(NamedTuple):
    """How a path below the data folder is taken apart.

    Attributes:
      split: the level that names splits, from 0; None where none does.
      parts: the name of a split, as the user wrote it -> "train", "validation" or "test".
      above: names of each level above the speakers', in lower case, that of the splits not counted.
    """

    split: Optional[int]
    parts: Dict[str, str]
    above: Tuple[FrozenSet[str], ...]

    def recording(self, path, folders):
        """The `Recording` in a file, None for one in no speaker's folder; `folders` are those from the root inwards."""
        part, inside = "", list(folders)
        if self.split is not None and self.split < len(inside):
            part = self.parts.get(inside.pop(self.split), "")
        above = zip(inside, self.above, strict=False)
        if len(inside) <= len(self.above) or not all(name.lower() in names for name, names in above):
            return None
        inside = inside[len(self.above):]
        name = "/".join([*inside[1:], audio.stem(path)]).lower()
        return Recording(path, inside[0].lower(), name, part)

    def level(self):
        """The speakers' level among the folders below the root, from 0, where the splits lie above it."""
        return len(self.above) + (self.split is not None and self.split <= len(self.above))


def find(root, folders, lists=""):
    """The `Layout` of recordings.

    Args:
      root: the data folder, for errors.
      folders: of each recording, names from the root inwards; those of no folder are not looked at.
      lists: as of `corpus.speakers_of`; where they are given, names of splits need not be clear.

    Raises:
      InputError: where folders of splits and others lie side by side, or none of the splits is to be trained on.
    """
    folders = [parts for parts in folders if parts]
    if not folders:
        return Layout(None, {}, ())
    split, parts = _splits(root, folders, lists)
    rest = [parts[:split] + parts[split + 1:] for parts in folders] if split is not None else folders
    above = []
    while all(len(inside) > len(above) + 1 for inside in rest):
        names = frozenset(inside[len(above)].lower() for inside in rest)
        if len(names) > 1 and not all(map(_KINDS.fullmatch, names)):
            break
        above.append(names)
    return Layout(split, parts, tuple(above))


def _splits(root, folders, lists):
    """The level that names splits and what each name means; None and {} where none does."""
    depth = max(map(len, folders))
    levels = [[parts[level] if level < len(parts) else None for parts in folders] for level in range(depth)]
    for level, names in enumerate(levels):
        for meaning in (named, within):
            kinds = {name: name and meaning(name) for name in set(names)}
            splits = set(kinds.values())
            if None not in splits and len(splits) > 1:
                return level, _meanings(root, kinds)
            partly = None in splits and (splits >= {"train", "test"} or meaning is named and splits & {"test", "eval"})
            if partly and not lists:
                raise InputError(f"{root}: some recordings lie in folders of splits and others do not "
                                 f"({tally(names)}); move the others away, rename the folders if they are no splits, "
                                 "or say by --speaker_lists who trains and who tests")
    return None, {}


def _meanings(root, kinds):
    """Name of a split -> "train", "validation" or "test", where {name: kind} is known.

    What is called test tests; without it eval, without both validation. Without train, validation trains, as the dev of
    VoxCeleb does.
    """
    splits = set(kinds.values())
    tests = next(kind for kind in ("test", "eval", "validation") if kind in splits)
    trains = "train" if "train" in splits else "validation"
    if trains not in splits or trains == tests:
        raise InputError(f"{root}: folders {', '.join(sorted(kinds))} are splits without one to train on; call one of "
                         "them train")
    meaning = {tests: "test", trains: "train"}
    return {name: meaning.get(kind, "validation") for name, kind in kinds.items()}


def describe(layout, files):
    """What was taken for the speakers' level, with three examples.

    Args:
      layout: a `Layout`.
      files: list of (`Recording`, its folders as of `find`).
    """
    speakers = {}
    for recording, folders in files:
        speakers.setdefault(recording.speaker, folders[:layout.level() + 1])
    some = ", ".join("/".join(speakers[speaker]) for speaker in sorted(speakers)[:EXAMPLES])
    text = f"{len(speakers)} speakers, a folder each, such as {some}"
    if layout.parts:
        text += "; by folders, " + ", ".join(f"{name} is {part}" for name, part in sorted(layout.parts.items()))
    return text


def without_sound(layout, speakers, others):
    """A line about folders beside the speakers' that hold files, but no recordings; None where there are none.

    Args:
      layout: a `Layout`.
      speakers: names of those with recordings.
      others: path and folders of each file that is no recording.
    """
    silent = {}
    for path, folders in others:
        recording = layout.recording(path, folders)
        if recording and recording.speaker not in speakers:
            silent.setdefault(recording.speaker, "/".join([*folders, os.path.basename(path)]))
    if not silent:
        return None
    return (f"{len(silent)} folder{'s' * (len(silent) > 1)} beside those of speakers without sound that is read "
            f"({examples([silent[speaker] for speaker in sorted(silent)])})")
