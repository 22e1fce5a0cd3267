"""Every flagfile that ships builds its model at full size and takes one step of each phase."""

import dataclasses
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from rwae_tf import config as config_lib
from rwae_tf import flags, models
from rwae_tf.training.trainer import Trainer
from rwae_tf.types import SequenceSpec

TOOLS = pathlib.Path(__file__).resolve().parents[1] / "tools"
FLAGFILES = sorted(TOOLS.glob("*.flags"))


def read(path, *overrides):
    values = flags.new()
    flags.define_config(values)
    flags.parse(values, ["train", f"--flagfile={path}", *overrides])
    return flags.to_config(values)


@pytest.mark.parametrize("path", FLAGFILES, ids=lambda path: path.stem)
def test_flagfile_takes_a_step(path):
    keras.backend.clear_session()
    config = read(path, "--batch_size=2", "--length=2")
    channels = 1 if config.data.dataset == "sm_mnist" else 3
    shape = (config.data.size, config.data.size, channels)
    spec = SequenceSpec(shape, 2)
    if config.model.backbone == "speech":
        shape = (200,)
        spec = SequenceSpec(shape, 2, "speech", normalization=((-40.0,) * 200, (10.0,) * 200))
    trainer = Trainer(models.build(config, spec), tf.distribute.get_strategy())
    trainer.begin_epoch(0)
    x = tf.constant(np.random.default_rng(0).random((2, 2, *shape), np.float32))
    for number, phase in enumerate(trainer.phases):
        terms = trainer.step(phase, x, number)
        assert all(np.isfinite(float(value)) for value in terms.values()), terms


def test_paper_presets_hold_the_papers_settings():
    """Appendix G: coefficients, learning rates, code sizes, L, schedule and epochs; of speech, those of Sprites."""
    common = {"content_size": 120, "motion_size": 12, "feature_size": 150, "inference_steps": 5, "batch_size": 60,
              "encoder_learning_rate": 1e-4, "critic_learning_rate": 1e-4, "decay_epochs": (50.0, 80.0),
              "decay_factors": (0.5, 0.2), "adam_beta_1": 0.5, "adam_beta_2": 0.9, "epochs": 500, "size": 64,
              "length": 8, "fused": False, "decoder": "lstm", "content_divergence": "scaled_mmd",
              "motion_bandwidths": (1.0, 2.0, 4.0, 8.0, 16.0), "motion_kl_weight": 1.0}
    speech = {"content_size": 16, "motion_size": 16, "feature_size": 256, "hidden_size": 256, "channels": 256,
              "length": 20, "content_weight": 10.0, "motion_weight": 60.0, "decoder_learning_rate": 3e-4,
              "reconstruction": "squared_error", "backbone": "speech"}
    own = {"sprites": {"content_weight": 10.0, "motion_weight": 60.0, "decoder_learning_rate": 3e-4,
                       "reconstruction": "squared_error"},
           "sm_mnist": {"content_weight": 5.0, "motion_weight": 20.0, "decoder_learning_rate": 5e-4,
                        "reconstruction": "bernoulli"},
           "timit": speech, "librispeech": speech}
    for name, settings in own.items():
        config = read(TOOLS / f"{name}.flags")
        found = {k: v for section in config_lib.SECTIONS
                 for k, v in dataclasses.asdict(getattr(config, section)).items()}
        for key, value in {**common, **settings}.items():
            assert found[key] == value, f"{name}: {key}"
