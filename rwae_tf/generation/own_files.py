"""What a model makes of the user's own files: a swap of two, or the reconstruction of one."""

import os

import numpy as np

from rwae_tf import data, figures
from rwae_tf.data.speech import audio, spectra
from rwae_tf.errors import InputError
from rwae_tf.evaluation import clip_figures
from rwae_tf.generation import request
from rwae_tf.models import voice_conversion
from rwae_tf.utils import files


def write(model, values):
    """Write what the model makes of the files that --content and --motion name; returns the paths.

    Args:
      model: a `SequenceModel`.
      values: the flags of `request.define`, checked.

    Raises:
      InputError: for files that cannot be read or do not fit the model.
    """
    is_speech = model.spec.modality == "speech"
    path = request.default_path(values, ".wav" if is_speech else ".gif")
    (_check_sound_path if is_speech else figures.check_path)(path)
    clips = [data.read(values[name].value, model.config.data, model.spec, values.length)
             for name in request.OWN_FILES[values.mode]]
    return (_write_sound if is_speech else _write_video)(model, clips, path)


def _write_video(model, clips, path):
    """Write the swap of two clips, or the reconstruction of one; returns a list of the path."""
    video = model.swap(content=clips[0], motion=clips[1]) if len(clips) == 2 else model.reconstruct(clips[0])
    figures.write(np.asarray(video), path, scale=clip_figures.choose_scale(model), names=None)
    return [path]


def _check_sound_path(path):
    if not path.endswith((".wav", ".png")):
        raise InputError(f"{path}: speech is written as a .wav, or as a .png with the .wav beside it")


def _write_sound(model, clips, path):
    """Write what the second clip says with the voice of the first, or the reconstruction of one; returns the paths."""
    spectrum = voice_conversion.convert_voice(model, clips[0], clips[-1])
    files.make_folder(os.path.dirname(path if files.is_remote(path) else os.path.abspath(path)))
    sound = os.path.splitext(path)[0] + ".wav"
    audio.write_wav(sound, spectra.to_audio(spectrum[0], model.config.data.spectrum))
    if path == sound:
        return [sound]
    figures.write(figures.painter("speech", spectrum)(spectrum), path)
    return [path, sound]
