"""A small model of speech, and a run of one."""

import pytest
import tiny
from speech_models import SIZES, build

from rwae_tf.data.synthetic import voices
from rwae_tf.training import launch


@pytest.fixture(scope="module")
def model():
    return build()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of a few passes over four synthetic speakers; its folder and that of the data."""
    folder = tmp_path_factory.mktemp("speech")
    voices.write_corpus(str(folder / "data"), "speakers", 4, 2, 10)
    config = tiny.config(**{**SIZES, "dataset": "speakers", "channels": 32, "hidden_size": 32, "feature_size": 32},
                         data_dir=str(folder / "data"), epochs=25, batch_size=8, log_every=8, inference_steps=1,
                         joint_update=True, encoder_learning_rate=1e-2, decoder_learning_rate=1e-2, motion_weight=1.0)
    assert launch.train(config, str(folder / "run")) == 0
    return folder
