"""Users' own videos: labels of sub-folders, tables and arrays."""

import re
import unicodedata
import zipfile

import films
import numpy as np
import pytest
from own_videos import every_clip, faces, load
from PIL import Image

from rwae_tf.errors import InputError


def read(clips):
    """Label names of every clip by its grey level."""
    found = clips.labels(np.arange(len(clips)))
    levels = every_clip(clips)[:, 0, 0, 0, 0].tolist()
    return {level: tuple(clips.spec.factors[name][label[i]] for name, label in found.items())
            for i, level in enumerate(levels)}


def test_levels_of_sub_folders_are_labels(tmp_path):
    faces(tmp_path)
    train, test = (load(tmp_path, split, length=1) for split in ("train", "test"))
    people = tuple(f"p{k}" for k in range(5))
    assert train.spec == test.spec
    assert train.spec.factors == {"folder_1": people, "folder_2": ("glad", "sad")}
    assert train.spec.static == ("folder_1", "folder_2")
    found = {**read(train), **read(test)}
    assert len(found) == 30
    for level, labels in found.items():
        assert labels == (f"p{level // 10}", ("glad", "sad")[level % 10 // 3])
    named = load(tmp_path, length=1, label_names="who, mood", motion_labels="mood")
    assert list(named.spec.factors) == ["who", "mood"] and named.spec.static == ("who",)
    with pytest.raises(InputError, match="label_names='who': 1 names for 2 levels.*p0 ..., glad ..."):
        load(tmp_path, label_names="who")
    with pytest.raises(InputError, match="motion_labels='moods': no label 'moods'; the labels are folder_1, folder_2"):
        load(tmp_path, motion_labels="moods")


def test_what_does_not_repeat_is_no_label(tmp_path):
    for number in range(4):  # every video in a folder of its own, and one deeper
        films.write_gif(tmp_path / f"person {number}" / "film.gif", films.noise(1, 2, seed=number)[0])
    assert load(tmp_path, length=2).spec.factors == {}
    films.write_gif(tmp_path / "person 1" / "more" / "film.gif", films.noise(1, 2, seed=9)[0])
    assert load(tmp_path, length=2).spec.factors == {}


def table(folder, text, encoding="utf-8"):
    (folder / "labels.csv").write_bytes(text.encode(encoding))


@pytest.mark.parametrize("mark, encoding", [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-8")])
def test_labels_of_a_table(tmp_path, mark, encoding):
    names = ["Zoë läuft", "b/walk 10", "b/walk 2", "c"]
    for number, name in enumerate(names):
        films.write_gif(tmp_path / f"{name}.gif", np.full((1, 64, 64, 3), number, np.uint8))
    rows = [("file", "age", "kind", "Split"), ("c", "10", "cat", "train"),
            (unicodedata.normalize("NFD", names[0]) + ".gif", "9", "dog", "test"),  # as macOS writes it
            ("./b/walk 2.gif", "9", "cat", "validation"), ("b\\walk 10", "10", "cat", "TRAIN")]
    table(tmp_path, "\r\n".join(mark.join(row) for row in rows) + "\r\n\r\n", encoding)
    train, test = (load(tmp_path, split, length=1) for split in ("train", "test"))
    assert train.spec.factors == {"age": ("9", "10"), "kind": ("cat", "dog")}
    assert read(test) == {0: ("9", "dog")}
    assert read(train) == {1: ("10", "cat"), 2: ("9", "cat"), 3: ("10", "cat")}
    assert list(load(tmp_path, length=1, label_names="kind").spec.factors) == ["kind"]
    with pytest.raises(InputError, match="label_names='kind,sex'.*no label 'sex'; it has age, kind"):
        load(tmp_path, label_names="kind,sex")


def test_labels_of_an_array(tmp_path):
    x = np.arange(8, dtype=np.uint8)[:, None, None, None, None] + np.zeros((8, 2, 64, 64, 1), np.uint8)
    np.savez(tmp_path / "all.npz", x=x, kind=np.array(["a", "b"] * 4), number=np.arange(8) // 4)
    train, test = (load(tmp_path / "all.npz", split, length=2) for split in ("train", "test"))
    found = {**read(train), **read(test)}
    assert found == {level: ("ab"[level % 2], str(level // 4)) for level in range(8)}
    assert train.spec.frame_shape == (64, 64, 3)


def test_arrays_called_train_and_test_decide(tmp_path):
    for name, level in (("train", 0), ("test", 100)):
        np.savez(tmp_path / f"{name}.npz", x=level + np.zeros((3, 2, 64, 64, 1), np.uint8), kind=np.arange(3) % 2)
    for split, level in (("train", 0), ("test", 100)):
        clips = load(tmp_path, split, length=2)
        assert len(clips) == 3 and (every_clip(clips) == level).all()
        assert clips.labels(np.arange(3))["kind"].tolist() == [0, 1, 0]


def test_faces_as_a_strangers_folder(shared_data, tmp_path):
    """Three of the subjects, 2 takes of 6 expressions each, 20 frames of 64x64."""
    path = shared_data / "faces" / "ict_mug64.zip"
    if not path.is_file():
        pytest.skip(f"no faces: {path} is missing")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path, [name for name in archive.namelist() if re.match("subjects3/00[1-3]/", name)])
    train, test = (load(tmp_path, split, label_names="who,mood", motion_labels="mood") for split in ("train", "test"))
    # 36 videos, a fifth of them, 7, for the test; 20 // 8 = 2 clips each.
    assert len(train) == 58 and len(test) == 14
    moods = ("anger", "disgust", "fear", "happiness", "sadness", "surprise")
    assert train.spec.factors == {"who": ("001", "002", "003"), "mood": moods} and train.spec.static == ("who",)
    labels = test.labels(np.arange(14))
    for number in range(0, 14, 2):  # the first clip of a test video begins with its first frame
        who, mood = train.spec.factors["who"][labels["who"][number]], moods[labels["mood"][number]]
        takes = [tmp_path / "subjects3" / who / mood / f"take00{k}" / "img_0000.jpg" for k in range(2)]
        assert any(np.array_equal(np.asarray(Image.open(take)), test.frames([number])[0, 0]) for take in takes)
