"""One recording that a user names, as a model of speech takes it."""

import numpy as np

from rwae_tf.data.speech import audio, spectra
from rwae_tf.errors import InputError
from rwae_tf.utils import progress

MOST_SECONDS = 600


def frames(path, spectrum, lowest, segment, length=None):
    """The spectra of a recording, float32 [K T, F] in decibels, in whole segments of T frames.

    What is left after the last whole segment is dropped.

    Args:
      path: of an audio file, in any form that `audio` reads.
      spectrum: a key of `spectra.FRONT_ENDS`.
      lowest: decibels that values below are raised to, as in training.
      segment: frames of a segment, T.
      length: frames to read at most, from the first; None for all there are.

    Raises:
      InputError: one line, for a file that cannot be read, or is too short or too long.
    """
    if length is not None and length < segment:
        raise InputError(f"--length={length}: a model of segments of {segment} frames needs as many at least")
    notes = []
    samples = audio.read(path, notes)
    for note in notes:
        progress.say_once(note)
    if length is not None:
        samples = samples[: _count(length)]
    seconds, found = len(samples) / audio.RATE, spectra.frame_count(len(samples))
    if seconds > MOST_SECONDS:
        most = MOST_SECONDS * spectra.FRAMES_PER_SECOND - 2  # the last window reaches over two hops more
        raise InputError(f"{path}: {seconds:.0f} s, more than the {MOST_SECONDS} s that are used at once; give "
                         f"--length={most}, or less, for the first of its frames")
    if found < segment:
        raise InputError(f"{path}: too short, its {seconds:.2f} s are {found} frames, fewer than the {segment} of one "
                         "segment of this model")
    decibels = spectra.FRONT_ENDS[spectrum].analyse(samples[: _count(found // segment * segment)])
    return np.maximum(decibels, np.float32(lowest))


def _count(frames):
    """Samples of so many frames."""
    return spectra.WINDOW + (frames - 1) * spectra.HOP
