"""Synthetic speakers: vowels from a source and a filter, for tests and for trying what needs licensed speech.

A voice is a pitch, a length of the vocal tract that scales all formants, and a tilt of the glottal source. It says
sequences of vowels with Peterson & Barney's (1952) formants, and no words: these recordings have just the two things
that the model has to separate, who speaks and what is said.
"""

import os
from typing import NamedTuple

import numpy as np

from rwae_tf.data.datasets.timit import CORE_TEST, DEVELOPMENT
from rwae_tf.data.speech import audio

VOWELS = np.array([  # F1, F2, F3 of men, Hz: the vowels of heed, hid, head, had, hod, hawed, hood, who'd, hud, heard
    (270, 2290, 3010), (390, 1990, 2550), (530, 1840, 2480), (660, 1720, 2410), (730, 1090, 2440), (570, 840, 2410),
    (440, 1020, 2240), (300, 870, 2240), (640, 1190, 2390), (490, 1350, 1690)], np.float64)
_HIGHER, _BANDWIDTHS = (3500.0, 4500.0), np.array([60.0, 90, 120, 170, 250])
_STEP = 80  # samples between the points at which pitch, formants and loudness are set: 5 ms
_LOUDEST = 0.3


class Voice(NamedTuple):
    """A speaker: pitch in Hz, factors on the formants [5], tilt of the source (power of the frequency), breath."""

    pitch: float
    formants: np.ndarray
    tilt: float
    breath: float


def voice(rng: np.random.Generator, female: bool) -> Voice:
    """A `Voice` drawn from those of women (pitch 170 to 250 Hz) or men (85 to 145 Hz)."""
    pitch = rng.uniform(170, 250) if female else rng.uniform(85, 145)
    tract = rng.uniform(1.12, 1.28) if female else rng.uniform(0.93, 1.08)
    return Voice(pitch, tract * rng.uniform(0.97, 1.03, 5), rng.uniform(0.7, 1.5), rng.uniform(0.002, 0.02))


def say(voice: Voice, vowels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A voice says vowels.

    Args:
      voice: a `Voice`.
      vowels: numbers of VOWELS, int [K]; each is held 120 to 250 ms.
      rng: a NumPy generator of what differs each time: durations, melody, breath.

    Returns:
      float64 [N] in [-0.3, 0.3], at 16 kHz.
    """
    points = rng.integers(24, 51, len(vowels))  # of 5 ms each
    formants = np.repeat(VOWELS[vowels], points, 0)
    loudness = np.concatenate([np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 0.4 for n in points])
    formants = np.concatenate([formants, np.broadcast_to(_HIGHER, (len(formants), 2))], 1) * voice.formants
    formants = np.stack([np.convolve(np.pad(f, 5, "edge"), np.full(11, 1 / 11), "valid") for f in formants.T], 1)
    turns = np.interp(np.arange(len(loudness)), np.linspace(0, len(loudness), 5), rng.normal(0, 0.06, 5))
    pitch = voice.pitch * np.exp(turns - 0.15 * np.linspace(0, 1, len(loudness)))  # falls towards the end
    signal = _harmonics(pitch, formants, loudness, voice.tilt)
    signal += voice.breath * np.abs(signal).max() * rng.normal(size=len(signal))
    return _LOUDEST * signal / np.abs(signal).max()


def _harmonics(pitch, formants, loudness, tilt):
    """The harmonics of a pitch through resonances, each point of [P] or [P, 5] held for _STEP samples."""
    fine = np.arange(len(pitch) * _STEP) / _STEP
    phase = 2 * np.pi * np.cumsum(np.interp(fine, np.arange(len(pitch)), pitch)) / audio.RATE
    turn, turned, signal = np.exp(1j * phase), np.ones(len(phase), complex), np.zeros(len(phase))
    for k in range(1, int(0.47 * audio.RATE / pitch.max()) + 1):
        turned = turned * turn
        hertz = (k * pitch)[:, None]
        resonances = formants**2 / np.hypot(formants**2 - hertz**2, _BANDWIDTHS * hertz)
        level = loudness * resonances.prod(1) * k**-tilt
        signal += np.interp(fine, np.arange(len(pitch)), level) * turned.imag
    return signal


LAYOUTS = ("timit", "librispeech", "speakers")


def write_corpus(folder: str, layout: str, speakers: int = 20, utterances: int = 8, vowels: int = 12,
                 seed: int = 0) -> int:
    """Write synthetic speakers as the files of a corpus.

    A fifth of them, at least two, are the test part (of TIMIT, under names of the core test set); two more of TIMIT
    are under names of its development set. TIMIT has two SA sentences more, the same for all.

    Args:
      folder: where; made if need be.
      layout: "timit" (SPHERE files), "librispeech" (FLAC, needs soundfile) or "speakers" (WAV).
      speakers: how many, 4 to 80; women and men in turn.
      utterances: of each; vowels: in each, of about 0.19 s.
      seed: of all.

    Returns:
      The number of files.
    """
    shared = np.random.default_rng((seed, 0)).integers(0, len(VOWELS), (2, vowels))
    tested, count = max(2, speakers // 5), 0
    for number in range(speakers):
        rng = np.random.default_rng((seed, 1, number))
        female = number % 2 == 0
        spoken_by = voice(rng, female)
        part = "test" if number < tested else "train"
        if layout == "timit" and part == "train" and number < tested + 2:
            part = "dev"
        said = [*(shared if layout == "timit" else ()), *rng.integers(0, len(VOWELS), (utterances, vowels))]
        for which, sounds in enumerate(said):
            path, write = _FILES[layout](part, number, female, which)
            path = os.path.join(folder, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write(path, say(spoken_by, sounds, rng))
            count += 1
    return count


def _timit_file(part, number, female, which):
    """Path and writer of a sentence, the first two of a speaker SA."""
    sex, letters = "mf"[female], "abcdefghijklmnopqrstuvwxyz"
    published = {"test": CORE_TEST, "dev": DEVELOPMENT}.get(part)
    if published:
        same = [name for name in published if name[0] == sex]
        name = same[number // 2 % len(same)]
    else:
        name = f"{sex}z{letters[number // 26 % 26]}{letters[number % 26]}0"
    sentence = f"SA{which + 1}" if which < 2 else f"SI{600 + which}" if which < 5 else f"SX{which}"
    folder = f"{'TRAIN' if part == 'train' else 'TEST'}/DR{number % 8 + 1}/{name.upper()}"
    return f"TIMIT/{folder}/{sentence}.WAV", audio.write_sphere


def _librispeech_file(part, number, female, which):
    del female
    speaker, chapter = 1000 + number, 5000 + number
    name = f"{speaker}-{chapter}-{which:04d}.flac"
    return f"LibriSpeech/{part}-clean{'-100' * (part == 'train')}/{speaker}/{chapter}/{name}", audio.write_flac


def _speakers_file(part, number, female, which):
    return f"{part}/{'woman' if female else 'man'}_{number:03d}/{which:02d}.wav", audio.write_wav


_FILES = {"timit": _timit_file, "librispeech": _librispeech_file, "speakers": _speakers_file}
