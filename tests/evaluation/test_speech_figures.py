"""What a model of speech says, as files; what is drawn of a model is tested with one."""

import numpy as np
import pytest

from rwae_tf.data.speech import audio, spectra
from rwae_tf.errors import InputError
from rwae_tf.evaluation import speech_figures


def test_write_needs_a_png(tmp_path):
    with pytest.raises(InputError, match="a.gif: speech is written as a .png, with a .wav beside it"):
        speech_figures.write(None, None, [], str(tmp_path / "a.gif"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", spectra.FRONT_ENDS)
def test_sound_is_that_of_the_clips_in_turn(tmp_path, kind):
    class Model:
        class config:
            class data:
                spectrum = kind

    tones = [0.3 * np.sin(2 * np.pi * hertz * np.arange(1680) / 16_000) for hertz in (1000, 2000)]
    clips = [spectra.FRONT_ENDS[kind].analyse(tone.astype(np.float32)) for tone in tones]  # of 9 frames
    pictures = np.zeros((1, 1, 8, 8, 3), np.uint8)
    png, wav = speech_figures.write(Model, pictures, clips, str(tmp_path / "new" / "a.png"))
    samples = audio.read(wav)
    assert len(samples) == 2 * (1680 + 4000)  # 8 hops and a window each, a quarter of a second after each
    for k, hertz in enumerate((1000, 2000)):
        part = samples[k * 5680:k * 5680 + 1680]
        peak = np.abs(np.fft.rfft(part * np.hanning(1680))).argmax() * 16_000 / 1680
        assert peak == pytest.approx(hertz, abs=40)
        assert np.abs(samples[k * 5680 + 1680:(k + 1) * 5680]).max() == 0
