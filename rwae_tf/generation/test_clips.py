"""What a model makes of test clips and of its priors: tables of videos, spectrograms and sound."""

import dataclasses
import functools
import os

import numpy as np

from rwae_tf import data, figures
from rwae_tf.errors import InputError
from rwae_tf.evaluation import action_matching, clip_figures, speech_figures
from rwae_tf.generation import request
from rwae_tf.models import voice_conversion
from rwae_tf.runs import run_dir

_LENGTH = 100  # frames of clips from the priors, unless --length says otherwise


def write(run, values):
    """Write the clips that the flags ask for; returns the paths.

    Args:
      run: a `Run`.
      values: the flags of `request.define`, checked.

    Raises:
      InputError: for a mode that the model does not have, and for more clips than there are.
    """
    path, model = request.default_path(values, request.MODES[values.mode]), run.model
    is_speech = model.spec.modality == "speech"
    if values.mode == "actions" and (is_speech or not model.config.model.action_size):
        raise InputError(f"--mode=actions: {values.run_dir} is no model of videos with actions; train one with "
                         "--action_size=A")
    if is_speech:
        return _write_speech(model, values, values.out or os.path.splitext(path)[0] + ".png")
    clips, names = _draw(run, values)
    figures.write(np.asarray(clips), path, scale=clip_figures.choose_scale(model), names=names)
    return [path]


def _draw(run, values):
    """The clips of a mode, or a table of them, and the names of its rows or None."""
    model = run.model
    if values.mode == "actions":
        return action_matching.draw_table(model, values.num, values.length or model.spec.length, values.seed,
                                          run_dir.read_actions(run))
    if values.mode == "generate":
        return model.generate(num=values.num, length=values.length or _LENGTH, seed=values.seed), None
    tables = {"swap": clip_figures.swap_halves, "reconstruct": clip_figures.pair_reconstructions,
              "resample_motion": functools.partial(clip_figures.resample_motions, seed=values.seed)}
    return tables[values.mode](model, _choose_clips(model.config, values)), None


def _write_speech(model, values, path):
    """Write the spectrograms and the sound of a model of speech; returns the paths."""
    if values.mode == "resample_motion":
        raise InputError(
            f"--mode=resample_motion: {values.run_dir} is a model of speech; use generate, swap or reconstruct"
        )
    speech_figures.check_path(path)
    length = values.length or speech_figures.SEGMENTS * model.spec.length
    if values.mode == "generate":
        drawn = speech_figures.draw_samples(model, values.num, length, values.seed)
    else:
        draw = speech_figures.draw_swaps if values.mode == "swap" else speech_figures.draw_reconstructions
        drawn = draw(model, _choose_utterances(model, values, length))
    return speech_figures.write(model, *drawn, path)


def _choose_utterances(model, values, length):
    """`num` utterances [num, length, F] of the test split, chosen by the seed."""
    clips = _load_test_split(model.config, values, model.spec.length)
    rows = voice_conversion.find_loudest_stretches(clips, length)
    if values.num > len(rows):
        raise InputError(f"--num={values.num}: the test split has {len(rows)} utterances of {length} frames")
    chosen = np.random.default_rng(values.seed).permutation(len(rows))[: values.num]
    return voice_conversion.join_segments(clips, rows[chosen])


def _load_test_split(config, values, length):
    """The `Clips` of the test split."""
    options = dataclasses.replace(config.data, data_dir=values.data_dir or config.data.data_dir)
    return data.from_config(options, "test", length, config.training.seed)


def _choose_clips(config, values):
    """`num` clips [num, T, H, W, C] of the test split, chosen by the seed."""
    clips = _load_test_split(config, values, values.length or config.evaluation.test_length or None)
    if values.num > len(clips):
        raise InputError(f"--num={values.num}: the test split of {config.data.dataset} has {len(clips)} clips")
    return clips.batch(np.random.default_rng(values.seed).permutation(len(clips))[: values.num])["x"]
