"""Speech as clips: recordings of the speakers of a split, their spectra, cut into segments."""

import os
import sys

import numpy as np

from rwae_tf.data.base import TEST_FRACTION, Clips, clip_uniforms
from rwae_tf.data.reports import ErrorPolicy
from rwae_tf.data.speech import audio, corpus, spectra
from rwae_tf.errors import InputError
from rwae_tf.types import SequenceSpec
from rwae_tf.utils import progress

LENGTH = 20  # frames of a segment: 200 ms


class SpeechClips(Clips):
    """The segments of a split, one after the other in each utterance; default length 20.

    An utterance of F frames has F // T segments. Training segments begin 0 to F mod T frames later, by another number
    in every epoch. Spectra are held in memory, 290 MB for an hour of speech.

    A dataset says how its folders are to be read: `recording` and, if it has factors beside the speaker, `factors`.

    Attributes:
      utterances: of which utterance a clip is part, int [N].
      skipped: why files were left out, a line each; empty without `skip_invalid`.
    """

    LAYOUT = ""  # of the files, in words, for errors

    def __init__(
        self,
        split,
        data_dir,
        size,
        length,
        seed,
        validation_fraction,
        spectrum="linear",
        utterance_seconds=0.0,
        min_db=-400.0,
        test_fraction=TEST_FRACTION,
        speaker_lists="",
        skip_invalid=False,
    ):
        del size
        if data_dir is None:
            raise InputError(f"speech needs data_dir, a folder with {self.LAYOUT}")
        audio.library()  # at once, where it is missing: that is no fault of a file
        length = length or LENGTH
        front_end, cut = _checked(spectrum, utterance_seconds, min_db, test_fraction, length)
        self._bad, self._split, self._seed = ErrorPolicy(skip_invalid), split, seed
        recordings = self._recordings(data_dir, speaker_lists)
        factors = {"speaker": tuple(sorted({r.speaker for r in recordings})), **self.factors(recordings)}
        recordings = corpus.of_split(split, recordings, test_fraction, validation_fraction, speaker_lists)
        self._read(recordings, front_end, length, cut, min_db)
        self._label(factors)
        self.spec = SequenceSpec((front_end.size,), length, "speech", factors, tuple(factors),
                                 normalization(self._frames) if split == "train" else None,
                                 len(self._slack) if split == "train" else 0)
        self._report(data_dir, len(recordings))

    def recordings(self, root, files, others, lists):
        """The recordings among files, and what to say of those and of others, a list of texts.

        Args:
          root: data_dir.
          files: paths of files of sound.
          others: paths of other files.
          lists: the option speaker_lists.
        """
        del others, lists
        own = os.path.basename(os.path.abspath(root))
        found = [self.recording(path, [name.lower() for name in (own, *corpus.parents(path, root))]) for path in files]
        passed = [path for path, recording in zip(files, found, strict=True) if not recording]
        return [recording for recording in found if recording], corpus.counted(passed, "files are no part of it")

    def recording(self, path, folders):
        """The `Recording` in a file, None for one that is no part of the dataset.

        Args:
          path: of the file.
          folders: names of the folders that it lies in, in lower case, from data_dir's own inwards.
        """
        raise NotImplementedError

    def factors(self, recordings):
        """Factors beside the speaker that all recordings have labels of: name -> class names."""
        del recordings
        return {}

    def labels(self, indices):
        utterances = self.utterances[indices]
        return {factor: numbers[utterances] for factor, numbers in self._labels.items()}

    def frames(self, indices, epoch=0):
        indices = np.asarray(indices)
        begin = self._begin[indices]
        if self._split == "train":
            utterances = self.utterances[indices]
            draws = clip_uniforms(self._seed, "train", epoch, utterances, ())
            begin = begin + np.floor(draws * (self._slack[utterances] + 1)).astype(int)
        return self._frames[begin[:, None] + np.arange(self.spec.length)]

    def _recordings(self, data_dir, lists):
        """All recordings below the folder, one of each name."""
        files, others = corpus.files_below(data_dir, self._bad)
        found, texts = self.recordings(data_dir, files, others, lists)
        texts += corpus.unread(others)
        if not found:
            raise InputError(f"{data_dir}: no speech in it; the folder must have {self.LAYOUT}"
                             + f" ({'; '.join(texts)})" * bool(texts))
        kept = corpus.without_twins(found)
        texts += corpus.counted(sorted({r.path for r in found} - {r.path for r in kept}),
                                "files have the name of another one beside them and are left out")
        if texts:
            progress.say_once(f"{data_dir}: {'; '.join(texts)}")
        return kept

    def _read(self, recordings, front_end, length, cut, lowest):
        """Spectra of `recordings`, none below `lowest`, in utterances of `cut` frames (0: whole) and segments."""
        pieces, self._sources, self._loud = [], [], []
        for recording in recordings:
            with self._bad.left_out():
                decibels = np.maximum(_analyse(recording.path, front_end, length, self._loud), np.float32(lowest))
                for first in range(0, len(decibels), cut or len(decibels)):
                    piece = decibels[first : first + (cut or len(decibels))]
                    if len(piece) >= length:  # not what is left at the end of a recording
                        pieces.append(piece)
                        self._sources.append(recording)
        if not pieces:
            raise InputError(f"none of {len(recordings)} files can be used; the first: {self._bad.lines[0]}")
        frames = np.array([len(piece) for piece in pieces])
        counts, starts = frames // length, np.cumsum(frames) - frames
        self._frames, self._slack = np.concatenate(pieces), frames % length
        self._begin = np.concatenate([start + length * np.arange(count)
                                      for start, count in zip(starts, counts, strict=True)])
        self.utterances = np.repeat(np.arange(len(pieces)), counts)
        self._count = len(self.utterances)

    def _label(self, factors):
        """Numbers of the classes of each utterance."""
        self._labels = {}
        for factor, classes in factors.items():
            values = [r.speaker if factor == "speaker" else r.labels[factor] for r in self._sources]
            self._labels[factor] = corpus.numbers(values, classes)

    def _report(self, data_dir, count):
        speakers = len({recording.speaker for recording in self._sources})
        for text in (f"split={self._split}: speakers: {speakers}, recordings: {count}",
                     *corpus.counted(self._loud, "recordings are louder than full scale; divided by their loudest")):
            progress.say_once(f"{data_dir}: {text}")
        self.skipped = tuple(self._bad.lines)
        if self.skipped:
            print(f"{data_dir}: left out {len(self.skipped)} of {count} files of split={self._split}, the first: "
                  f"{self.skipped[0]}", file=sys.stderr)


def _checked(spectrum, utterance_seconds, min_db, test_fraction, length):
    """The front end and the frames per utterance (0: all) that options ask for; InputError for a wrong one."""
    if spectrum not in spectra.FRONT_ENDS:
        raise InputError(f"spectrum={spectrum!r}: choose one of {', '.join(spectra.FRONT_ENDS)}")
    if not -400 <= min_db <= 0:
        raise InputError(f"min_db={min_db!r}: must be a number of -400 to 0")
    if not 0 <= test_fraction <= 0.9:
        raise InputError(f"test_fraction={test_fraction!r}: must be a number of 0 to 0.9")
    least = length / spectra.FRAMES_PER_SECOND
    if not (utterance_seconds == 0 or utterance_seconds >= least):
        raise InputError(f"utterance_seconds={utterance_seconds!r}: must be 0, or the {least:g} s of length={length} "
                         "at least")
    return spectra.FRONT_ENDS[spectrum], round(utterance_seconds * spectra.FRAMES_PER_SECOND)


def _analyse(path, front_end, length, loud):
    """Decibels [T, F] of a file, told in `loud` if it was scaled; InputError for one of fewer than `length` frames."""
    samples = audio.read(path, loud)
    decibels = front_end.analyse(samples)
    if len(decibels) < length:
        raise InputError(f"{path}: too short, its {len(samples) / audio.RATE:.2f} s are {len(decibels)} frames, fewer "
                         f"than --length={length}")
    return decibels


def normalization(frames):
    """Means and standard deviations of frames [N, F], as `SequenceSpec` has them; 1 for values that never change."""
    mean = frames.mean(0, dtype=np.float64)
    deviation = frames.std(0, dtype=np.float64)
    deviation = np.where(deviation > 1e-6, deviation, 1.0)
    return tuple(mean.tolist()), tuple(deviation.tolist())
