import gzip
import hashlib
import struct

import numpy as np
import prepare_sm_mnist as tool
import pytest

from rwae_tf import data
from rwae_tf.errors import InputError

NAMES = {"x_train": "train-images-idx3-ubyte", "y_train": "train-labels-idx1-ubyte",
         "x_test": "t10k-images-idx3-ubyte", "y_test": "t10k-labels-idx1-ubyte"}


def idx(array):
    """An array of bytes in the IDX format: 0, 0, type 8, rank; the dimensions; the bytes."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def raw_dir(mnist_dir, tmp_path, monkeypatch):
    """Raw files of the small stand-in, two of them packed; the tool holds their sums for the published."""
    folder = tmp_path / "raw"
    folder.mkdir()
    with np.load(mnist_dir / "mnist.npz") as file:
        for key, name in NAMES.items():
            content = idx(file[key])
            assert tool.FILES[key][0] == name
            sums = name, hashlib.md5(content).hexdigest(), tool.FILES[key][2]
            monkeypatch.setitem(tool.FILES, key, sums)
            if key.startswith("x"):
                (folder / f"{name}.gz").write_bytes(gzip.compress(content))
            else:
                (folder / name).write_bytes(content)
    return folder


def run(raw_dir, data_dir):
    tool.main(["prepare_sm_mnist.py", f"--raw_dir={raw_dir}", f"--data_dir={data_dir}"])


def test_raw_files_become_the_npz(raw_dir, mnist_dir, tmp_path):
    run(raw_dir, tmp_path / "made" / "here")
    with np.load(mnist_dir / "mnist.npz") as old, np.load(tmp_path / "made" / "here" / "mnist.npz") as new:
        assert set(new) == set(NAMES)
        for key in NAMES:
            np.testing.assert_array_equal(new[key], old[key])
    assert [p.name for p in (tmp_path / "made" / "here").iterdir()] == ["mnist.npz"]
    assert len(data.load("sm_mnist", "test", str(tmp_path / "made" / "here"))) == 12


@pytest.mark.parametrize("name, content, words", [
    ("t10k-labels-idx1-ubyte", None, "no such file.*https://"),
    ("t10k-labels-idx1-ubyte", b"something else", "MD5"),
    ("t10k-images-idx3-ubyte.gz", b"\x1f\x8b cut", "cannot be read"),
])
def test_a_bad_raw_file_is_refused_and_nothing_written(raw_dir, tmp_path, name, content, words):
    (raw_dir / name).unlink()
    if content is not None:
        (raw_dir / name).write_bytes(content)
    with pytest.raises(InputError, match=f"{name}.*{words}") as caught:
        run(raw_dir, tmp_path / "made")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "made").exists()


def test_the_sums_are_those_of_the_published_files(shared_data):
    path = shared_data / "mnist" / "mnist.npz"
    if not path.is_file():
        pytest.skip(f"{path} is missing")
    with np.load(path) as file:
        for key in NAMES:
            assert hashlib.md5(idx(file[key])).hexdigest() == tool.FILES[key][1]
            assert len(idx(file[key])) - file[key].size == tool.FILES[key][2]
