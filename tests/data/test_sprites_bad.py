"""Sheets and published arrays of Sprites that are broken or missing."""

import shutil

import numpy as np
import pytest
from PIL import Image
from sprite_sheets import CELLS

from rwae_tf import data
from rwae_tf.data.datasets import sprites
from rwae_tf.errors import InputError


@pytest.mark.parametrize("damage, words", [
    (lambda path: path.write_bytes(b""), "not a readable npy"),
    (lambda path: path.write_bytes(b"a page that says 404"), "not a readable npy"),
    (lambda path: path.write_bytes(path.read_bytes()[:100_000]), "not a readable npy"),
    (lambda path: np.save(path, np.zeros((2, 8, 64, 64, 3), np.uint8)), "must be float .2, 8, 64, 64, 3., not uint8"),
    (lambda path: np.save(path, np.array([{}] * 3), allow_pickle=True), "not a readable npy"),
    (lambda path: path.unlink(), "no such file"),
])
def test_a_broken_published_array_is_refused_in_one_line(tmp_path, monkeypatch, damage, words):
    monkeypatch.setattr(sprites, "split_characters", lambda: {"test": np.array([5, 8])})
    for action in CELLS:
        stem = f"{tmp_path}/{action.replace('spellcast', 'spellcard')}"
        np.save(f"{stem}_frames_test.npy", np.zeros((2, 8, 64, 64, 3), np.float32))
        worn = np.stack(sprites.attributes(np.array([5, 8])), -1)
        np.save(f"{stem}_attributes_test.npy", np.eye(6, dtype=np.float32)[worn][:, None].repeat(8, 1))
    assert len(data.load("sprites", "test", str(tmp_path))) == 18
    path = tmp_path / "spellcard_left_frames_test.npy"
    damage(path)
    with pytest.raises(InputError, match=words) as caught:
        data.load("sprites", "test", str(tmp_path))
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


@pytest.mark.parametrize("damage, words", [
    (lambda path: path.unlink(), "no such sheet.*Li & Mandt"),
    (lambda path: path.write_bytes(path.read_bytes()[:3000]), "not a readable PNG"),
    (lambda path: path.write_bytes(b"GIF89a, or so it says"), "not a readable PNG"),
    (lambda path: Image.new("RGBA", (832, 1280)).save(path), "832x1344.*832x1280"),
])
def test_a_bad_sheet_is_refused_in_one_line(sheets_dir, tmp_path, damage, words):
    shutil.copytree(sheets_dir, tmp_path / "sheets")
    path = tmp_path / "sheets" / "topwear" / "4.png"
    damage(path)
    with pytest.raises(InputError, match=words) as caught:
        data.load("sprites", data_dir=str(tmp_path / "sheets"))
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_missing_folder_names_the_first_sheet(tmp_path):
    with pytest.raises(InputError, match="nowhere/body/0.png: no such sheet"):
        data.load("sprites", data_dir=str(tmp_path / "nowhere"))
