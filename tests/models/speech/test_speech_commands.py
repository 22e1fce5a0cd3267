"""The commands on a run of a model of speech."""

import importlib
import json

import numpy as np
import pytest
from PIL import Image
from speech_models import X

import rwae_tf
from rwae_tf import data, judge
from rwae_tf.data.speech import audio, spectra
from rwae_tf.errors import InputError
from rwae_tf.metrics import verification
from rwae_tf.models import voice_conversion


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
