"""Arrays as people write them: what is read, and for the rest a line with the command that makes it so."""

import numpy as np
import pytest

from rwae_tf import data
from rwae_tf.errors import InputError

CLIPS = np.arange(6, dtype=np.uint8)[:, None, None, None, None] * 10 + np.zeros((6, 4, 16, 16, 3), np.uint8)


def levels(path, **options):
    found = []
    for split in ("train", "test"):
        clips = data.load("folder", split, path, length=4, **options)
        found.extend(clips.frames(np.arange(len(clips)))[:, 0, 0, 0, 0].tolist())
    return sorted(found)


READ = {
    "a.npz": lambda path: np.savez(path, CLIPS),
    "labels.npz": lambda path: np.savez(path, CLIPS, action=np.arange(6) % 2),
    "list.npz": lambda path: np.savez(path, list(CLIPS)),
    "clips.npz": lambda path: np.savez_compressed(path, *CLIPS),
    "a.npy": lambda path: np.save(path, CLIPS),
    "A.NPY": lambda path: path.write_bytes(_npy(CLIPS)),
    "fortran.npy": lambda path: np.save(path, np.asfortranarray(CLIPS)),
}


def _npy(array):
    import io

    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize("name, write", READ.items(), ids=READ)
def test_arrays_that_are_read(tmp_path, name, write):
    write(tmp_path / name)
    assert levels(tmp_path / name) == [0, 10, 20, 30, 40, 50] == levels(tmp_path)
    if name == "labels.npz":
        assert data.load("folder", "train", tmp_path, length=4).spec.factors == {"action": ("0", "1")}


def test_one_clip_to_a_file(tmp_path):
    for number, clip in enumerate(CLIPS):
        (tmp_path / "ab"[number % 2]).mkdir(exist_ok=True)
        np.save(tmp_path / "ab"[number % 2] / f"{number}.npy", clip)
    assert levels(tmp_path) == [0, 10, 20, 30, 40, 50]
    assert data.load("folder", "train", tmp_path, length=4).spec.factors == {"folder": ("a", "b")}


RAGGED = np.empty(2, object)
RAGGED[:] = [CLIPS[0], CLIPS[1, :2]]
REFUSED = {
    "Moving MNIST": ("npy", np.zeros((20, 30, 64, 64), np.uint8), "Moving MNIST has it, x=x.swapaxes.0, 1.*None"),
    "grey": ("npz", {"x": CLIPS[..., 0]}, r"of grey clips \[N, T, H, W\], write x=x\[..., None\]"),
    "one clip": ("npz", {"x": CLIPS[0]}, r"of one clip \[T, H, W, C\], write x=x\[None\]"),
    "channels first": ("npy", np.moveaxis(CLIPS, -1, 2), r"write x=np.moveaxis\(x, 2, -1\)"),
    "alpha": ("npz", {"x": np.zeros((3, 4, 8, 8, 4), np.uint8)}, r"with alpha, write x\[..., :3\]"),
    "floats of 0 to 1": ("npz", {"x": CLIPS / 255}, r"write np.round\(255 \* x\).* for values of 0 to 1"),
    "floats of 0 to 255": ("npy", CLIPS.astype(np.float32), r"x.round\(\).astype\(np.uint8\) for 0 to 255"),
    "integers": ("npz", {"x": CLIPS.astype(np.int64)}, r"write x.astype\(np.uint8\) for values of 0 to 255"),
    "booleans": ("npz", {"x": CLIPS > 10}, r"write np.uint8\(255\) \* x"),
    "ragged": ("npz", {"x": RAGGED}, r"pickled objects.*of different lengths, write np.savez\(path, \*clips\)"),
    "ragged alone": ("npy", RAGGED, r"pickled objects.*write np.savez\(path, \*clips\)"),
    "another name": ("npz", {"videos": CLIPS}, "if videos holds the clips, write it under the name x"),
    "two names": ("npz", {"x_train": CLIPS, "x_test": CLIPS}, "write x_train and x_test to files of their own"),
    "labels without a name": ("npz", {"arr_0": CLIPS, "arr_1": np.arange(6)}, "name the arrays, as np.savez.path, x="),
    "labels alone": ("npy", np.arange(6), r"int64 \[6\] are no clips"),
    "text": ("npy", b"0 1 2 3", "not a readable npy"),
    "nothing": ("npy", b"", "not a readable npy"),
}


@pytest.mark.parametrize("suffix, content, says", REFUSED.values(), ids=REFUSED)
def test_arrays_that_are_refused(tmp_path, suffix, content, says):
    path = tmp_path / f"a.{suffix}"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif suffix == "npy":
        np.save(path, content, allow_pickle=True)
    else:
        np.savez(path, **content)
    with pytest.raises(InputError, match=says) as caught:
        levels(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_the_advice_of_the_lines_makes_arrays_that_are_read(tmp_path):
    mnist = np.moveaxis(CLIPS[..., 0], 0, 1)  # [T, N, H, W]
    x, grey, floats = mnist, CLIPS[..., 0], CLIPS / 255
    for number, made in enumerate((x.swapaxes(0, 1)[..., None], grey[..., None],
                                   np.round(255 * floats).astype(np.uint8))):
        np.savez(tmp_path / f"{number}.npz", x=made)
        assert levels(tmp_path / f"{number}.npz") == [0, 10, 20, 30, 40, 50]


def test_an_npy_cut_short(tmp_path):
    np.save(tmp_path / "a.npy", CLIPS)
    (tmp_path / "a.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-5])
    with pytest.raises(InputError, match="a.npy: not a readable npy .the array declares"):
        levels(tmp_path / "a.npy")
