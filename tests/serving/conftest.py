"""Three small models, exported once for all tests of serving."""

import types

import numpy as np
import pytest
import rest

MODELS = {  # name: actions, channels of a frame, how far weights are moved, options that differ
    "plain": (0, 3, 0.3, {}),
    "actions": (4, 1, 0.3, {}),
    "network_c": (4, 3, 0.1, {"backbone": "biggan", "feature_size": 12}),  # 0.3: its many blocks magnify rounding
}


@pytest.fixture(scope="session", params=MODELS)
def exported(request, tmp_path_factory):
    """An exported model: `model`, `path` of the SavedModel, and `x`, clips [5, 20, 16, 16, C]."""
    from rwae_tf import config, models
    from rwae_tf.serving import saved_model
    from rwae_tf.types import SequenceSpec

    actions, channels, spread, options = MODELS[request.param]
    settings = config.Config(
        data=config.DataConfig(dataset="moving_shapes", size=16),
        model=config.ModelConfig(**{
            "channels": 4, "feature_size": 10, "content_size": 6, "motion_size": 3, "hidden_size": 8,
            "action_size": actions, **options}))
    model = models.build(settings, SequenceSpec((16, 16, channels), 8))
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:  # at their initial values all outputs are nearly the same grey
        weight.assign(weight + random.normal(0, spread, weight.shape))
    budget = {"seconds": 60, "hardware": "2 cores"}
    path = saved_model.export(model, str(tmp_path_factory.mktemp("export")), budget)
    x = (random.integers(0, 256, (5, 20, 16, 16, channels)) / 255).astype(np.float32)
    return types.SimpleNamespace(model=model, path=path, x=x, actions=actions)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A tiny model, and the folder with its export."""
    folder = tmp_path_factory.mktemp("tiny")
    return rest.export_tiny(folder), folder / "1"


@pytest.fixture(scope="session")
def plain(tmp_path_factory):
    """The folder with the export of a tiny model without actions."""
    folder = tmp_path_factory.mktemp("plain")
    rest.export_tiny(folder, actions=0)
    return folder / "1"
