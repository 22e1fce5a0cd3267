"""A small model of speech."""

import keras
import numpy as np
import tiny

from rwae_tf import models
from rwae_tf.types import SequenceSpec

SIZES = {"backbone": "speech", "length": 20, "channels": 8, "decoder": "dense"}
SPEC = SequenceSpec((200,), 20, "speech", normalization=(
    tuple(np.linspace(-60, -20, 200).tolist()), tuple(np.linspace(5, 15, 200).tolist())))
X = np.random.default_rng(0).normal(-40, 10, (3, 20, 200)).astype(np.float32)


def build(spec=SPEC, **changes):
    keras.utils.set_random_seed(1)
    return models.build(tiny.config(**SIZES, **changes), spec)
