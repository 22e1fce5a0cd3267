"""Keras's own layers and the faster ones: the same weights, the same numbers, checkpoints of either for both."""

import pathlib
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

import rwae_tf
from rwae_tf import backbones, models
from rwae_tf.layers.policy import Policy
from rwae_tf.runs import run_dir
from rwae_tf.runs.checkpoints import Checkpoints, Counters
from rwae_tf.training.trainer import Trainer

RATE = 1e-3
MODELS = {
    "rwae": {"action_size": 3, "joint_update": True, "inference_steps": 1},
    "ds_vae": {"model": "ds_vae", "motion_posterior": "full", "learning_rate": RATE, "decoder": "dense"},
}


@pytest.fixture(params=MODELS)
def pair(request):
    """The trainers of a model on the fast and on the plain layers."""
    made = []
    for kernels in ("fast", "plain"):
        keras.backend.clear_session()
        config = tiny.config(kernels=kernels, **MODELS[request.param])
        made.append(Trainer(run_dir.build(config, tiny.SPEC), tf.distribute.get_strategy()))
        made[-1].follow_schedules(0)
    return made


def verbs(model):
    codes = model.encode(tiny.sequences())
    return [*(code for code in codes if code is not None), model.decode(codes), model.generate(num=2, length=3, seed=1)]


@pytest.mark.slow
@pytest.mark.exhaustive
def test_weights_verbs_and_steps_agree_and_checkpoints_change_hands(pair, tmp_path):
    fast, plain = pair
    assert [v.path for v in fast.model.variables] == [v.path for v in plain.model.variables]
    for a, b in zip(fast.model.variables, plain.model.variables, strict=True):
        np.testing.assert_array_equal(a.value, b.value, err_msg=a.path)
    for a, b in zip(verbs(fast.model), verbs(plain.model), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-6)  # float32's rounding of sums of some hundred numbers of about 1
    for number in range(2):
        terms = [made.step(made.phases[0], tf.constant(tiny.sequences()), number) for made in pair]
        for name, term in terms[0].items():
            np.testing.assert_allclose(term, terms[1][name], rtol=1e-4, atol=1e-5, err_msg=name)
    for a, b in zip(fast.model.trainable_variables, plain.model.trainable_variables, strict=True):
        # Adam's first steps are as long as the learning rate whatever the gradient, so that where it is 0 but for
        # rounding they may differ as a whole; the mean over a weight does not.
        assert np.abs(a.value - b.value).mean() <= 0.02 * RATE, a.path

    for source, target in (pair, pair[::-1]):
        folder = str(tmp_path / source.config.training.kernels)
        Checkpoints(folder, source.model, source.optimizers, Counters()).save()
        assert Checkpoints(folder, target.model, target.optimizers, Counters()).restore()
        for a, b in zip(verbs(source.model), verbs(target.model), strict=True):
            np.testing.assert_allclose(a, b, atol=2e-6)


@pytest.mark.parametrize("backbone", [pytest.param("biggan", marks=pytest.mark.slow), "text_filter", "ds_vae256"])
def test_backbones_agree_in_training_and_outside(backbone):
    config = tiny.config(backbone=backbone, channels=1, size=64 if backbone == "ds_vae256" else 16)
    shape = (config.data.size, config.data.size, 3)
    rng = np.random.default_rng(0)
    given = [rng.normal(size=(3, *size)).astype(np.float32) for size in (shape, (config.model.feature_size,))]
    fast, plain = (backbones.build(Policy(name), config.model, shape) for name in ("fast", "plain"))
    for one, other, x in zip(fast, plain, given, strict=True):
        one(x)
        other(x)
        other.set_weights(one.get_weights())
        for training in (False, True):
            np.testing.assert_allclose(one(x, training=training), other(x, training=training), rtol=1e-4, atol=1e-5)
        for a, b in zip(one.non_trainable_variables, other.non_trainable_variables, strict=True):
            np.testing.assert_allclose(a.value, b.value, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kernels", ["fast", "plain"])
def test_the_configuration_says_the_policy(kernels):
    model = models.build(tiny.config(kernels=kernels), tiny.SPEC)
    assert model.policy == Policy(kernels, "float32")
    expected = "rwae_tf.kernels.conv" if kernels == "fast" else "rwae_tf.layers.plain"
    assert type(model.frame_encoder.parts[0]).__module__ == expected


@pytest.mark.slow
@pytest.mark.exhaustive
def test_without_the_folder_of_kernels_a_plain_model_trains(tmp_path):
    package = pathlib.Path(rwae_tf.__file__).parent
    shutil.copytree(package, tmp_path / "rwae_tf", ignore=shutil.ignore_patterns("kernels", "__pycache__"))
    shutil.copy(tiny.__file__, tmp_path)
    script = """
import sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "__editable__" not in repr(finder)]  # finds the whole package
import tensorflow as tf, tiny
from rwae_tf import models
from rwae_tf.training.trainer import Trainer
small = dict(joint_update=True, inference_steps=1, decoder="dense", content_encoder="mean", length=2)
made = Trainer(models.build(tiny.config(kernels="plain", **small), tiny.SPEC), tf.distribute.get_strategy())
made.follow_schedules(0)
assert float(made.step(made.phases[0], tf.constant(tiny.sequences(length=2)), 0)["objective"]) > 0
try:
    models.build(tiny.config(**small), tiny.SPEC)
except ValueError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)},
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "kernels=fast: this package has no rwae_tf.kernels; give kernels=plain\n"
