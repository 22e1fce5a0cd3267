"""Small stand-ins for the files of each dataset, so that its code is tested without the real ones."""

import numpy as np
import pytest
from PIL import Image

from rwae_tf.data.prepare.mug import writer
from rwae_tf.data.synthetic import voices
from rwae_tf.data.synthetic.cartoon_faces import recording


@pytest.fixture(scope="session")
def mnist_dir(tmp_path_factory):
    """A folder with an mnist.npz of 20 training and 12 test digits of noise."""
    folder = tmp_path_factory.mktemp("mnist")
    rng = np.random.default_rng(5)
    arrays = {}
    for split, count in (("train", 20), ("test", 12)):
        arrays[f"x_{split}"] = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        arrays[f"y_{split}"] = (np.arange(count) % 10).astype(np.uint8)
    np.savez(folder / "mnist.npz", **arrays)
    return folder


@pytest.fixture(scope="session")
def sheets_dir(tmp_path_factory):
    """A folder with 25 sheets of the right size: blocks of noise, opaque, empty and translucent."""
    folder = tmp_path_factory.mktemp("sheets")
    rng = np.random.default_rng(6)
    for layer in ("body", "bottomwear", "topwear", "hair", "shoes"):
        (folder / layer).mkdir()
        for variant in range(6) if layer != "shoes" else (1,):
            blocks = rng.integers(0, 256, (1344 // 16, 832 // 16, 4), dtype=np.uint8)
            blocks[..., 3] = rng.choice([0, 255, 83, 253], blocks.shape[:2], p=[0.48, 0.48, 0.02, 0.02])
            sheet = blocks.repeat(16, 0).repeat(16, 1)
            Image.fromarray(sheet).save(folder / layer / f"{variant}.png", compress_level=1)
    return folder


@pytest.fixture(scope="session")
def faces_dir(tmp_path_factory):
    """Cartoon faces in MUG's layout: 5 subjects, a take of 12 frames of each of 6 expressions."""
    folder = tmp_path_factory.mktemp("faces")
    recording.write(str(folder), 5, 1, 12, 32, seed=0)
    return folder


@pytest.fixture(scope="session")
def gifs_dir(tmp_path_factory):
    """A folder with 20 GIFs of noise, 6 frames each, in two sub-folders."""
    folder = tmp_path_factory.mktemp("gifs")
    rng = np.random.default_rng(7)
    for number in range(20):
        frames = [Image.fromarray(rng.choice(np.array([0, 90, 200], np.uint8), (72, 80, 3))) for _ in range(6)]
        below = folder / ("left", "right")[number % 2]
        below.mkdir(exist_ok=True)
        frames[0].save(below / f"{number}.gif", save_all=True, append_images=frames[1:], duration=40, loop=0)
    return folder


@pytest.fixture(scope="session")
def mug_dir(faces_dir, tmp_path_factory):
    """These faces, prepared; 6 of the 30 takes are for test."""
    folder = tmp_path_factory.mktemp("mug")
    writer.write(writer.plan(str(faces_dir), "none", stride=1), str(folder))
    return folder


@pytest.fixture(scope="session")
def speech_dirs(tmp_path_factory):
    """Folders of six synthetic speakers, two of them to test on, in the layout of each corpus of speech."""
    folder = tmp_path_factory.mktemp("speech")
    for layout in voices.LAYOUTS:
        voices.write_corpus(str(folder / layout), layout, speakers=6, utterances=2, vowels=4)
    return {layout: str(folder / layout) for layout in voices.LAYOUTS}


@pytest.fixture(scope="session")
def data_dirs(mnist_dir, mug_dir, sheets_dir, gifs_dir, speech_dirs):
    """Dataset name -> folder with its files, for every dataset."""
    return {"folder": str(gifs_dir), "moving_shapes": None, "mug": str(mug_dir), "sm_mnist": str(mnist_dir),
            "sprites": str(sheets_dir), **speech_dirs}
