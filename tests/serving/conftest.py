"""Small models, exported once for all tests of serving, in whichever process they run."""

import contextlib
import os
import types

import numpy as np
import pytest
import rest

MODELS = {  # name: actions, channels of a frame, how far weights are moved, options that differ
    "plain": (0, 3, 0.3, {}),
    "actions": (4, 1, 0.3, {}),
    "network_c": (4, 3, 0.1, {"backbone": "biggan", "feature_size": 12}),  # 0.3: its many blocks magnify rounding
}


@pytest.fixture(scope="session")
def export_once(tmp_path_factory):
    """`export_once(name, export)`: a folder that `export(folder)` fills in the first of the processes that asks."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def folder(name, export):
        if not (shared / name).exists():
            part = tmp_path_factory.mktemp(name)
            export(part)
            with contextlib.suppress(OSError):  # another process was faster
                part.rename(shared / name)
        return shared / name

    return folder


@pytest.fixture(scope="session", params=MODELS)
def exported(request, export_once):
    """An exported model: `model`, `path` of the SavedModel, and `x`, clips [5, 20, 16, 16, C]."""
    import keras

    from rwae_tf import config, models
    from rwae_tf.serving import saved_model
    from rwae_tf.types import SequenceSpec

    actions, channels, spread, options = MODELS[request.param]
    settings = config.Config(
        data=config.DataConfig(dataset="moving_shapes", size=16),
        model=config.ModelConfig(**{
            "channels": 4, "feature_size": 10, "content_size": 6, "motion_size": 3, "hidden_size": 8,
            "action_size": actions, **options}))
    keras.utils.set_random_seed(1)  # the same weights in every process
    model = models.build(settings, SequenceSpec((16, 16, channels), 8))
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:  # at their initial values all outputs are nearly the same grey
        weight.assign(weight + random.normal(0, spread, weight.shape))
    budget = {"seconds": 60, "hardware": "2 cores"}
    folder = export_once(f"export_{request.param}", lambda folder: saved_model.export(model, str(folder), budget))
    x = (random.integers(0, 256, (5, 20, 16, 16, channels)) / 255).astype(np.float32)
    return types.SimpleNamespace(model=model, path=str(folder / "1"), x=x, actions=actions)


@pytest.fixture(scope="session")
def tiny(export_once):
    """A tiny model, and the folder with its export."""
    model = rest.build_tiny()
    return model, export_once("export_tiny", lambda folder: rest.export_tiny(model, folder)) / "1"


@pytest.fixture(scope="session")
def plain(export_once):
    """The folder with the export of a tiny model without actions."""
    return export_once("export_tiny_plain", lambda folder: rest.export_tiny(rest.build_tiny(actions=0), folder)) / "1"
