"""Every flagfile that ships can be read; those that cover all choices build their model and take a step."""

import dataclasses
import gc
import pathlib

import cost
import keras
import numpy as np
import pytest

from rwae_tf import config as config_lib
from rwae_tf.config import flags, presets, schedule

TOOLS = pathlib.Path(__file__).resolve().parents[1] / "tools"
FLAGFILES = sorted(TOOLS.rglob("*.flags"))


COMMON = {  # of the presets with the paper's settings
    "inference_steps": 5,
    "adam_beta_1": 0.5,
    "adam_beta_2": 0.9,
    "size": 64,
    "joint_update": False,
    "adaptive_inference_steps": False,
    "reuse_batch": False,
    "decoder": "lstm",
    "content_encoder": "bidirectional",
    "motion_input": "features",
    "motion_input_scale": 1.0,
    "motion_bandwidths": (1.0, 2.0, 4.0, 8.0, 16.0),
    "motion_kl_weight": 1.0,
    "content_kl_weight": 0.0,
    "mmd_cross_coefficient": 2.0,
    "action_size": 0,
}


def read(path, *overrides):
    return flags.configuration(f"--flagfile={path}", *overrides)


def _choices(path):
    """What of a configuration decides which code a step runs: choices, switches, which numbers are not 0.

    In pairs with the backbone where they concern the whole model.
    """
    config = read(path)
    found = {(name, value if isinstance(value, (str, bool)) else value != 0)
             for section in (config.model, config.objective, config.training)
             for name, value in dataclasses.asdict(section).items() if not isinstance(value, tuple)}
    whole = config.model.model, config.objective.content_divergence, config.model.action_size > 0
    return found | {(config.model.backbone, part) for part in whole}


def _covering(paths):
    """Few of the flagfiles that have between them every choice of all: time and again the one with most new ones."""
    left, chosen = {path: _choices(path) for path in paths}, []
    while new := max(left.values(), key=len, default=set()):
        chosen.append(next(path for path in paths if left.get(path) == new))
        left = {path: choices - new for path, choices in left.items() if choices - new}
    return sorted(chosen)


def _name(path):
    return path.relative_to(TOOLS).with_suffix("").as_posix()


@pytest.mark.parametrize("path", FLAGFILES, ids=_name)
def test_flagfile_can_be_read(path):
    data = read(path).data
    assert data.dataset != "mug" or data.frame_step == 2  # baselines see the frames that R-WAE sees


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("path", _covering(FLAGFILES), ids=_name)
def test_flagfile_takes_a_step(path):
    """Those that cover all choices, with narrow networks: tests of layers and of their tables hold the full sizes."""
    keras.backend.clear_session()
    narrow = ["--channels=8", "--decoder_channels=0"] if read(path).model.model != "fhvae" else []
    for terms in cost.steps(cost.build(read(path, *narrow))).values():
        assert np.isfinite(list(terms.values())).all(), terms
    gc.collect()  # a trainer holds itself in a circle: without this the largest models would be held together


@pytest.mark.parametrize("name", ["timit", "librispeech", "own/speakers"])
def test_speech_has_the_papers_sizes(name):
    sizes, paper = (dataclasses.asdict(read(presets.path(name)).model) for name in (name, "timit_paper"))
    ours = ("motion_input", "motion_initial_scale")
    assert {key: value for key, value in sizes.items() if key not in ours} == {
        key: value for key, value in paper.items() if key not in ours}


def falling(rate):
    """Half of a learning rate from epoch 50 on, a fifth of that from epoch 80 on."""
    return schedule.parse(f"50:{rate},50:{rate / 2},80:{rate / 2},80:{rate / 10:.12g}")


def test_paper_presets_hold_the_papers_settings():
    """Appendix G: networks, coefficients, learning rates, sizes, L, schedule and epochs.

    Of speech and of Moving-Shape most are not printed and those of Sprites.
    """
    mmd, gan = {"content_divergence": "scaled_mmd"}, {"content_divergence": "adversarial"}
    s, c = {"backbone": "ds_vae256"}, {"backbone": "biggan", "channels": 64, "decoder_channels": 0}
    video = {"content_size": 120, "motion_size": 12, "feature_size": 150, "batch_size": 60, "length": 8,
             "encoder_learning_rate": falling(1e-4), "critic_learning_rate": falling(1e-4), "epochs": 500,
             "test_length": 0}
    sprites = {**video, "content_weight": 10.0, "motion_weight": 60.0, "decoder_learning_rate": falling(3e-4),
               "reconstruction": "squared_error"}
    sm_mnist = {**video, "content_weight": 5.0, "motion_weight": 20.0, "decoder_learning_rate": falling(5e-4),
                "reconstruction": "bernoulli", "test_length": 10}
    mug = {**c, "decoder_channels": 96, "content_size": 150, "motion_size": 16, "feature_size": 180, "action_size": 6,
           "batch_size": 30, "length": 8, "test_length": 10, "frame_step": 2, "encoder_learning_rate": falling(2e-4),
           "critic_learning_rate": falling(2e-4), "decoder_learning_rate": falling(5e-4), "epochs": 800,
           "action_weight": 50.0, "action_input": "motion", "reconstruction": "squared_error"}
    shapes = {**sprites, **mmd, "length": 16, "channels": 32, "decoder_channels": 0}
    speech = {**sprites, **mmd, "content_size": 16, "motion_size": 16, "feature_size": 256, "hidden_size": 256,
              "channels": 256, "length": 20, "backbone": "speech"}
    own = {"sprites": {**sprites, **s, **mmd}, "sprites_gan": {**sprites, **s, **gan},
           "sprites_c": {**sprites, **c, **mmd}, "sprites_c_gan": {**sprites, **c, **gan},
           "sm_mnist": {**sm_mnist, **s, **mmd}, "sm_mnist_gan": {**sm_mnist, **s, **gan},
           "sm_mnist_c": {**sm_mnist, **c, **mmd}, "sm_mnist_c_gan": {**sm_mnist, **c, **gan},
           "mug": {**mug, **mmd, "content_weight": 10.0, "motion_weight": 50.0},
           "mug_gan": {**mug, **gan, "content_weight": 5.0, "motion_weight": 60.0},
           "moving_shapes_biggan": {**shapes, "backbone": "biggan"},
           "moving_shapes_text_filter": {**shapes, "backbone": "text_filter"},
           "timit_paper": speech}
    for name, settings in own.items():
        config = read(presets.path(name))
        found = {k: v for section in config_lib.SECTIONS
                 for k, v in dataclasses.asdict(getattr(config, section)).items()}
        wrong = {key: found[key] for key, value in {**COMMON, **settings}.items() if found[key] != value}
        assert not wrong, f"{name}: {wrong}"
