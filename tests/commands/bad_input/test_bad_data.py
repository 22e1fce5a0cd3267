"""Broken, missing and changed data end a training with one line."""

import importlib
import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image
from spoil import CLIPS, TINY, truncate

from rwae_tf.data.datasets import moving_shapes, sprites


@pytest.fixture(scope="module")
def sheets(tmp_path_factory):
    """A folder of 25 empty sheets."""
    folder = tmp_path_factory.mktemp("sheets")
    size = (64 * sprites.SHEET_COLUMNS, 64 * sprites.SHEET_ROWS)
    for layer, variants in sprites.LAYERS.items():
        (folder / layer).mkdir()
        for variant in variants:
            Image.new("RGBA", size).save(folder / layer / f"{variant}.png")
    return folder


@pytest.mark.parametrize("sheet, damage, says", [
    ("body/2.png", os.remove, ["no such sheet", "github.com/YingzhenLi/Sprites"]),
    ("body/1.png", truncate, ["not a readable PNG", "github.com/YingzhenLi/Sprites"]),
    ("body/0.png", lambda path: Image.new("RGBA", (64, 64)).save(path), ["832x1344", "not 64x64"]),
    ("body/0.png", lambda path: path.write_text("a page that says 404"), ["not a readable PNG"]),
], ids=["missing", "truncated", "wrong size", "no PNG"])
def test_sheet(refused, workplace, sheets, sheet, damage, says):
    shutil.copytree(sheets, workplace / "data")
    damage(workplace / "data" / sheet)
    refused("train", "--dataset=sprites", "--data_dir=data", says=[f"data/{sheet}", *says])


@pytest.mark.parametrize("dataset, name", [("sprites", "body/0.png"), ("sm_mnist", "mnist.npz")])
def test_missing_data_folder(refused, dataset, name):
    refused("train", f"--dataset={dataset}", "--data_dir=absent", says=[f"absent/{name}", "https://"])


@pytest.mark.parametrize("dataset", ["sprites", "sm_mnist"])
def test_no_data_dir(refused, dataset):
    refused("train", f"--dataset={dataset}", says=[f"{dataset} needs data_dir", "https://"])


def mnist(**changes):
    """The arrays of a small mnist.npz."""
    arrays = {"x_train": np.zeros((8, 28, 28), np.uint8), "y_train": np.arange(8, dtype=np.uint8),
              "x_test": np.zeros((8, 28, 28), np.uint8), "y_test": np.arange(8, dtype=np.uint8)}
    return {name: array for name, array in {**arrays, **changes}.items() if array is not None}


@pytest.mark.parametrize("changes, says", [
    ({"x_train": None}, ["'x_train'", "keys must be"]),
    ({"x_train": np.full((8, 28, 28), np.nan, np.float32)}, ["x_train must be uint8", "float32"]),
    ({"x_train": np.zeros((8, 784), np.uint8)}, ["x_train must be uint8 [N, 28, 28]", "[8, 784]"]),
    ({"y_train": np.arange(5)}, ["y_train must be integers [8]", "[5]"]),
    ({"y_train": np.arange(8) + 5}, ["y_train must", "0 to 9", "5 to 12"]),
    ({"x_train": np.array([None] * 8)}, ["not a readable npz"]),
], ids=["missing key", "NaN in floats", "flat images", "short labels", "class 12", "pickled"])
def test_mnist_array(refused, workplace, changes, says):
    (workplace / "data").mkdir()
    np.savez(workplace / "data" / "mnist.npz", **mnist(**changes))
    refused("train", "--dataset=sm_mnist", "--data_dir=data", says=["data/mnist.npz", *says])


@pytest.mark.parametrize("damage", [truncate, b"a page that says 404", b""], ids=["truncated", "no npz", "empty"])
def test_mnist_file(refused, workplace, damage):
    (workplace / "data").mkdir()
    path = workplace / "data" / "mnist.npz"
    np.savez(path, **mnist())
    damage(path) if callable(damage) else path.write_bytes(damage)
    refused("train", "--dataset=sm_mnist", "--data_dir=data", says=["data/mnist.npz", "not a readable npz", "https://"])


# Data that changed since the run was made.

@pytest.mark.slow
@pytest.mark.parametrize("command, flags", [("train", TINY), ("evaluate", [])])
def test_data_that_changed_are_noticed(refused, run_dir, monkeypatch, command, flags):
    monkeypatch.setitem(moving_shapes.COUNTS, "train", CLIPS + 1)
    refused(command, *flags, f"--run_dir={run_dir}",
            says=["not the data that run was made with", f"{CLIPS} clips are {CLIPS + 1}", "--accept_changed_data"])


@pytest.mark.slow
def test_data_that_changed_are_accepted_and_recorded(run_dir, monkeypatch):
    from rwae_tf.training import loop

    monkeypatch.setitem(moving_shapes.COUNTS, "train", CLIPS + 1)
    monkeypatch.setattr(loop.Loop, "run", lambda self: 0)
    main = importlib.import_module("rwae_tf.train").main
    assert main(["train", *TINY, f"--run_dir={run_dir}", "--accept_changed_data"]) == 0
    assert main(["train", *TINY, f"--run_dir={run_dir}"]) == 0
    assert json.loads((run_dir / "data.json").read_text())["clips"] == CLIPS + 1
