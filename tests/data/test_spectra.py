"""The front ends against scipy and plain loops, and the way back to samples."""

import math

import numpy as np
import pytest
import scipy.signal

from rwae_tf.data.speech import spectra

SAMPLES = np.random.default_rng(1).normal(0, 0.1, 2003).astype(np.float32)


def magnitudes_by_loops(samples):
    """|X| [T, 201] by the definition of the transform, a sum per frame and bin."""
    window = np.array([math.sqrt(0.5 - 0.5 * math.cos(2 * math.pi * n / 400)) for n in range(400)])
    angles = -2j * np.pi / 400
    found = []
    for begin in range(0, len(samples) - 400 + 1, 160):
        frame = samples[begin:begin + 400].astype(np.float64) * window
        found.append([abs(sum(frame * np.exp(angles * k * np.arange(400)))) for k in range(201)])
    return np.array(found)


def test_spectrum_is_that_of_the_definition():
    expected = 20 * np.log10(magnitudes_by_loops(SAMPLES)[:, 1:])
    found = spectra.log_spectrum(SAMPLES)
    # Frames begin at 0, 160, ..., 1600: 11 of them, the last ends at 2000.
    assert found.dtype == np.float32 and found.shape == expected.shape == (11, 200)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_spectrum_is_that_of_scipy():
    window = np.sqrt(scipy.signal.get_window("hann", 400, fftbins=True))  # fftbins: periodic
    _, _, scaled = scipy.signal.stft(SAMPLES.astype(np.float64), 16_000, window, 400, 240, 400, boundary=None,
                                     padded=False)
    expected = 20 * np.log10(np.abs(scaled.T[:, 1:]) * window.sum())  # scipy divides by the sum of the window
    np.testing.assert_allclose(spectra.log_spectrum(SAMPLES), expected, rtol=0, atol=1e-5)


def test_long_signal_is_the_same_in_blocks(monkeypatch):
    whole = {name: end.analyse(SAMPLES) for name, end in spectra.FRONT_ENDS.items()}
    monkeypatch.setattr(spectra, "_BLOCK", 4)
    for name, end in spectra.FRONT_ENDS.items():
        np.testing.assert_allclose(end.analyse(SAMPLES), whole[name], rtol=0, atol=1e-5)


def test_tone_is_loudest_in_its_bin():
    tone = np.sin(2 * np.pi * 1000 * np.arange(800) / 16_000)  # 1000 Hz is bin 25, and 24 once the constant is dropped
    assert set(spectra.log_spectrum(tone).argmax(1)) == {24}


def test_silence_is_at_the_floor():
    for name, end in spectra.FRONT_ENDS.items():
        assert (end.analyse(np.zeros(400, np.float32)) == -400).all(), name  # 20 * -20


@pytest.mark.parametrize("samples, frames", [(0, 0), (399, 0), (400, 1), (559, 1), (560, 2), (16_000, 98)])
def test_frame_count(samples, frames):
    assert spectra.frame_count(samples) == frames
    assert spectra.log_spectrum(np.zeros(samples, np.float32)).shape == (frames, 200)


def slaney(hertz):
    """Slaney's mel scale as in his Auditory Toolbox: 3 mels per 200 Hz, from 1 kHz on 27 mels per factor 6.4."""
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * math.log(hertz / 1000) / math.log(6.4)


def hertz_of(mel):
    return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


def test_mel_is_triangles_on_slaneys_scale():
    edges = [hertz_of(k * slaney(8000) / 81) for k in range(82)]
    magnitudes = magnitudes_by_loops(SAMPLES[:600])
    expected = np.zeros((2, 80))
    for t in range(2):
        for m in range(80):
            for k in range(1, 201):
                low, centre, high = edges[m:m + 3]
                weight = min((40 * k - low) / (centre - low), (high - 40 * k) / (high - centre))
                expected[t, m] += max(0, weight) * magnitudes[t, k]
    found = spectra.log_mel(SAMPLES[:600])
    assert found.dtype == np.float32 and found.shape == (2, 80)
    np.testing.assert_allclose(found, 20 * np.log10(expected), rtol=0, atol=1e-5)
    assert (spectra.mel_weights().sum(0) > 0).all()  # no triangle between two bins


def test_inverse_by_loops():
    rng = np.random.default_rng(0)
    given = rng.normal(size=(4, 201)) + 1j * rng.normal(size=(4, 201))
    window = np.sqrt(scipy.signal.get_window("hann", 400, fftbins=True))
    total, weight = np.zeros(880), np.zeros(880)
    for t in range(4):
        frame = np.fft.irfft(given[t], 400)
        for n in range(400):
            total[160 * t + n] += window[n] * frame[n]
            weight[160 * t + n] += window[n] ** 2
    inside = weight > 0.02
    assert inside.sum() > 800
    np.testing.assert_allclose(spectra.inverse_stft(given)[inside], total[inside] / weight[inside], atol=1e-9)


def test_inverse_gives_the_signal_back():
    back = spectra.inverse_stft(spectra.stft(SAMPLES))
    # Where the windows' squares sum to less than 0.01, at both ends, the signal fades.
    np.testing.assert_allclose(back[20:1980], SAMPLES[20:1980], rtol=0, atol=1e-6)


def vowel(count=6400):
    """Harmonics of 120 Hz with a formant near 700 Hz."""
    time = np.arange(count) / 16_000
    return sum(np.sin(2 * np.pi * 120 * k * time + k) / (1 + ((120 * k - 700) / 300) ** 2) for k in range(1, 40)) / 8


@pytest.mark.parametrize("kind, most", [("linear", 0.15), ("mel", 0.3)])
def test_audio_has_the_spectrum_it_was_made_of(kind, most):
    analyse = spectra.FRONT_ENDS[kind].analyse
    wanted = analyse(vowel())
    samples = spectra.to_audio(wanted, kind)
    assert samples.shape == ((len(wanted) - 1) * 160 + 400,)
    there, here = 10 ** (wanted / 20), 10 ** (analyse(samples) / 20)
    assert np.linalg.norm(here - there) < most * np.linalg.norm(there)


def test_momentum_finds_better_phases():
    magnitudes = np.abs(spectra.stft(vowel()))

    def distance(momentum):
        found = np.abs(spectra.stft(spectra.griffin_lim(magnitudes, 30, momentum)))
        return np.linalg.norm(found - magnitudes) / np.linalg.norm(magnitudes)

    assert distance(0.99) < distance(0)
