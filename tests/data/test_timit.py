"""TIMIT in the layouts in which it goes round, its published splits, and the real sample."""

import os
import shutil
import wave

import numpy as np
import pytest

from rwae_tf import data
from rwae_tf.data.datasets import timit
from rwae_tf.data.speech import audio
from rwae_tf.errors import InputError


def sentences(root):
    """(part, dialect, speaker, sentence, path) of every file that the synthetic corpus has, as on the disc."""
    for folder, _, names in os.walk(root):
        for name in names:
            part, dialect, speaker = folder.split(os.sep)[-3:]
            yield part, dialect, speaker, name, os.path.join(folder, name)


def lay_out(files, root, place):
    for part, dialect, speaker, name, path in files:
        for target in place(part, dialect, speaker, name):
            target = root / target
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.name.endswith(".wav") and target.name[:-4].endswith(".WAV"):
                audio.write_wav(str(target), audio.read(path) * 32768 / 32767)  # the RIFF twin
            else:
                shutil.copy(path, target)
    return root


LAYOUTS = {
    "disc, upper case": lambda p, d, s, n: [f"TIMIT/{p}/{d}/{s}/{n}"],
    "lower case": lambda p, d, s, n: [f"timit/{p}/{d}/{s}/{n}".lower()],
    "RIFF beside SPHERE": lambda p, d, s, n: [f"data/{p}/{d}/{s}/{n}", f"data/{p}/{d}/{s}/{n}.wav"],
    "RIFF instead": lambda p, d, s, n: [f"data/{p}/{d}/{s}/{n}.wav"],
    "one folder for all": lambda p, d, s, n: [f"timit/{d}-{s}/{n}".lower()],
    "mixed case": lambda p, d, s, n: [f"Timit/{p.capitalize()}/{d.lower()}/{s}/{n.lower()[:-3]}WAV"],
}


@pytest.fixture(scope="module")
def disc(speech_dirs):
    return sorted(sentences(speech_dirs["timit"]))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_hold_the_same_utterances(tmp_path, disc, speech_dirs, layout):
    root = lay_out(disc, tmp_path / "näher am Ohr", LAYOUTS[layout])
    for split in data.SPLITS:
        clips, known = (
            data.load("timit", split, str(folder), validation_fraction=0.1) for folder in (root, speech_dirs["timit"])
        )
        assert clips.spec == known.spec
        found, expected = (one.batch(np.arange(len(one))) for one in (clips, known))
        np.testing.assert_array_equal(found["x"], expected["x"])  # of the twins as well
        for factor in known.spec.factors:
            np.testing.assert_array_equal(found["labels"][factor], expected["labels"][factor])


def test_what_the_fixture_holds(speech_dirs):
    """6 speakers, 2 of the core test set, 2 of the development set; 2 sentences each beside SA1 and SA2."""
    split = {name: data.load("timit", name, speech_dirs["timit"], validation_fraction=0.1) for name in data.SPLITS}
    speakers = {name: {clips.spec.factors["speaker"][k] for k in clips.labels(np.arange(len(clips)))["speaker"]}
                for name, clips in split.items()}
    assert speakers == {"test": {"felc0", "mdab0"}, "validation": {"fdac1", "mjar0"}, "train": {"fzae0", "mzaf0"}}
    assert {name: clips.utterances.max() + 1 for name, clips in split.items()} == dict.fromkeys(data.SPLITS, 4)
    test = split["test"]
    labels = test.labels(np.arange(len(test)))
    for sex, speaker in zip(labels["sex"], labels["speaker"], strict=True):
        assert timit.SEXES[sex][0] == test.spec.factors["speaker"][speaker][0]
    assert set(labels["dialect"]) == {0, 1} and test.spec.static == ("speaker", "sex", "dialect")


def test_published_lists():
    assert len(set(timit.CORE_TEST)) == 24 and len(set(timit.DEVELOPMENT)) == 50
    assert not set(timit.CORE_TEST) & set(timit.DEVELOPMENT)
    # Of each dialect two men and a woman, in this order: testset.doc, table 1.
    assert [name[0] for name in timit.CORE_TEST] == ["m", "m", "f"] * 8


def test_other_speakers_of_the_test_part_are_not_trained_on(tmp_path, disc):
    def place(part, dialect, speaker, name):
        return [f"TEST/{dialect}/{'FADG1' if speaker.startswith('FZ') else speaker}/{name}"
                if speaker.startswith("FZ") else f"{part}/{dialect}/{speaker}/{name}"]

    clips = data.load("timit", "train", str(lay_out(disc, tmp_path, place)))
    assert {clips.spec.factors["speaker"][k] for k in clips.labels(np.arange(len(clips)))["speaker"]} == {"mzaf0"}


@pytest.mark.parametrize("share, train, test", [
    (0.0, {"fzae0", "mzaf0"}, {"fzae0", "mzaf0"}),
    (0.2, {"fzae0"}, {"mzaf0"}),  # at least one: number (2 * 0 + 1) * 2 // 2 = 1 of the two
])
def test_sample_without_test_speakers(tmp_path, disc, share, train, test):
    root = lay_out([row for row in disc if row[0] == "TRAIN"], tmp_path, LAYOUTS["disc, upper case"])
    for split, expected in (("train", train), ("test", test)):
        clips = data.load("timit", split, str(root), test_fraction=share)
        names = clips.spec.factors["speaker"]
        assert names == ("fzae0", "mzaf0")  # of the corpus: the same numbers in each split
        assert {names[k] for k in clips.labels(np.arange(len(clips)))["speaker"]} == expected


def test_folder_without_timit(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(InputError, match="no speech in it; the folder must have TIMIT's sentences.*LDC93S1"):
        data.load("timit", "train", str(tmp_path))


@pytest.fixture(scope="module")
def sample(shared_data):
    folder = shared_data / "speech" / "timit_sample"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    return data.load("timit", "test", str(folder), test_fraction=0.0)


def test_real_sample(sample):
    # 16 speakers, a man and a woman of each dialect, with 3 SI and 5 SX sentences each.
    assert sample.utterances.max() + 1 == 128 and len(sample.spec.factors["speaker"]) == 16
    first = {utterance: k for k, utterance in reversed(list(enumerate(sample.utterances)))}
    labels = sample.labels(np.array(sorted(first.values())))
    pairs = set(zip(labels["dialect"].tolist(), labels["sex"].tolist(), strict=True))
    assert len(pairs) == 16
    np.testing.assert_array_equal(np.bincount(labels["speaker"]), 8)


@pytest.mark.parametrize("layout", ["lower case", "RIFF beside SPHERE", "one folder for all", "mixed case"])
def test_real_sample_in_other_layouts(shared_data, sample, tmp_path, layout):
    """The sample lies as on the disc; here are links to its files under the names of other layouts."""
    for part, dialect, speaker, name, path in sentences(str(shared_data / "speech" / "timit_sample")):
        if not name.endswith(".WAV"):  # transcriptions
            continue
        for target in LAYOUTS[layout](part, dialect, speaker, name):
            (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / target).symlink_to(path)
    clips = data.load("timit", "test", str(tmp_path), test_fraction=0.0)
    assert clips.spec == sample.spec
    np.testing.assert_array_equal(clips.utterances, sample.utterances)
    found, expected = (one.batch(np.arange(len(one))) for one in (clips, sample))
    np.testing.assert_array_equal(found["x"], expected["x"])
    np.testing.assert_array_equal(found["labels"]["speaker"], expected["labels"]["speaker"])


def test_real_sphere_and_its_riff_twin_have_equal_spectra(shared_data, sample, tmp_path):
    path = shared_data / "speech" / "timit_sample" / "TIMIT" / "TRAIN" / "DR7" / "MADD0" / "SX88.WAV"
    for folder in ("sphere", "riff"):
        (tmp_path / folder / "madd0").mkdir(parents=True)
    shutil.copy(path, tmp_path / "sphere" / "madd0" / "sx88.wav")
    with wave.open(str(tmp_path / "riff" / "madd0" / "sx88.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(path.read_bytes()[1024:])
    sphere, riff = (
        data.load("timit", "test", str(tmp_path / folder), test_fraction=0.0) for folder in ("sphere", "riff")
    )
    assert len(sphere) == 16  # 52839 samples: 1 + (52839 - 400) // 160 = 328 frames
    np.testing.assert_array_equal(sphere.batch(np.arange(16))["x"], riff.batch(np.arange(16))["x"])
    assert sphere.batch([0])["x"].shape == (1, 20, 200)
