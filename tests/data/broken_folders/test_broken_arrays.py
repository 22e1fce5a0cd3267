"""Broken arrays of videos in a folder."""

import zipfile

import numpy as np
import pytest
from broken_videos import GOOD, assert_refused_or_left_out, cut, load

from rwae_tf.data.video import npz
from rwae_tf.errors import InputError


def archive(**changes):
    """Writes bad.npz with five sequences and labels, some of it changed or, with None, left out."""
    def write(folder, video):
        made = {"x": np.stack([video] * 5), "kind": np.arange(5), **changes}
        np.savez(folder / "bad.npz", **{key: value for key, value in made.items() if value is not None})
    return write


def declaring(shape):
    """Writes bad.npz of which the header of x declares a shape and nothing follows."""
    def write(folder, video):
        with zipfile.ZipFile(folder / "bad.npz", "w") as made, made.open("x.npy", "w") as file:
            np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return write


def half_an_archive(folder, video):
    archive()(folder, video)
    cut(folder / "bad.npz")


def flipped(folder, video, part):
    """Writes bad.npz with five sequences and one bit of them, or of the labels, turned over."""
    archive()(folder, video)
    whole = bytearray((folder / "bad.npz").read_bytes())
    whole[whole.index(part.tobytes())] ^= 1
    (folder / "bad.npz").write_bytes(whole)


BAD_ARRAYS = {
    "floats": (archive(x=np.zeros((5, 4, 64, 64, 3), np.float32)), ["x must be uint8 [N, T, H, W, C]", "float32"]),
    "no channels": (archive(x=np.zeros((5, 4, 64, 64), np.uint8)), ["x must be uint8 [N, T, H, W, C]"]),
    "channels first": (archive(x=np.zeros((5, 4, 3, 64, 64), np.uint8)), ["C = 1 or 3", "[5, 4, 3, 64, 64]"]),
    "no frames": (archive(x=np.zeros((5, 0, 64, 64, 3), np.uint8)), ["x must be", "[5, 0, 64, 64, 3]"]),
    "clip of another rank": (archive(x=None, arr_0=np.zeros((64, 64, 3), np.uint8)), ["arr_0 must be uint8 [T, H, W,"]),
    "nothing": (archive(x=None), ["has neither x nor arr_0", "np.savez(path, x=clips)"]),
    "pickled clips": (archive(x=np.array([None] * 5)), ["x holds pickled objects"]),
    "pickled labels": (archive(kind=np.array(["a", None, 1, 2, 3], object)), ["kind holds pickled objects"]),
    "labels of fewer": (archive(kind=np.arange(4)), ["kind must hold 5 integers or texts", "[4]"]),
    "labels that are floats": (archive(kind=np.linspace(0, 1, 5)), ["kind must hold 5 integers", "float64"]),
    "declares what is not there": (declaring((10**9, 100, 64, 64, 3)), ["declares [1000000000, 100, 64, 64, 3]"]),
    "half of it": (half_an_archive, ["not a readable npz"]),
}


@pytest.mark.parametrize("damage, says", BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_bad_array(folder, good, damage, says, capsys):
    assert_refused_or_left_out(folder, good, damage, ["bad.npz: ", *says], capsys)


@pytest.mark.parametrize("key", ["x", "kind"])
def test_array_with_a_wrong_checksum(tmp_path, good, key):
    flipped(tmp_path, good[0], good[0] if key == "x" else np.arange(5))
    with pytest.raises(InputError, match="bad.npz: not a readable npz .Bad CRC-32") as caught:
        load(tmp_path / "bad.npz")
    assert "\n" not in str(caught.value)


def test_clips_of_an_array_with_a_wrong_checksum_are_left_out(tmp_path, good, monkeypatch, capsys):
    flipped(tmp_path, good[0], good[0])
    np.savez(tmp_path / "good.npz", x=np.stack(good), kind=np.arange(5))
    calls, read = [], npz.clips
    monkeypatch.setattr(npz, "clips", lambda path: calls.append(path) or read(path))
    assert sum(len(load(tmp_path, split, skip_invalid=True)) for split in ("train", "test")) == GOOD
    assert ": 5 left out as bad: " in capsys.readouterr().err and len(calls) == 2  # each file read once


def test_array_larger_than_memory_is_not_read(folder, good, monkeypatch):
    archive()(folder, good[0])
    monkeypatch.setattr(npz, "memory", lambda: 400_000)  # x is 5 * 4 * 64 * 64 * 3 = 245,760 bytes
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("read"))
    with pytest.raises(InputError, match="bad.npz: declares 0.0 GiB, more than half of this machine's memory"):
        load(folder)
