"""Convert the raw MNIST files to `mnist.npz`, which the dataset sm_mnist reads.

    python tools/prepare_sm_mnist.py --raw_dir=raw --data_dir=data/mnist

RAW_DIR holds train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
t10k-labels-idx1-ubyte, with or without .gz. Their MD5 sums are compared with the published files'.
"""

import argparse
import gzip
import hashlib
import os
import zlib

import numpy as np

from rwae_tf import entry_point, errors
from rwae_tf.utils import atomic_write

FILES = {  # key in mnist.npz -> file, MD5 of the unpacked file, bytes of its header
    "x_train": ("train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb", 16),
    "y_train": ("train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624", 8),
    "x_test": ("t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea", 16),
    "y_test": ("t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637", 8),
}
_SOURCE = "get it from https://ossci-datasets.s3.amazonaws.com/mnist/"


def read_idx(raw_dir, name, md5, header):
    """The pixels, uint8 [N, 28, 28], or labels, uint8 [N], of the file `name` or `name`.gz in `raw_dir`.

    Raises:
      InputError: if the file is missing, cannot be unpacked, or is not the published one.
    """
    path = os.path.join(raw_dir, name)
    packed = not os.path.isfile(path) and os.path.isfile(path + ".gz")
    path += ".gz" if packed else ""
    try:
        with (gzip.open if packed else open)(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        raise errors.InputError(f"{path}: no such file, nor {name}.gz; {_SOURCE}{name}.gz") from None
    except (OSError, EOFError, zlib.error) as error:
        raise errors.InputError(f"{path}: cannot be read ({error}); {_SOURCE}{name}.gz") from None
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise errors.InputError(f"{path}: MD5 {found} is not the published {md5}; {_SOURCE}{name}.gz")
    values = np.frombuffer(content, np.uint8, offset=header)
    return values.reshape(-1, 28, 28) if header == 16 else values


def main(argv):
    """Read the four raw files of --raw_dir and write --data_dir/mnist.npz, whole or not at all."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--raw_dir", required=True, help="folder with the raw files")
    parser.add_argument("--data_dir", required=True, help="folder to write mnist.npz to; made if missing")
    args = parser.parse_args(argv[1:])
    arrays = {key: read_idx(args.raw_dir, *file) for key, file in FILES.items()}
    os.makedirs(args.data_dir, exist_ok=True)
    path = os.path.join(args.data_dir, "mnist.npz")
    with atomic_write.stage(path) as part, open(part, "wb") as file:
        np.savez_compressed(file, **arrays)
    print(f"{path}: {len(arrays['x_train'])} training and {len(arrays['x_test'])} test digits")


if __name__ == "__main__":
    entry_point.run(main)
