"""Spectra of speech and back: 200 log magnitudes per frame, or 80 on the mel scale (Appendix D and H).

Samples at 16 kHz in [-1, 1]; frames of 25 ms every 10 ms, those that lie whole in the signal; the square root of
a periodic Hann window; a Fourier transform of 400 points, whose constant term is dropped: bins of 40 Hz, 40 to
8000 Hz. A value is 20 log10 of a magnitude, with log10 floored at -20: decibels, -400 for digital silence.
"""

import functools
from typing import Callable, NamedTuple

import numpy as np

from rwae_tf.data.speech.audio import RATE

WINDOW, HOP = 400, 160
BINS, MELS = 200, 80
FRAMES_PER_SECOND = RATE // HOP
_FLOOR = 1e-20
_BLOCK = 4096  # frames transformed at once: the memory of a long recording stays small


class FrontEnd(NamedTuple):
    """A kind of spectrum.

    Attributes:
      size: values per frame, F.
      analyse: samples [N] -> float32 [T, F], decibels.
      magnitudes: decibels [T, F] -> magnitudes of all 201 bins [T, 201], exactly or as near as can be.
    """

    size: int
    analyse: Callable
    magnitudes: Callable


def frame_count(samples):
    """Frames in a signal of so many samples; none in one shorter than a window."""
    return max(0, 1 + (samples - WINDOW) // HOP)


def log_spectrum(samples):
    """Samples [N] -> decibels float32 [T, 200]."""
    return _in_blocks(samples, BINS, lambda spectrum: np.abs(spectrum[:, 1:]))


def log_mel(samples):
    """Samples [N] -> decibels float32 [T, 80]: magnitudes gathered by `mel_weights`."""
    return _in_blocks(samples, MELS, lambda spectrum: np.abs(spectrum[:, 1:]) @ mel_weights())


def _in_blocks(samples, size, magnitude):
    """Decibels [T, size] of `magnitude`, a function of complex spectra [t, 201]."""
    count = frame_count(len(samples))
    decibels = np.empty((count, size), np.float32)
    for begin in range(0, count, _BLOCK):
        end = min(begin + _BLOCK, count)
        spectrum = stft(samples[begin * HOP : (end - 1) * HOP + WINDOW])
        decibels[begin:end] = 20 * np.log10(np.maximum(magnitude(spectrum), _FLOOR))
    return decibels


@functools.cache
def window():
    """The square root of the periodic Hann window, float64 [400]: its square, of analysis and synthesis, is Hann."""
    return np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW))


def stft(samples):
    """Complex spectra [T, 201] of samples [N]."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    return np.fft.rfft(frames * window())


def inverse_stft(spectra):
    """The samples [(T - 1) 160 + 400] whose spectra are nearest to the given ones [T, 201] (Griffin & Lim, 1984)."""
    frames = np.fft.irfft(spectra, WINDOW) * window()
    samples, weight = np.zeros((2, (len(frames) - 1) * HOP + WINDOW))
    for t, frame in enumerate(frames):
        samples[t * HOP : t * HOP + WINDOW] += frame
        weight[t * HOP : t * HOP + WINDOW] += window() ** 2
    # Where hardly a window reaches, at both ends, dividing would only amplify what is not consistent.
    return samples / np.maximum(weight, 1e-2)


def griffin_lim(magnitudes, iterations=60, momentum=0.99, seed=0):
    """Samples with about the given magnitudes, their phases found by iteration.

    The fast Griffin-Lim algorithm (Perraudin, Balazs & Sondergaard, 2013): alternating projections with momentum.

    Args:
      magnitudes: [T, 201].
      iterations: of the two projections.
      momentum: 0 for the algorithm of Griffin & Lim (1984).
      seed: of the first phases.

    Returns:
      float64 [(T - 1) 160 + 400].
    """
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, magnitudes.shape)
    estimate, before = magnitudes * np.exp(1j * phases), 0
    for _ in range(iterations):
        consistent = stft(inverse_stft(estimate))
        ahead = consistent + momentum * (consistent - before)
        estimate, before = magnitudes * np.exp(1j * np.angle(ahead)), consistent
    return inverse_stft(estimate)


@functools.cache
def mel_weights():
    """Triangles of height one at 80 centres, evenly spaced on Slaney's mel scale from 0 to 8000 Hz: [200, 80].

    Slaney's scale is linear below 1 kHz. On that of HTK the lowest of 80 triangles would fall between two bins.
    """
    hertz = np.arange(1, BINS + 1) * RATE / WINDOW
    edges = _from_mel(np.linspace(0, _to_mel(RATE / 2), MELS + 2))
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (hertz[:, None] - low) / (centre - low), (high - hertz[:, None]) / (high - centre)
    return np.maximum(0, np.minimum(rising, falling))


_KNEE, _PER_MEL, _STEP = 1000.0, 200 / 3, np.log(6.4) / 27  # Slaney: 15 mels to 1 kHz, then 27 to 6.4 kHz


def _to_mel(hertz):
    hertz = np.asarray(hertz, np.float64)
    above = _KNEE / _PER_MEL + np.log(np.maximum(hertz, _KNEE) / _KNEE) / _STEP
    return np.where(hertz < _KNEE, hertz / _PER_MEL, above)


def _from_mel(mel):
    knee = _KNEE / _PER_MEL
    return np.where(mel < knee, mel * _PER_MEL, _KNEE * np.exp((np.maximum(mel, knee) - knee) * _STEP))


def _with_constant(magnitudes):
    """Magnitudes [T, 200] with the dropped constant term, as zero: [T, 201]."""
    return np.pad(magnitudes, ((0, 0), (1, 0)))


def _magnitudes_of_spectrum(decibels):
    return _with_constant(10 ** (np.asarray(decibels, np.float64) / 20))


def _magnitudes_of_mel(decibels):
    """The least magnitudes whose mels are the given ones, less what is negative in them."""
    mels = 10 ** (np.asarray(decibels, np.float64) / 20)
    return _with_constant(np.maximum(0, mels @ np.linalg.pinv(mel_weights())))


FRONT_ENDS = {"linear": FrontEnd(BINS, log_spectrum, _magnitudes_of_spectrum),
              "mel": FrontEnd(MELS, log_mel, _magnitudes_of_mel)}


def to_audio(decibels, kind, iterations=60):
    """Samples float64 in about [-1, 1] that sound like spectra.

    Args:
      decibels: [T, F] of the front end `kind`, a key of `FRONT_ENDS`.
      iterations: of `griffin_lim`.
    """
    return griffin_lim(FRONT_ENDS[kind].magnitudes(decibels), iterations)
