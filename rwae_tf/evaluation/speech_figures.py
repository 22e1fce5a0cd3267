"""What a model of speech shows and says: spectrograms (PNG) and sound (WAV), for `evaluate` and `generate`."""

import functools
import os

import numpy as np

from rwae_tf import figures
from rwae_tf.data.speech import audio, spectra
from rwae_tf.errors import InputError
from rwae_tf.figures import grids
from rwae_tf.models import voice_conversion

SEGMENTS = 5  # of a clip that is listened to: one second
FIG_11_CLIPS = 16
_PAUSE = np.zeros(audio.RATE // 4)


def draw_swap_table(model, real):
    """Draw the table [N + 1, N + 1, 1, F, W, 3] of Fig. 11: the voice of a row says what the clip of a column does."""
    convert = functools.partial(voice_conversion.convert_voice, model)
    return grids.build_swap_table(convert, real, real, figures.painter("speech", real))


def draw_reconstructions(model, real):
    """Draw the table [N, 2, 1, F, W, 3] of clips beside their reconstructions, and both to listen to, in turn."""
    pairs = np.stack([real, voice_conversion.convert_voice(model, real, real)], 1)
    return figures.painter("speech", real)(pairs), pairs.reshape(-1, *real.shape[1:])


def draw_swaps(model, real):
    """Draw `draw_swap_table`, and give to listen to: each clip, then the same with the voice of the next."""
    pairs = np.stack([real, voice_conversion.convert_voice(model, np.roll(real, -1, 0), real)], 1)
    return draw_swap_table(model, real), pairs.reshape(-1, *real.shape[1:])


def draw_samples(model, num, length, seed):
    """Draw spectrograms [N, 1, F, W, 3] of clips from the priors, and the clips."""
    clips = np.asarray(model.generate(num=num, length=length, seed=seed))
    return figures.painter("speech", clips)(clips), clips


def check_path(path):
    """Refuse a `path` that is no PNG, before any work is done for it."""
    if os.path.splitext(path)[1].lower() != ".png":
        raise InputError(f"{path}: speech is written as a .png, with a .wav beside it")


def write(model, pictures, clips, path):
    """Write pictures to `path`, a PNG, and clips [N, T, F], with pauses between, to the WAV beside it.

    Returns:
      Both paths.
    """
    check_path(path)
    figures.write(pictures, path)
    sounds = [part for clip in clips for part in (spectra.to_audio(clip, model.config.data.spectrum), _PAUSE)]
    beside = os.path.splitext(path)[0] + ".wav"
    audio.write_wav(beside, np.concatenate(sounds))
    return path, beside
