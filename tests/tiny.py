"""A configuration small enough to build in a second, and clips to go with it."""

import dataclasses

import numpy as np

from rwae_tf import config as config_lib
from rwae_tf.types import SequenceSpec

SPEC = SequenceSpec((16, 16, 3), 4)


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


def build(**changes):
    """The model of the tiny configuration with fields changed, the same in every call."""
    import keras

    from rwae_tf import models

    keras.utils.set_random_seed(1)
    return models.build(config(**changes), SPEC)


def sequences(batch=4, length=4, seed=0):
    """Clips in [0, 1], float32 [batch, length, 16, 16, 3]."""
    return np.random.default_rng(seed).random((batch, length, *SPEC.frame_shape), np.float32)
