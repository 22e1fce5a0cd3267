"""The page of `rwae_tf.serve` on a model of speech: spectrograms and their sound."""

import wave

import numpy as np
import pytest
from browsing import CHROMIUM, caption, drop, pixels, set_slider, settle, sound

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.exhaustive, pytest.mark.skipif(not CHROMIUM, reason="no Chromium on PATH")]


def test_spectra_are_those_of_the_package(speech_page):
    from rwae_tf.data.speech import spectra

    samples = np.random.default_rng(0).normal(0, 0.1, 4000)
    for kind, front_end in spectra.FRONT_ENDS.items():
        decibels, again = speech_page.evaluate("""async ([samples, kind]) => {
            const spectra = await import("/spectra.js");
            const decibels = spectra.analyse(samples, kind);
            return [decibels, spectra.analyse(spectra.toSamples(decibels, kind), kind)];
        }""", [samples.tolist(), kind])
        np.testing.assert_allclose(decibels, front_end.analyse(samples), rtol=0, atol=1e-4)
        assert np.abs(np.subtract(again, decibels)).mean() < 2  # decibels; of other phases


def test_speech_is_shown_and_heard(speech_page, tmp_path):
    page = speech_page
    assert caption(page, "content") == "drawn, seed 1, 1.0 s" and caption(page) == "content and motion swapped, 1.0 s"
    assert page.is_visible("#wav") and not page.is_visible("#download")
    shown = pixels(page)
    assert shown.shape == (200, 100, 3) and np.ptp(shown) > 0
    drop(page, "motion", "voice.wav", "audio/wav", sound())
    page.wait_for_function("document.querySelector('#motion .caption').textContent.startsWith('voice.wav')")
    settle(page, "0.4 s")  # two whole segments of 0.2 s
    with page.expect_download() as download:
        page.click("#wav")
    download.value.save_as(tmp_path / "clip.wav")
    with wave.open(str(tmp_path / "clip.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (16_000, 1, 39 * 160 + 400)
        assert np.ptp(np.frombuffer(file.readframes(10_000), "<i2")) > 0
    page.click("#motion .listen")
    settle(page, "0.4 s")
    set_slider(page, "between", 1)
    settle(page, "0 deviations, 100 % of the way")
    drop(page, "content", "short.wav", "audio/wav", sound(0.1))
    page.wait_for_selector("#message.error")
    assert page.text_content("#message") == "short.wav: shorter than 0.2 s, one segment of the model"
