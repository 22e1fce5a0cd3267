"""Moving-Shape in its published form, written here by NumPy and Pillow alone."""

import numpy as np
import pytest
from PIL import Image

from rwae_tf import data
from rwae_tf.errors import InputError

ROWS = {f"{number:05d}": (number % 3, number % 2, number % 5, number % 3, number % 8) for number in range(9, 21)}


def clip(name, side=64, length=16):
    """Frames that tell their clip by the grey level and their number by a white bar."""
    frames = np.full((length, side, side, 3), int(name), np.uint8)
    for t in range(length):
        frames[t, :, t] = 255
    return frames


def write(folder, rows, **shape):
    for below in ("videos", "labels", "text_annotations"):
        (folder / below).mkdir(parents=True)
    for name, row in rows.items():
        Image.fromarray(np.vstack(clip(name, **shape))).save(folder / "videos" / f"{name}.png")
        (folder / "labels" / f"{name}.txt").write_text(",".join(map(str, row)))
        (folder / "text_annotations" / f"{name}.txt").write_text("a red circle is moving in a zigzag path towards east")


@pytest.fixture
def published(tmp_path):
    """shapes/train and shapes/test."""
    names = list(ROWS)
    write(tmp_path / "train", {name: ROWS[name] for name in names[:8]})
    write(tmp_path / "test", {name: ROWS[name] for name in names[8:]})
    return tmp_path


def load(folder, split="train", **options):
    return data.load("moving_shapes", split, folder, **options)


def test_frames_and_labels_are_those_of_the_files(published):
    names = list(ROWS)
    for split, expected in (("train", names[:8]), ("test", names[8:])):
        clips = load(published, split)
        assert clips.spec.length == 16 and len(clips) == len(expected)
        assert clips.spec.static == ("shape", "size", "colour")
        frames, labels = clips.frames(np.arange(len(clips)), 3), clips.labels(np.arange(len(clips)))
        for k, name in enumerate(expected):
            np.testing.assert_array_equal(frames[k], clip(name))
            found = [int(labels[factor][k]) for factor in ("shape", "size", "colour", "motion", "heading")]
            assert tuple(found) == ROWS[name]
        # 9 to 20 show every class of all factors but heading 0: classes count from 0 whatever there is.
        assert [len(classes) for classes in clips.spec.factors.values()] == [3, 2, 5, 3, 8]
        assert clips.spec.factors["heading"] == tuple("01234567")


def test_other_sizes_and_lengths(tmp_path):
    write(tmp_path / "train", ROWS, side=32)
    clips = load(tmp_path, length=5)
    assert clips.batch([0])["x"].shape == (1, 5, 64, 64, 3)
    starts = {int(clips.frames(np.array([0]), epoch)[0, 0, 0, :, 0].argmax()) // 2 for epoch in range(40)}
    assert len(starts) > 5  # of the 12 windows of 5 in 16 frames
    with pytest.raises(InputError, match="00009.png: 16 frames, fewer than the 17 that a clip of --length=17 spans"):
        load(tmp_path, length=17)


@pytest.mark.parametrize("below", [".", "train"])
def test_one_folder_alone_is_split(tmp_path, below):
    write(tmp_path / below, ROWS)
    made = {split: load(tmp_path, split, validation_fraction=0.2) for split in data.SPLITS}
    levels = {split: set(clips.frames(np.arange(len(clips)))[:, 0, 0, 63, 0].tolist()) for split, clips in made.items()}
    # Of 12 a fifth, 2, for the test, a fifth of the 10 left, 2, for validation.
    assert [len(levels[split]) for split in data.SPLITS] == [8, 2, 2]
    assert set.union(*levels.values()) == set(range(9, 21))


BROKEN = {
    "labels missing": ("labels/00010.txt", None, "No such file or directory; every video has its labels"),
    "labels empty": ("labels/00010.txt", b"", "must hold 5 integers of 0 to 99 with commas between, not ''"),
    "four labels": ("labels/00010.txt", b"1,0,2,1", "must hold 5 integers of 0 to 99"),
    "six labels": ("labels/00010.txt", b"1,0,2,1,3,3", "must hold 5 integers of 0 to 99"),
    "words": ("labels/00010.txt", b"circle,small,red,straight,east", "must hold 5 integers of 0 to 99"),
    "negative": ("labels/00010.txt", b"1,0,-2,1,3", "must hold 5 integers of 0 to 99"),
    "huge": ("labels/00010.txt", b"1,0,2000000000,1,3", "must hold 5 integers of 0 to 99"),
    "binary": ("labels/00010.txt", b"\xff\xfe\x00", "must hold 5 integers"),
    "picture empty": ("videos/00010.png", b"", "an empty file"),
    "no picture": ("videos/00010.png", b"a page that says 404", "not a readable PNG or JPEG"),
    "picture cut short": ("videos/00010.png", 0.5, "not a readable PNG or JPEG"),
    "not whole squares": ("videos/00010.png", (64, 1000), "64x1000 pixels are no square frames, top to bottom"),
    "side by side": ("videos/00010.png", (1024, 64), "1024x64 pixels are no square frames"),
}


@pytest.mark.parametrize("name, content, says", BROKEN.values(), ids=BROKEN)
def test_broken_file(published, name, content, says, capsys):
    path = published / "train" / name
    if content is None:
        path.unlink()
    elif isinstance(content, tuple):
        Image.new("RGB", content).save(path)
    else:
        path.write_bytes(path.read_bytes()[:500] if isinstance(content, float) else content)
    with pytest.raises(InputError) as caught:
        load(published)
    line = str(caught.value)
    assert line.startswith(f"{path}: ") and says in line and "--skip_invalid" in line and "\n" not in line
    assert len(load(published, skip_invalid=True)) == 7 and len(load(published, "test", skip_invalid=True)) == 4
    (said,) = [line for line in capsys.readouterr().err.splitlines() if "left out" in line]
    assert said.startswith(f"{published}: 1 left out as bad: {path}: ") and says in said


def test_folder_of_other_things(tmp_path):
    with pytest.raises(InputError, match="videos: No such file or directory; data_dir is for Moving-Shape.*left out"):
        load(tmp_path)
    (tmp_path / "videos").mkdir()
    with pytest.raises(InputError, match="videos: holds no .png"):
        load(tmp_path)
    Image.new("RGB", (64, 64)).save(tmp_path / "videos" / "a.png")
    with pytest.raises(InputError, match="a.txt: No such file or directory; every video has its labels"):
        load(tmp_path)
    with pytest.raises(InputError, match="no clip with labels; .*1 left out as bad: .*a.txt"):
        load(tmp_path, skip_invalid=True)
