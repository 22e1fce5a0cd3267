"""Sprites: frames, labels and splits, from the sheets and from the published arrays."""

import hashlib

import numpy as np
import pytest
from sprite_sheets import CELLS, pillow_clip

from rwae_tf import data
from rwae_tf.data.datasets import sprites
from rwae_tf.errors import InputError


@pytest.fixture(scope="module")
def clips(sheets_dir):
    return data.load("sprites", "test", str(sheets_dir))


def test_frames_are_pillows_composition(clips, sheets_dir):
    assert clips.spec.length == 8 and clips.spec.frame_shape == (64, 64, 3)
    assert clips.spec.factors["action"] == tuple(CELLS)
    assert clips.spec.static == ("body", "bottom", "top", "hair")
    indices = np.arange(0, len(clips), 190)  # 15 clips
    frames, labels = clips.frames(indices), clips.labels(indices)
    assert set(labels["action"]) == set(range(9))
    for b in range(len(indices)):
        action, *worn = (int(labels[f][b]) for f in ("action", "body", "bottom", "top", "hair"))
        np.testing.assert_array_equal(frames[b], pillow_clip(sheets_dir, list(CELLS)[action], *worn))


def numbers(clips):
    """The number of the character in every clip."""
    labels = clips.labels(np.arange(len(clips)))
    return 216 * labels["body"] + 36 * labels["bottom"] + 6 * labels["top"] + labels["hair"]


@pytest.mark.parametrize("split, characters, validation_fraction", [
    ("train", 1000, 0.0), ("test", 296, 0.0), ("train", 900, 0.1), ("validation", 100, 0.1)])
def test_each_character_shows_each_action_once(split, characters, validation_fraction, sheets_dir):
    clips = data.load("sprites", split, str(sheets_dir), validation_fraction=validation_fraction)
    assert len(clips) == 9 * characters
    number, action = numbers(clips), clips.labels(np.arange(len(clips)))["action"]
    assert len(set(zip(number.tolist(), action.tolist(), strict=True))) == 9 * characters
    runs = number.reshape(9, characters)  # each run of clips holds every character once, in the same order
    assert len(set(runs[0].tolist())) == characters and (runs == runs[0]).all()
    assert (np.diff(action.reshape(9, characters)) % 9 == 1).all()  # neighbours in different actions


@pytest.mark.slow
def test_validation_characters_are_training_characters_kept_from_training(sheets_dir):
    published = sprites.split_characters()
    train, validation = (
        data.load("sprites", split, str(sheets_dir), validation_fraction=0.1) for split in data.SPLITS[:2]
    )
    assert not set(numbers(train)) & set(numbers(validation))
    assert set(numbers(train)) | set(numbers(validation)) == set(published["train"])
    order = numbers(data.load("sprites", "train", str(sheets_dir)))
    np.testing.assert_array_equal(order[:1000], published["train"])  # all of them, as published, where none is kept
    other = data.load("sprites", "validation", str(sheets_dir), validation_fraction=0.1, seed=5)
    np.testing.assert_array_equal(numbers(other), numbers(validation))  # whatever the seed of the run


def test_validation_frames_are_pillows_composition(sheets_dir):
    clips = data.load("sprites", "validation", str(sheets_dir), validation_fraction=0.01)  # 10 characters
    frames, labels = clips.frames(np.arange(0, 90, 13)), clips.labels(np.arange(0, 90, 13))
    for b in range(7):
        action, *worn = (int(labels[f][b]) for f in ("action", "body", "bottom", "top", "hair"))
        np.testing.assert_array_equal(frames[b], pillow_clip(sheets_dir, list(CELLS)[action], *worn))


def test_the_split_is_the_published_one():
    split = sprites.split_characters()
    assert split["train"][:5].tolist() == [1116, 1135, 17, 469, 1293]
    assert len(split["train"]) == 1000 and len(split["test"]) == 296
    assert sorted([*split["train"], *split["test"]]) == list(range(1296))


def test_shorter_clips_begin_and_longer_ones_repeat(clips, sheets_dir):
    index = np.array([0, 5, 600])
    whole = clips.frames(index)
    short = data.load("sprites", "test", str(sheets_dir), length=3).frames(index)
    np.testing.assert_array_equal(short, whole[:, :3])
    long = data.load("sprites", "test", str(sheets_dir), length=20).frames(index)
    np.testing.assert_array_equal(long, np.concatenate([whole, whole, whole[:, :4]], 1))


def test_the_published_arrays_give_the_same_clips(clips, sheets_dir, tmp_path, monkeypatch):
    few = {"train": np.array([5, 700, 1295]), "test": np.array([1116, 42])}
    monkeypatch.setattr(sprites, "split_characters", lambda: few)
    (tmp_path / "npy").mkdir()
    for action in CELLS:
        stem = f"{tmp_path}/npy/{action.replace('spellcast', 'spellcard')}"
        worn = np.stack(sprites.attributes(few["test"]), -1)
        frames = np.stack([pillow_clip(sheets_dir, action, *row) for row in worn])
        np.save(f"{stem}_frames_test.npy", (frames / 256).astype(np.float32))
        np.save(f"{stem}_attributes_test.npy", np.eye(6, dtype=np.float32)[worn][:, None].repeat(8, 1))
    arrays, sheets = (data.load("sprites", "test", str(d)) for d in (tmp_path, sheets_dir))
    assert len(arrays) == 18
    for ours, theirs in zip(arrays.batches(4), sheets.batches(4), strict=True):
        np.testing.assert_array_equal(ours["x"], theirs["x"])
    path = tmp_path / "npy" / "walk_front_frames_test.npy"
    good = np.load(path)
    for bad, words in ((good * np.nan, r"outside \[0, 1\)"), (good * 256, r"outside \[0, 1\)")):
        np.save(path, bad)
        with pytest.raises(InputError, match=f"walk_front_frames_test.npy.*{words}"):
            list(data.load("sprites", "test", str(tmp_path)).batches(4))
    np.save(path, good[:, :4])
    with pytest.raises(InputError, match=r"walk_front_frames_test.npy: must be float \[2, 8, 64, 64, 3\]"):
        data.load("sprites", "test", str(tmp_path))
    path.unlink()
    with pytest.raises(InputError, match="walk_front_frames_test.npy: no such file"):
        data.load("sprites", "test", str(tmp_path))
    few["test"] = few["test"][::-1]
    with pytest.raises(InputError, match="walk_front_attributes_test.npy.*characters"):
        data.load("sprites", "test", str(tmp_path))


def write_published(folder, split, sheets, shown):
    """The arrays that Li & Mandt's script saves, by its own loop; frames of the `shown` rows alone, zeros elsewhere.

    The files are sparse: what is not written takes no room on the disk.
    """
    np.random.seed(423)
    order = np.random.permutation(range(6**4))
    rows = {"train": order[:1000], "test": order[1000:]}[split]
    for action in ("walk", "spellcard", "slash"):
        for direction in ("front", "left", "right"):
            frames = np.lib.format.open_memmap(f"{folder}/{action}_{direction}_frames_{split}.npy", "w+", np.float32,
                                               (len(rows), 8, 64, 64, 3))
            labels = np.zeros((len(rows), 8, 4, 6), np.float32)
            for row, seed in enumerate(rows):
                body, seed = int(seed / 6**3), int(np.mod(seed, 6**3))
                bottom, seed = int(seed / 6**2), int(np.mod(seed, 6**2))
                worn = [body, bottom, int(seed / 6), int(np.mod(seed, 6))]
                for place, value in enumerate(worn):
                    labels[row, :, place, value] = 1
                if row in shown:
                    name = f"{action.replace('spellcard', 'spellcast')}_{direction}"
                    frames[row] = pillow_clip(sheets, name, *worn) / 256
            frames.flush()
            np.save(f"{folder}/{action}_{direction}_attributes_{split}.npy", labels)


@pytest.mark.parametrize("split, below, validation_fraction, shown", [
    ("test", "npy", 0.0, (0, 295)), ("train", ".", 0.2, (1, 999))])
def test_published_arrays_in_their_published_order(sheets_dir, tmp_path, split, below, validation_fraction, shown):
    (tmp_path / below).mkdir(exist_ok=True)
    write_published(tmp_path / below, split, sheets_dir, shown)
    parts = data.SPLITS[:2] if split == "train" else ("test",)
    published = sprites.split_characters()[split]
    seen = 0
    for part in parts:
        arrays, sheets = (
            data.load("sprites", part, str(d), validation_fraction=validation_fraction) for d in (tmp_path, sheets_dir)
        )
        assert len(arrays) == len(sheets) and arrays.spec == sheets.spec
        indices = np.flatnonzero(np.isin(numbers(arrays), published[list(shown)]))
        np.testing.assert_array_equal(arrays.frames(indices), sheets.frames(indices))
        seen += len(indices)
        others = np.setdiff1d(np.arange(len(arrays)), indices)[:9]
        assert not arrays.frames(others).any()
    assert seen == 9 * len(shown)  # every shown character in every action
    assert sum(f.stat().st_blocks for f in tmp_path.rglob("*.npy")) * 512 < 10e6 * len(shown)


def test_sheets_are_read_where_the_npy_folder_is_empty(sheets_dir, tmp_path):
    for layer in sheets_dir.iterdir():
        (tmp_path / layer.name).symlink_to(layer)
    (tmp_path / "npy").mkdir()
    index = np.arange(3)
    found, expected = (data.load("sprites", "test", str(d)).frames(index) for d in (tmp_path, sheets_dir))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.slow
def test_golden_checksum_of_all_characters(shared_data):
    folder = shared_data / "sprites_lpc"
    if not (folder / "body" / "0.png").is_file():
        pytest.skip(f"no sheets: {folder}/body/0.png is missing")
    sheets, digest = sprites.Sheets(str(folder)), hashlib.sha256()
    for character in range(1296):  # uint8 (1296, 9, 8, 64, 64, 3) in C order
        digest.update(sheets.clips(np.arange(9), np.full(9, character)).tobytes())
    assert digest.hexdigest() == "9a90d76e1172c33b1a9e318a299657cecb9d9d19ddfd0d085e800b796a07a9f3"
