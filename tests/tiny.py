"""A configuration small enough to build in a second, and clips to go with it."""

import dataclasses

import numpy as np

from rwae_tf import config as config_lib
from rwae_tf.types import SequenceSpec

SPEC = SequenceSpec((16, 16, 3), 4)
SPEECH = SequenceSpec((5,), 4, "speech", sequences=3,
                      normalization=((-30.0, -20.0, -40.0, -50.0, -60.0), (10.0, 5.0, 8.0, 9.0, 7.0)))


def config(**changes):
    """The tiny `Config` with fields changed by name, whatever their section."""
    small = dict(dataset="moving_shapes", size=16, length=4, channels=4, feature_size=8, content_size=6, motion_size=3,
                 hidden_size=8, batch_size=4, inference_steps=2, encoder_learning_rate=1e-3,
                 decoder_learning_rate=1e-3, critic_learning_rate=1e-3)
    small.update(changes)
    sections = {section: {f.name: small.pop(f.name) for f in dataclasses.fields(kind) if f.name in small}
                for section, kind in config_lib.SECTIONS.items()}
    assert not small, f"no such option: {small}"
    return config_lib.from_dict(sections)


def build(spec=SPEC, **changes):
    """The model of the tiny configuration with fields changed, the same in every call, for sequences like `spec`."""
    import keras

    from rwae_tf import models

    keras.utils.set_random_seed(1)
    return models.build(config(**changes), spec)


def save_run(folder, configuration, spec=None):
    """Make `folder` a run whose checkpoint holds initial weights; returns it as text."""
    from rwae_tf import data
    from rwae_tf.runs import checkpoints, run_dir

    spec = spec or data.from_config(configuration.data, "train").spec
    run_dir.prepare(str(folder), configuration, spec)
    checkpoints.Checkpoints(str(folder), run_dir.build(configuration, spec), {}, checkpoints.Counters()).save()
    return str(folder)


def sequences(batch=4, length=4, seed=0, spec=SPEC):
    """Clips in [0, 1], float32 [batch, length, *frame_shape]; of speech in decibels."""
    x = np.random.default_rng(seed).random((batch, length, *spec.frame_shape), np.float32)
    return x if spec.modality == "video" else 80 * x - 80
