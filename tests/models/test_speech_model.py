"""A model of speech: it takes and gives decibels, and keeps their normalization in its run and its export."""

import importlib
import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny
from PIL import Image

import rwae_tf
from rwae_tf import data, judge, models, reconstruction
from rwae_tf.data.speech import audio, spectra
from rwae_tf.data.synthetic import voices
from rwae_tf.errors import InputError
from rwae_tf.metrics import verification
from rwae_tf.models import voice_conversion
from rwae_tf.noise import BatchNoise
from rwae_tf.runs import run_dir
from rwae_tf.serving import model_card, saved_model, signatures
from rwae_tf.training import launch
from rwae_tf.types import Codes, SequenceSpec

SIZES = {"backbone": "speech", "length": 20, "channels": 8, "decoder": "dense"}
SPEC = SequenceSpec((200,), 20, "speech", normalization=(
    tuple(np.linspace(-60, -20, 200).tolist()), tuple(np.linspace(5, 15, 200).tolist())))
X = np.random.default_rng(0).normal(-40, 10, (3, 20, 200)).astype(np.float32)


def build(spec=SPEC, **changes):
    keras.utils.set_random_seed(1)
    return models.build(tiny.config(**SIZES, **changes), spec)


@pytest.fixture(scope="module")
def model():
    return build()


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


# The commands.

def command(name, run, *arguments):
    module = importlib.import_module(f"rwae_tf.{name}")
    assert module.main([name, f"--run_dir={run / 'run'}", *arguments]) == 0


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Few iterations of Griffin and Lim's algorithm, which has tests of its own."""
    monkeypatch.setattr(spectra.griffin_lim, "__defaults__", (2, 0.99, 0))
    monkeypatch.setattr(spectra.to_audio, "__defaults__", (2,))


def seconds_of(clips, frames):
    """Duration of clips with a quarter of a second after each."""
    return clips * (((frames - 1) * 160 + 400) / 16_000 + 0.25)


@pytest.mark.parametrize("mode, arguments, shape, clips, frames", [
    # Pictures are 200 high, 3 apart; a frame is round(200 / (2.5 T)) pixels wide, at least 1: 4 for 20 frames.
    ("reconstruct", ["--num=2"], (2 * 203 - 3, 2 * 103 - 3), 4, 100),
    ("swap", ["--num=3", "--length=20"], (4 * 203 - 3, 4 * 83 - 3), 6, 20),
    ("generate", ["--num=2", "--length=60"], (2 * 203 - 3, 60), 2, 60),
])
@pytest.mark.slow
@pytest.mark.exhaustive
def test_generate_writes_spectrograms_and_sound(run, tmp_path, capsys, mode, arguments, shape, clips, frames):
    command("generate", run, f"--mode={mode}", *arguments, f"--out={tmp_path / mode}.png")
    printed = capsys.readouterr().out
    assert f"{mode}.png (" in printed and f"{mode}.wav (" in printed
    assert Image.open(tmp_path / f"{mode}.png").size[::-1] == shape
    samples = audio.read(tmp_path / f"{mode}.wav")
    assert len(samples) / 16_000 == pytest.approx(seconds_of(clips, frames)) and samples.std() > 1e-4


@pytest.mark.slow
@pytest.mark.exhaustive
def test_swap_says_what_one_clip_says_with_the_voice_of_another(run):
    loaded = rwae_tf.load(str(run / "run"))
    voice, said = X[:2].repeat(2, 1)[:, :40], np.concatenate([X[1:], X[:2]], 1)
    found = voice_conversion.convert_voice(loaded, voice, said)
    for n in range(2):
        of_voice, of_said = (np.mean([loaded.encode(clip[n:n + 1, k:k + 20]).z_c for k in (0, 20)], 0)
                             for clip in (voice, said))
        for k in (0, 20):
            codes = loaded.encode(said[n:n + 1, k:k + 20])
            expected = np.asarray(loaded.decode(codes._replace(z_c=codes.z_c + of_voice - of_said)))[0]
            np.testing.assert_allclose(found[n, k:k + 20], expected, rtol=0, atol=1e-3)


def test_own_voice_and_segments_alone_are_reconstructed_and_swapped(model):
    long = np.concatenate([X, X[::-1]], 1)
    expected = np.concatenate([model.reconstruct(X), np.asarray(model.reconstruct(X))[::-1]], 1)
    np.testing.assert_allclose(voice_conversion.convert_voice(model, long, long), expected, rtol=0, atol=1e-3)
    swapped = model.swap(content=X, motion=X[::-1].copy())
    np.testing.assert_allclose(voice_conversion.convert_voice(model, X, X[::-1]), swapped, rtol=0, atol=1e-3)


@pytest.mark.parametrize("arguments, says", [
    (["--mode=swap", "--length=30"], "--length=30: speech is taken apart into segments; give a multiple of 20 frames"),
    (["--mode=swap", "--length=2000"], "--length=2000: the longest utterance has"),
    (["--mode=reconstruct", "--num=9"], "--num=9: the test split has 4 utterances of 100 frames"),
    (["--num=1", "--length=20", "--out=a.gif"], "a.gif: speech is written as a .png, with a .wav beside it"),
])
@pytest.mark.slow
@pytest.mark.exhaustive
def test_what_generate_cannot_do(run, arguments, says, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=says):
        command("generate", run, *arguments)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.exhaustive
def test_evaluate_measures_equal_error_rates(run, capsys):
    command("evaluate", run)
    printed = capsys.readouterr().out
    folder = run / "run" / "evaluation"
    found = json.loads((folder / "metrics.json").read_text())
    test, model = data.load("speakers", "test", str(run / "data")), rwae_tf.load(str(run / "run"))
    # Two speakers of two utterances each: 4 * 3 / 2 = 6 trials, 2 of them by one speaker.
    counts = {"utterances": 4, "speakers": 2, "trials": 6, "same_speaker": 2, "speakers_trained_on": 0}
    assert {name: found["eer"][name] for name in counts} == counts
    codes = model.encode(test.batch(np.arange(len(test)))["x"])
    means = [[np.asarray(values)[test.utterances == u].mean(0) for u in range(4)]
             for values in (codes.z_c, np.asarray(codes.z_m).mean(1))]
    for name, rows in zip(("content", "motion"), means, strict=True):
        scores = [rows[a] @ rows[b] / np.linalg.norm(rows[a]) / np.linalg.norm(rows[b])
                  for a in range(4) for b in range(a + 1, 4)]
        expected = verification.equal_error_rate(np.array(scores), np.array([1, 0, 0, 0, 0, 1], bool))
        assert found["eer"][name] == pytest.approx(expected, abs=1e-6)
    # Between spectra normalized by the training frames, whose mean over the segments is near 0.
    train, (mean, deviation) = data.load("speakers", "train", str(run / "data")), np.array(model.spec.normalization)
    normal, known = ((clips.batch(np.arange(len(clips)))["x"] - mean) / deviation for clips in (test, train))
    expected = ((normal - known.mean((0, 1))) ** 2).sum((1, 2)).mean()
    assert found["baselines"]["mean_image"] == pytest.approx(expected, rel=1e-4)
    x_hat = (np.asarray(model.decode(codes)) - mean) / deviation
    assert found["squared_error_per_sequence"] == pytest.approx(((normal - x_hat) ** 2).sum((1, 2)).mean(), rel=1e-4)
    for text in ("equal error rates over 6 trials", "of 2 speakers, 0 of whom", "z_c, to be low", "mean log spectrum"):
        assert text in printed
    assert "judge" not in printed
    page = (folder / "report.html").read_text()
    assert page.count("<audio controls") == 3 and "equal error rate of z_m" in page and "judge" not in page
    for name in ("reconstruct", "swap", "generate"):
        assert (folder / f"{name}.png").stat().st_size > 500 and (folder / f"{name}.wav").stat().st_size > 500


@pytest.mark.parametrize("name, arguments, says", [
    ("evaluate", ["--judge_dir=J"], "--judge_dir=J: a judge reads pictures; of speech, equal error rates"),
    ("evaluate", ["--inception_weights=W"], "--inception_weights=W: InceptionV3 sees pictures"),
])
@pytest.mark.slow
@pytest.mark.exhaustive
def test_what_speech_does_without(run, name, arguments, says):
    with pytest.raises(InputError, match=says):
        command(name, run, *arguments)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_no_judge_of_speech(run, tmp_path):
    with pytest.raises(InputError, match="--dataset=speakers: a judge reads pictures"):
        judge.main(["judge", "--dataset=speakers", f"--data_dir={run / 'data'}", f"--judge_dir={tmp_path / 'judge'}"])
    assert not (tmp_path / "judge").exists()
