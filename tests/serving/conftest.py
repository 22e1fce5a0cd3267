"""Two small models, one with actions, exported once for all tests of serving."""

import types

import numpy as np
import pytest


@pytest.fixture(scope="session", params=["plain", "actions"])
def exported(request, tmp_path_factory):
    """An exported model: `model`, `path` of the SavedModel, and `x`, clips [5, 20, 16, 16, C]."""
    from rwae_tf import config, models
    from rwae_tf.serving import saved_model
    from rwae_tf.types import SequenceSpec

    actions, channels = (0, 3) if request.param == "plain" else (4, 1)
    settings = config.Config(
        data=config.DataConfig(dataset="moving_shapes", size=16),
        model=config.ModelConfig(
            channels=4, feature_size=10, content_size=6, motion_size=3, hidden_size=8, action_size=actions))
    model = models.build(settings, SequenceSpec((16, 16, channels), 8))
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:  # at their initial values all outputs are nearly the same grey
        weight.assign(weight + random.normal(0, 0.3, weight.shape))
    budget = {"seconds": 60, "hardware": "2 cores"}
    path = saved_model.export(model, str(tmp_path_factory.mktemp("export")), budget)
    x = (random.integers(0, 256, (5, 20, 16, 16, channels)) / 255).astype(np.float32)
    return types.SimpleNamespace(model=model, path=path, x=x, actions=actions)
