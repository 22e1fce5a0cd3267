"""Speech as clips: segments, normalization, splits of speakers; and the synthetic speakers."""

import shutil

import make_speech as tool
import numpy as np
import pytest
from speech_folders import NOISE, load, speakers, write

from rwae_tf import data
from rwae_tf.data.speech import audio, spectra
from rwae_tf.data.synthetic import voices
from rwae_tf.errors import InputError

# Segments.

def test_segments_of_test_clips_follow_one_another(folder):
    clips = load(folder, "test", test_fraction=0.0)
    assert len(clips) == 20 and list(clips.utterances[:5]) == [0, 0, 1, 1, 2]  # 48 // 20 = 2 in each of ten
    expected = spectra.log_spectrum(audio.read(folder / "ann" / "1.wav"))
    x = clips.batch(np.array([2, 3]))["x"]
    np.testing.assert_array_equal(x.reshape(40, 200), expected[:40])


def test_training_segments_begin_elsewhere_in_every_epoch(folder):
    clips = load(folder, test_fraction=0.0)
    whole = spectra.log_spectrum(audio.read(folder / "ann" / "0.wav"))
    begins = set()
    for epoch in range(40):
        first, second = clips.batch(np.array([0, 1]), epoch)["x"]
        (begin,) = np.flatnonzero((whole == first[0]).all(1))
        np.testing.assert_array_equal(first, whole[begin:begin + 20])
        np.testing.assert_array_equal(second, whole[begin + 20:begin + 40])  # both of an utterance move together
        begins.add(begin)
    # 48 % 20 = 8: begins of 0 to 8. That 40 draws leave out more than three of nine has a chance below 1e-5.
    assert begins <= set(range(9)) and len(begins) > 5


def test_mel_preset(folder):
    clips = load(folder, "test", spectrum="mel")
    assert clips.spec.frame_shape == (80,)
    expected = spectra.log_mel(audio.read(folder / "cid" / "0.wav"))
    np.testing.assert_array_equal(clips.batch([0])["x"][0], expected[:20])


def test_recordings_are_cut_into_utterances(folder):
    write(folder, "ann/2.wav", 1.0)  # 98 frames
    clips = load(folder, "test", test_fraction=0.0, utterance_seconds=0.4)
    # 48 frames in utterances of 40: one, and 8 frames that are no segment; 98: two, and 18 frames.
    assert clips.utterances.max() + 1 == 10 + 2 and len(clips) == 2 * 12
    np.testing.assert_array_equal(np.bincount(clips.labels(np.arange(24))["speaker"]), [8, 4, 4, 4, 4])


def test_normalization_is_that_of_the_training_frames(folder):
    clips = load(folder)
    paths = [folder / speaker / f"{k}.wav" for speaker in ("ann", "bob", "dan", "eve") for k in range(2)]
    frames = np.concatenate([spectra.log_spectrum(audio.read(path)) for path in paths]).astype(np.float64)
    mean, deviation = clips.spec.normalization
    np.testing.assert_allclose(mean, frames.mean(0), rtol=1e-9)
    np.testing.assert_allclose(deviation, np.sqrt(((frames - frames.mean(0)) ** 2).mean(0)), rtol=1e-6)
    assert load(folder, "test").spec.normalization is None


def test_values_that_never_change_are_not_divided_by_zero(tmp_path):
    for speaker in ("ann", "bob"):
        (tmp_path / speaker).mkdir()
        audio.write_wav(str(tmp_path / speaker / "silence.wav"), np.zeros(8000))
    mean, deviation = load(tmp_path).spec.normalization
    assert set(mean) == {-400.0} and set(deviation) == {1.0}


def test_digital_silence_weighs_as_much_as_min_db_says(tmp_path):
    (tmp_path / "ann").mkdir()
    signal = np.concatenate([np.zeros(8000), NOISE[:8000]])  # 1 + (16000 - 400) // 160 = 98 frames, 48 all of zeros
    audio.write_wav(str(tmp_path / "ann" / "a.wav"), signal)
    whole = spectra.log_spectrum(audio.read(tmp_path / "ann" / "a.wav"))
    assert (whole[:48] == -400).all() and whole[50:].min() > -100
    kept, raised = (load(tmp_path, "test", test_fraction=0.0, min_db=lowest).batch(np.arange(4))["x"]
                    for lowest in (-400.0, -90.5))
    np.testing.assert_array_equal(kept.reshape(80, 200), whole[:80])
    np.testing.assert_array_equal(raised, np.where(kept < -90.5, np.float32(-90.5), kept))
    assert raised[:2].max() == -90.5
    mean, deviation = load(tmp_path, test_fraction=0.0, min_db=-90.5).spec.normalization
    np.testing.assert_allclose(mean, np.maximum(whole.astype(float), -90.5).mean(0), rtol=1e-6)
    assert max(deviation) < 60 < min(load(tmp_path, test_fraction=0.0).spec.normalization[1])


# Splits.

def test_every_fifth_speaker_is_tested(folder):
    # round(0.2 * 5) = 1 speaker, number (2 * 0 + 1) * 5 // 2 = 2.
    assert speakers(load(folder, "test")) == ["cid"] and speakers(load(folder)) == ["ann", "bob", "dan", "eve"]


def test_folders_train_and_test_are_the_splits(folder, tmp_path):
    for part, names in (("train", ("ann", "bob")), ("test", ("cid", "dan", "eve"))):
        for name in names:
            shutil.copytree(folder / name, tmp_path / "parted" / part / name)
    assert speakers(load(tmp_path / "parted", "test")) == ["cid", "dan", "eve"]
    assert speakers(load(tmp_path / "parted")) == ["ann", "bob"]


def test_speaker_lists(folder, tmp_path):
    (tmp_path / "train.txt").write_text("# those with an n\nANN\n\ndan  # loud\n")
    (tmp_path / "test.txt").write_text("eve\nann\n")
    assert speakers(load(folder, speaker_lists=str(tmp_path))) == ["ann", "dan"]
    assert speakers(load(folder, "test", speaker_lists=str(tmp_path))) == ["ann", "eve"]


def test_librispeech_knows_its_subsets_and_sexes(tmp_path):
    voices.write_corpus(str(tmp_path), "librispeech", speakers=4, utterances=1, vowels=3)
    (tmp_path / "LibriSpeech" / "SPEAKERS.TXT").write_text(
        ";ID|SEX\n" + "".join(f"{1000 + k} | {'FM'[k % 2]} | x | 1.0 | N\n" for k in range(4)))
    train, test = (data.load("librispeech", split, str(tmp_path)) for split in ("train", "test"))
    assert speakers(train) == ["1002", "1003"] and speakers(test) == ["1000", "1001"]
    labels = train.labels(np.arange(len(train)))
    assert {*zip(labels["speaker"].tolist(), labels["sex"].tolist(), strict=True)} == {(2, 0), (3, 1)}


def test_real_librispeech(shared_data):
    root = shared_data / "speech" / "LibriSpeech_mini"
    if not root.is_dir():
        pytest.skip(f"no {root}")
    clips = data.load("librispeech", "test", str(root), utterance_seconds=2)
    assert len(clips.spec.factors["speaker"]) == 251 and len(speakers(clips)) == 50  # round(251 / 5)
    assert set(clips.spec.factors) == {"speaker", "sex"}


# The synthetic speakers.

def test_synthetic_voices_have_their_pitch_and_formants():
    rng = np.random.default_rng(0)
    voice = voices.Voice(125.0, np.ones(5), 1.0, 0.0)
    samples = voices.say(voice, np.full(6, 4), rng)  # the vowel of hod: 730, 1090 and 2440 Hz
    assert np.abs(samples).max() == pytest.approx(0.3)
    middle = samples[len(samples) // 2 - 2048:len(samples) // 2 + 2048]
    power = np.abs(np.fft.rfft(middle * np.hanning(4096)))
    hertz = np.fft.rfftfreq(4096, 1 / 16_000)
    first = hertz[(hertz > 60) & (hertz < 180)][power[(hertz > 60) & (hertz < 180)].argmax()]
    assert 95 < first < 150  # 125 Hz with a melody and a fall of 15 %
    assert 600 < hertz[power.argmax()] < 1250  # the strongest harmonic lies at the first or second formant
    quiet, loud = power[(hertz > 1700) & (hertz < 1900)].max(), power[(hertz > 2300) & (hertz < 2600)].max()
    assert loud > 1.5 * quiet  # the third formant stands above the valley before it


def test_synthetic_corpus_is_the_same_for_a_seed(tmp_path):
    for name in ("one", "two"):
        assert voices.write_corpus(str(tmp_path / name), "speakers", 4, 1, 2) == 4
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.wav"))
    assert len(files) == 4
    for path in files:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()


def test_tool_writes_a_corpus(tmp_path, capsys):
    arguments = f"--out_dir={tmp_path / 'd'} --layout=librispeech --speakers=4 --utterances=1 --vowels=3".split()
    assert tool.main(["make_speech.py", *arguments]) == 0
    assert "4 files of 4 speakers" in capsys.readouterr().out
    assert len(data.load("librispeech", "test", str(tmp_path / "d")).spec.factors["speaker"]) == 4


@pytest.mark.parametrize("arguments, says", [
    ([], "--out_dir is missing"),
    (["--out_dir=d", "--layout=vctk"], "--layout=vctk: expected one of timit, librispeech, speakers"),
    (["--out_dir=d", "--speakers=3"], "--speakers=3: expected an integer from 4 to 80"),
])
def test_what_the_tool_cannot_do(arguments, says):
    with pytest.raises(InputError, match=says):
        tool.main(["make_speech.py", *arguments])
