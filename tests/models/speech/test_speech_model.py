"""A model of speech: it takes and gives decibels, and keeps their normalization in its run and its export."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
import tiny
from speech_models import SIZES, SPEC, X, build

import rwae_tf
from rwae_tf import data, models, reconstruction
from rwae_tf.errors import InputError
from rwae_tf.noise import BatchNoise
from rwae_tf.runs import run_dir
from rwae_tf.serving import model_card, saved_model, signatures
from rwae_tf.training import launch
from rwae_tf.types import Codes, SequenceSpec


def test_model_is_that_of_normalized_speech(model):
    """The same weights without normalization, between x less the means over the deviations, and back."""
    plain = build(SPEC._replace(normalization=None))
    mean, deviation = np.array(SPEC.normalization)
    x = (X - mean) / deviation
    codes, known = model.encode(X), plain.encode(x)
    np.testing.assert_allclose(codes.z_c, known.z_c, atol=1e-5)
    np.testing.assert_allclose(codes.z_m, known.z_m, atol=1e-5)
    decoded = np.asarray(plain.decode(codes)) * deviation + mean
    np.testing.assert_allclose(model.decode(codes), decoded, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(model.reconstruct(X), np.asarray(plain.reconstruct(x)) * deviation + mean, rtol=1e-5,
                               atol=1e-3)


def test_speech_to_be_varied_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    clips = [None] * 99
    monkeypatch.setattr(data, "from_config", lambda *args, **options: type("Speech", (list,), {"spec": SPEC})(clips))
    with pytest.raises(InputError, match="augment=mirror: only videos"):
        launch.train(tiny.config(**SIZES, augment=("mirror",)), str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_reconstruction_term_is_between_normalized_spectra(model):
    noise = BatchNoise(tf.constant([0, 0]), 3)
    terms = model.losses(tf.constant(X), noise, lambda rows: rows)
    q = model.posterior_of(tf.constant(X), noise, training=True)
    mean, deviation = np.array(SPEC.normalization)
    x_hat = (np.asarray(model.decode_codes(Codes(*q.codes))) - mean) / deviation
    expected = (((X - mean) / deviation - x_hat) ** 2).sum((1, 2)).mean()
    assert float(terms["reconstruction"]) == pytest.approx(expected, rel=1e-4)


def test_five_verbs(model):
    assert model.swap(content=X, motion=X[:, :7]).shape == (3, 7, 200)
    assert model.generate(num=2, length=33, seed=1).shape == (2, 33, 200)
    assert model.encode(X[:, :5], sample=True, seed=3).z_m.shape == (3, 5, 3)
    with pytest.raises(InputError, match=r"x: shape \[3, 20, 80\], expected \[batch, length, 200\]"):
        model.encode(X[..., :80])


@pytest.mark.parametrize("spec, changes, says", [
    (SPEC, {"backbone": "dcgan"}, "backbone=dcgan: frames of shape .200. are speech; take --backbone=speech"),
    (tiny.SPEC, {}, "backbone=speech: frames of shape .16, 16, 3. are pictures; take --backbone=dcgan"),
])
def test_backbone_of_another_modality(spec, changes, says):
    with pytest.raises(InputError, match=says):
        models.build(tiny.config(**{**SIZES, **changes}), spec)


def test_normalization_by_hand():
    spec = SequenceSpec((2,), 1, "speech", normalization=((1.0, 2.0), (2.0, 4.0)))
    np.testing.assert_array_equal(reconstruction.normalized(np.array([3.0, 0.0]), spec), [1.0, -0.5])
    np.testing.assert_array_equal(reconstruction.restored(np.array([1.0, -0.5]), spec), [3.0, 0.0])
    assert reconstruction.normalized(X, tiny.SPEC) is X


@pytest.mark.slow
@pytest.mark.exhaustive
def test_export_takes_and_gives_decibels(model, tmp_path):
    functions = signatures.signatures(model)
    assert list(functions) == ["encode", "decode", "reconstruct", "swap", "generate"]  # none of images
    assert list(signatures.inputs(functions["encode"])) == ["speech"]
    assert list(signatures.outputs(functions["generate"])) == ["speech"]
    loaded = tf.saved_model.load(saved_model.export(model, str(tmp_path))).signatures
    codes = model.encode(X)
    served = loaded["encode"](speech=tf.constant(X))
    np.testing.assert_allclose(served["z_c"], codes.z_c, atol=1e-5)
    np.testing.assert_allclose(loaded["decode"](z_c=codes.z_c, z_m=codes.z_m)["speech"], model.decode(codes), atol=1e-3)
    card = model_card.write(model, functions)
    assert "| `encode` | speech float32 [B, T, 200] | z_c float32 [B, 6]; z_m float32 [B, T, 3] |" in card
    assert "decibels" in card and "_bytes" not in card


@pytest.mark.slow
@pytest.mark.exhaustive
def test_training_lowers_the_cost_and_keeps_the_normalization(run):
    rows = run_dir.read_log(run_dir.metrics_path(str(run / "run")))
    first, last = (row["terms"]["reconstruction"] for row in (rows[0], rows[-1]))
    # Of normalized spectra the mean frame costs 20 * 200 = 4000.
    assert 3500 < first < 4500 and last < 0.9 * first
    clips = data.load("speakers", "train", str(run / "data"))
    loaded = rwae_tf.load(str(run / "run"))
    assert loaded.spec == clips.spec and loaded.spec.normalization is not None
    x = clips.batch(np.arange(len(clips)))["x"]
    mean, deviation = np.array(loaded.spec.normalization)
    costs = {name: np.square((np.asarray(x_hat) - x) / deviation).sum((1, 2)).mean() for name, x_hat in (
        ("model", loaded.reconstruct(x)), ("mean", mean))}
    assert costs["model"] < 0.9 * costs["mean"] and 3500 < costs["mean"] < 4500


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("normalization", [[[0.0]], [[0.0] * 200, [1.0] * 3], "none", [["a"] * 200, ["b"] * 200]])
def test_damaged_normalization_is_refused(run, tmp_path, normalization):
    shutil.copytree(run / "run", tmp_path / "run")
    spec = json.loads((tmp_path / "run" / "spec.json").read_text())
    (tmp_path / "run" / "spec.json").write_text(json.dumps({**spec, "normalization": normalization}))
    with pytest.raises(InputError, match="spec.json: not the description of a dataset"):
        rwae_tf.load(str(tmp_path / "run"))


@pytest.mark.slow
@pytest.mark.exhaustive
def test_refused_backbone_leaves_no_run(run, tmp_path):
    config = tiny.config(**{**SIZES, "dataset": "speakers", "backbone": "dcgan"}, data_dir=str(run / "data"))
    with pytest.raises(InputError, match="--backbone=speech"):
        launch.train(config, str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()
