"""LibriSpeech (Panayotov et al., 2015): audiobooks, laid out as SUBSET/SPEAKER/CHAPTER/SPEAKER-CHAPTER-0000.flac.

Test are the subsets called test-*, validation those called dev-*, train those called train-*, as many of them as lie
below `data_dir`. A copy without a test subset is split by `test_fraction` or `speaker_lists`.
"""

import os
import re
from typing import Dict

from rwae_tf.data.speech import clips, corpus
from rwae_tf.data.speech.audio import stem

_PARTS = {"train": "train", "dev": "validation", "test": "test"}
_SEXES = {"F": "female", "M": "male"}


class Dataset(clips.SpeechClips):
    """Segments of the recordings; factors are the speaker and, where SPEAKERS.TXT lies with the subsets, the sex."""

    LAYOUT = ("LibriSpeech's files, such as train-clean-100/19/198/19-198-0000.flac; they are to be had from "
              "https://www.openslr.org/12")

    def recording(self, path, folders):
        named = re.fullmatch(r"(\d+)-(\d+)-\d+", stem(path))
        if not named or folders[-2:] != [named[1], named[2]]:
            return None
        subset = folders[-3].partition("-")[0] if len(folders) > 2 else ""
        return corpus.Recording(path, named[1], stem(path), _PARTS.get(subset, ""), self._sexes(path, named[1]))

    def factors(self, recordings):
        return {"sex": tuple(_SEXES.values())} if all(recording.labels for recording in recordings) else {}

    def _sexes(self, path, speaker):
        """{"sex": ...} of a speaker by the SPEAKERS.TXT that lies nearest above a file; {} without."""
        if not hasattr(self, "_table"):
            self._table = read_speakers(os.path.dirname(os.path.abspath(path)))
        return {"sex": self._table[speaker]} if speaker in self._table else {}


def read_speakers(folder: str) -> Dict[str, str]:
    """Speaker -> sex, of the first SPEAKERS.TXT in `folder` and the five above it; empty where there is none."""
    for _ in range(6):
        path = os.path.join(folder, "SPEAKERS.TXT")
        if os.path.isfile(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                rows = [[cell.strip() for cell in line.split("|")] for line in file if not line.startswith(";")]
            return {row[0]: _SEXES[row[1]] for row in rows if len(row) > 1 and row[1] in _SEXES}
        folder = os.path.dirname(folder)
    return {}
