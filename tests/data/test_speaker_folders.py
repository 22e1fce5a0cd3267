"""Folders of speech as corpora are downloaded and as people keep them: whose recordings, and which of them test."""

import numpy as np
import pytest

from rwae_tf import data
from rwae_tf.compat import ffmpeg
from rwae_tf.data.speech import audio, corpus, layout
from rwae_tf.errors import InputError

NOISE = np.random.default_rng(6).normal(0, 0.1, 16_000).clip(-1, 1)


def understood(paths, **options):
    """(path, speaker, part) of each recording of a list of paths; None for one in no speaker's folder."""
    folders = [tuple(path.split("/")[:-1]) for path in paths]
    taken = layout.find("D", folders, **options)
    found = [taken.recording(path, inside) for path, inside in zip(paths, folders, strict=True)]
    return [recording and (recording.speaker, recording.part) for recording in found]


# Paths below the data folder; the speaker and the part of each.
CORPORA = {
    "plain": {"ann/0.wav": ("ann", ""), "bob/0.wav": ("bob", "")},
    "deeper": {"ann/monday/0.wav": ("ann", ""), "bob/0.wav": ("bob", "")},
    "VCTK": {"wav48_silence_trimmed/p225/p225_001_mic1.flac": ("p225", ""),
             "wav48_silence_trimmed/s5/s5_001_mic1.flac": ("s5", "")},
    "VCTK, one level up": {"VCTK-Corpus-0.92/wav48_silence_trimmed/p225/1.flac": ("p225", ""),
                           "VCTK-Corpus-0.92/wav48_silence_trimmed/p226/1.flac": ("p226", "")},
    "VCTK, older": {"VCTK-Corpus/wav48/p225/p225_001.wav": ("p225", ""), "VCTK-Corpus/wav48/p226/1.wav": ("p226", "")},
    "VCTK at two rates": {"wav48/p225/1.wav": ("p225", ""), "wav16/p226/1.wav": ("p226", "")},
    "VoxCeleb 1": {"vox1_dev_wav/wav/id10001/1zcIwhmdeo4/00001.wav": ("id10001", "train"),
                   "vox1_test_wav/wav/id10270/5r0dWxy17C8/00001.wav": ("id10270", "test")},
    "VoxCeleb 1, test": {"wav/id10270/5r0dWxy17C8/00001.wav": ("id10270", ""),
                         "wav/id10271/x/00001.wav": ("id10271", "")},
    "VoxCeleb 2": {"dev/aac/id00012/21Uxsk56VDQ/00001.m4a": ("id00012", "train"),
                   "test/aac/id00017/01dfn2spqyE/00001.m4a": ("id00017", "test")},
    "VoxCeleb 2, one level up": {"vox2/dev/aac/id00012/x/00001.m4a": ("id00012", "train"),
                                 "vox2/test/aac/id00017/y/00001.m4a": ("id00017", "test")},
    "AISHELL": {"data_aishell/wav/train/S0002/BAC1.wav": ("s0002", "train"),
                "data_aishell/wav/dev/S0724/BAC1.wav": ("s0724", "validation"),
                "data_aishell/wav/test/S0764/BAC1.wav": ("s0764", "test")},
    "CN-Celeb": {"data/id00000/singing-01-001.flac": ("id00000", ""),
                 "data/id00001/drama-01-001.flac": ("id00001", "")},
    "LibriTTS": {"LibriTTS/train-clean-100/103/1241/a.wav": ("103", "train"),
                 "LibriTTS/dev-clean/84/121123/a.wav": ("84", "validation"),
                 "LibriTTS/test-clean/61/70968/a.wav": ("61", "test")},
    "ARCTIC": {"cmu_us_bdl_arctic/wav/arctic_a0001.wav": ("cmu_us_bdl_arctic", ""),
               "cmu_us_slt_arctic/wav/arctic_a0001.wav": ("cmu_us_slt_arctic", "")},
    "RAVDESS": {"Actor_01/03-01-01-01-01-01-01.wav": ("actor_01", ""), "Actor_02/03-01.wav": ("actor_02", "")},
    "emotions with splits below": {"0001/Angry/train/a.wav": ("0001", "train"),
                                   "0001/Angry/test/b.wav": ("0001", "test"),
                                   "0002/Sad/evaluation/c.wav": ("0002", "validation")},
    "Train, Val, Test": {"Train/ann/0.wav": ("ann", "train"), "Val/bob/0.wav": ("bob", "validation"),
                         "Test/cid/0.wav": ("cid", "test")},
    "TRAINING and TESTING": {"TRAINING/ann/0.wav": ("ann", "train"), "TESTING/cid/0.wav": ("cid", "test")},
    "train and val": {"train/ann/0.wav": ("ann", "train"), "val/bob/0.wav": ("bob", "test")},
    "train and eval": {"train/ann/0.wav": ("ann", "train"), "eval/bob/0.wav": ("bob", "test")},
    "dev and eval": {"dev/ann/0.wav": ("ann", "train"), "eval/bob/0.wav": ("bob", "test")},
    "sets with years": {"train2019/ann/0.wav": ("ann", "train"), "test2019/bob/0.wav": ("bob", "test")},
    "sets with dashes": {"my-train-set/ann/0.wav": ("ann", "train"), "my-test-set/bob/0.wav": ("bob", "test")},
    "one split alone": {"train/ann/0.wav": ("ann", ""), "train/bob/0.wav": ("bob", "")},
    "speakers in both": {"train/ann/0.wav": ("ann", "train"), "test/ann/0.wav": ("ann", "test")},
    "a file in no folder": {"ann/0.wav": ("ann", ""), "bob/0.wav": ("bob", ""), "hello.wav": None},
    "a file beside the splits' speakers": {"train/ann/0.wav": ("ann", "train"), "test/bob/0.wav": ("bob", "test"),
                                           "test/0.wav": None},
    "several kinds of folders": {"audio/ann/0.wav": ("ann", ""), "mp3/bob/0.mp3": ("bob", "")},
    "kinds below": {"ann/wav/0.wav": ("ann", ""), "bob/flac/0.flac": ("bob", "")},
}


@pytest.mark.parametrize("expected", CORPORA.values(), ids=CORPORA)
def test_speakers_and_parts(expected):
    assert understood(list(expected)) == list(expected.values())


@pytest.mark.parametrize("paths, says", [
    (["train/ann/0.wav", "test/bob/0.wav", "unused/cid/0.wav"],
     "others do not .test: 1, train: 1, unused: 1.*--speaker_lists"),
    (["ann/0.wav", "bob/0.wav", "test/cid/0.wav"], "others do not .ann: 1, bob: 1, test: 1"),
    (["x_train/ann/0.wav", "x_test/bob/0.wav", "x/cid/0.wav"], "others do not .x: 1, x_test: 1, x_train: 1"),
    (["eval/ann/0.wav", "test/bob/0.wav"], "folders eval, test are splits without one to train on"),
])
def test_unclear_splits_are_refused(paths, says):
    with pytest.raises(InputError, match=f"D: .*{says}") as caught:
        understood(paths)
    assert "\n" not in str(caught.value)


def test_lists_of_speakers_settle_unclear_splits():
    assert [name for name, _ in understood(["ann/0.wav", "test/0.wav"], lists="L")] == ["ann", "test"]


def write(root, *paths):
    """Different noise, 0.3 s of it, in each of the files."""
    for number, path in enumerate(paths):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        audio.write_wav(str(root / path), NOISE[500 * number:500 * number + 4800])


def load(root, split="train", **options):
    return data.load("speakers", split, str(root), **options)


def speakers(clips):
    return sorted({clips.spec.factors["speaker"][k] for k in clips.labels(np.arange(len(clips)))["speaker"]})


def test_the_level_is_printed_with_three_examples(tmp_path, capsys):
    write(tmp_path, *(f"wav48/p{k}/{n}.wav" for k in range(225, 230) for n in range(2)))
    assert speakers(load(tmp_path)) == ["p225", "p226", "p228", "p229"] and speakers(load(tmp_path, "test")) == ["p227"]
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"{tmp_path}: 5 speakers, a folder each, such as wav48/p225, wav48/p226, wav48/p227",
                     f"{tmp_path}: split=train: speakers: 4, recordings: 8",
                     f"{tmp_path}: split=test: speakers: 1, recordings: 2"]


def test_splits_are_printed(tmp_path, capsys):
    write(tmp_path, "Train/ann/0.wav", "Val/bob/0.wav", "Test/cid/0.wav")
    found = [speakers(load(tmp_path, split, validation_fraction=0.1)) for split in ("train", "validation", "test")]
    assert found == [["ann"], ["bob"], ["cid"]]
    assert "by folders, Test is test, Train is train, Val is validation" in capsys.readouterr().err


def test_a_speaker_in_both_splits_is_tested_on_other_recordings(tmp_path):
    write(tmp_path, *(f"{part}/{name}/{part}.wav" for part in ("train", "test") for name in ("ann", "bob")))
    train, test = load(tmp_path), load(tmp_path, "test")
    assert speakers(train) == speakers(test) == ["ann", "bob"] and len(train) == len(test) == 2
    rows = {tuple(clip[0, :5].tolist()) for clips in (train, test) for clip in clips.batch(np.arange(2))["x"]}
    assert len(rows) == 4


def test_names_that_are_the_same_in_both_splits(tmp_path):
    write(tmp_path, "train/ann/0.wav", "train/bob/0.wav", "test/ann/0.wav", "test/bob/0.wav")
    assert len(load(tmp_path)) == len(load(tmp_path, "test")) == 2


CLUTTER = ("ann/._0.wav", "__MACOSX/ann/._0.wav", "__MACOSX/eve/0.wav", "ann/@eaDir/0.wav/x.mp3",
           ".Trash-1000/dan/0.wav",
           "$RECYCLE.BIN/dan/0.wav", "bob/.hidden.wav", "#recycle/dan/0.wav", "System Volume Information/x/0.wav")


def test_what_systems_leave_is_passed_over(tmp_path, capsys):
    write(tmp_path, "ann/0.wav", "bob/0.wav")
    for name in CLUTTER:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X        ")
    assert load(tmp_path).spec.factors["speaker"] == ("ann", "bob")
    assert "2 speakers, a folder each, such as ann, bob\n" in capsys.readouterr().err


def test_speakers_without_sound_are_named(tmp_path, capsys):
    write(tmp_path, "ann/0.wav", "bob/0.wav")
    for name in ("cid/0.mp4", "dan/0.pcm", "eve/notes.txt", "fay/x/a.tar.gz", "ann/talk.mkv", "README"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    load(tmp_path)
    text = capsys.readouterr().err
    assert ("4 folders beside those of speakers without sound that is read (cid/0.mp4, dan/0.pcm, eve/notes.txt, ...); "
            "1 .gz files are not read (a.tar.gz); 1 .mkv files are not read (talk.mkv); 1 .mp4 files are not read "
            "(0.mp4); 1 .pcm files are not read (0.pcm)") in text


def test_transcripts_beside_the_recordings_are_no_speakers(tmp_path, capsys):
    write(tmp_path, "wav48/p225/0.wav", "wav48/p226/0.wav")
    for name in ("txt/p225/0.txt", "txt/p315/0.txt", "speaker-info.txt", "wav48/p225/0.lab"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("hello")
    load(tmp_path)
    assert "without sound" not in capsys.readouterr().err


def test_files_outside_and_twins_are_counted(tmp_path, capsys):
    write(tmp_path, "ann/0.wav", "ann/0.flac.wav", "bob/0.wav", "alone.wav")
    load(tmp_path)
    text = capsys.readouterr().err
    assert "1 files lie in no speaker's folder and are left out (alone.wav)" in text
    assert "1 files have the name of another one beside them and are left out (0.wav)" in text


def test_nothing_in_folders_of_speakers(tmp_path):
    write(tmp_path, "a.wav", "b.wav")
    with pytest.raises(InputError, match="no speech in it.*2 files lie in no speaker's folder .*a.wav, b"):
        load(tmp_path)


@pytest.mark.parametrize("suffix", ["mp3", "m4a", "ogg", "aiff", "opus", "wma", "caf", "au", "flac", "aac",
                                    "wv", "mka"])
def test_speakers_of_another_form_alone_are_read(tmp_path, suffix):
    write(tmp_path, "ann/0.wav", "bob/0.wav")
    path = tmp_path / "cid" / f"0.{suffix}"
    path.parent.mkdir()
    ffmpeg.convert(path, [*ffmpeg.source(tmp_path / "ann" / "0.wav"), str(path), "-f", "null"])
    assert "cid" in speakers(load(tmp_path, test_fraction=0.0))


def test_other_corpora_count_what_is_no_part_of_them(tmp_path, capsys):
    write(tmp_path, "dr1-fvmh0/sx26.wav", "dr1-mabc0/sx27.wav", "dr1-mabc0/sa1.wav", "other/hello.wav")
    data.load("timit", "train", str(tmp_path))
    assert f"{tmp_path}: 2 files are no part of it (sa1.wav, hello.wav)" in capsys.readouterr().err


def test_the_recordings_of_a_split_without_a_test_part():
    recordings = [corpus.Recording(f"{name}{part}", name, part, part) for name in "abcde"
                  for part in ("train", "validation")]
    assert [r.path for r in corpus.of_split("test", recordings, 0.2, 0.0)] == ["ctrain"]
    assert [r.path for r in corpus.of_split("validation", recordings, 0.2, 0.1)] == [f"{k}validation" for k in "abcde"]
