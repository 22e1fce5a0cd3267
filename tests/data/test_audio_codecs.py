"""Reading compressed audio and other rates, with and without TensorFlow I/O."""

import numpy as np
import pytest
from recordings import WRITERS, write_flac, write_wav

from rwae_tf.compat import ffmpeg, tfio
from rwae_tf.data.speech import audio

CODED = {"a.mp3": ["-b:a", "128k"], "a.ogg": ["-c:a", "libvorbis"], "a.opus": ["-c:a", "libopus"], "a.m4a": [],
         "a.aiff": [], "a.au": [], "a.aac": []}
LATE = {"a.aac": 1024}  # samples that its coder puts before; the form does not say so


def tones(rate, seconds=0.5):
    """Four tones below 3.3 kHz that swell and fade, at a rate of samples: what any good resampler keeps."""
    t = np.arange(round(rate * seconds)) / rate
    return sum(np.sin(2 * np.pi * f * t + f) for f in (210, 890, 1730, 3290)) * np.sin(np.pi * t / seconds) ** 2 / 5


def coded(path, signal, rate):
    plain = path.parent / "plain.wav"
    write_wav(plain, np.rint(32767 * signal).astype(np.int16), rate)
    ffmpeg.convert(plain, [*ffmpeg.source(plain), *CODED[path.name], str(path), "-f", "null"])


@pytest.fixture(params=[True, False], ids=["tensorflow-io", "ffmpeg"])
def with_tfio(request, monkeypatch):
    """TensorFlow I/O where it loads, and as if it did not."""
    if not request.param:
        monkeypatch.setattr(tfio, "loads", lambda: False)
    elif not tfio.loads():
        pytest.skip("tensorflow-io's compiled part does not load here")


@pytest.mark.parametrize("name", CODED)
def test_coded_files_hold_the_signal(tmp_path, name, with_tfio):
    """Opus is always at 48 kHz, so that it is resampled too."""
    signal = tones(16_000)
    coded(tmp_path / name, signal, 16_000)
    samples = audio.read(tmp_path / name)[LATE.get(name, 0):]
    assert samples.dtype == np.float32 and abs(len(samples) - len(signal)) <= 2048  # a block of the coder's
    error = samples[:7000] - signal[:7000]
    # 20 dB below the signal, from the coders; a lag of one sample, at 3290 Hz an angle of 1.3, would leave 8 dB.
    assert np.square(error).mean() < 0.01 * np.square(signal[:7000]).mean()


@pytest.mark.parametrize("rate", [8000, 11_025, 12_000, 22_050, 32_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("write", WRITERS)
def test_other_rates_are_resampled_to_the_same_instants(tmp_path, rate, write, with_tfio):
    pcm = np.rint(32767 * tones(rate)).astype(np.int16)
    WRITERS[write](tmp_path / "a", pcm, **{"sample_rate" if write == "SPHERE" else "rate": rate})
    samples = audio.read(tmp_path / "a")
    assert len(samples) == -(-len(pcm) * 16_000 // rate) == 8000
    # Half a step of 16 bits is 1.5e-5; filters ripple by less than 1e-4 of the sum of the tones, 0.8.
    np.testing.assert_allclose(samples, tones(16_000) * 32767 / 32768, atol=1e-4)


def test_tones_beyond_the_new_rate_are_gone(tmp_path, with_tfio):
    t = np.arange(48_000) / 48_000
    write_wav(tmp_path / "a.wav", np.rint(20_000 * np.sin(2 * np.pi * 10_000 * t)).astype(np.int16), 48_000)
    # Without a filter it would sound at 6 kHz, as loud as it was.
    assert np.abs(audio.read(tmp_path / "a.wav")[1000:-1000]).max() < 1e-3


@pytest.mark.parametrize("rate", [16_000, 44_100])
@pytest.mark.parametrize("name", ["a.mp3", "a.ogg"])
def test_tensorflow_io_decodes_as_soundfile_does(tmp_path, monkeypatch, name, rate):
    if not tfio.loads():
        pytest.skip("tensorflow-io's compiled part does not load here")
    coded(tmp_path / name, tones(rate), rate)
    first = audio.read(tmp_path / name)
    monkeypatch.setattr(tfio, "loads", lambda: False)
    np.testing.assert_allclose(audio.read(tmp_path / name), first, atol=1e-5 if rate == 16_000 else 1e-4)


def test_tensorflow_io_reads_plain_files_alike(tmp_path):
    """The reason for reading them by soundfile is speed, and SPHERE, alone."""
    if not tfio.loads():
        pytest.skip("tensorflow-io's compiled part does not load here")
    for name, write in (("a.wav", write_wav), ("a.flac", write_flac)):
        write(tmp_path / name)
        samples, rate = tfio.decode(str(tmp_path / name))
        assert rate == 16_000
        np.testing.assert_array_equal(samples[:, 0] / 32768, audio.read(tmp_path / name))
