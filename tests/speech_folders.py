"""Folders of recordings of noise."""

import numpy as np

from rwae_tf import data
from rwae_tf.data.speech import audio

NOISE = np.random.default_rng(0).normal(0, 0.1, 16_000 * 3).clip(-1, 1)


def write(root, path, seconds=0.5, start=0):
    """A WAV of `seconds` of noise, other noise for another start."""
    path = root / path
    path.parent.mkdir(parents=True, exist_ok=True)
    audio.write_wav(str(path), NOISE[start:start + int(seconds * 16_000)])
    return path


def load(folder, split="train", **options):
    return data.load("speakers", split, str(folder), **options)


def speakers(clips):
    return sorted({clips.spec.factors["speaker"][k] for k in clips.labels(np.arange(len(clips)))["speaker"]})
