"""Stochastic Moving MNIST: handwritten digits that bounce off the walls with a random speed (Appendix D).

Generated on the fly from `mnist.npz`. Frames are 64x64x1; a digit is resized from 28x28 to 32x32 (bilinear,
half-pixel centres, edge pixels repeated, rounded once to the nearest grey level). The top-left corner
starts uniformly on 0..31 in x and y, the velocity uniformly on the integers -4..4 in each. In every
frame, before the digit is drawn, y and then x is held inside by `bounce`; afterwards the velocity is added.
"""

import os
from typing import Tuple

import numpy as np

from rwae_tf.data.base import NATIVE_SIZE, Clips, clip_uniforms, identities, source
from rwae_tf.errors import InputError
from rwae_tf.utils.arrays import UNREADABLE

DIGIT_SIZE = 32
ROOM = NATIVE_SIZE - DIGIT_SIZE
MAX_SPEED = 4
LENGTHS = {"train": 8, "validation": 10, "test": 10}
_SOURCE = "the MNIST file of Keras, https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"


class Dataset(Clips):
    """Every digit of the split once, as the first digit of a clip; default length 8 (train) or 10 (the others).

    Training clips take another trajectory in every epoch; the others are fixed by the seed. Validation clips show
    held-out training digits. With `num_digits` above 1, digits are composited by their maximum, and each digit is the
    second (third, ...) of exactly one clip in a pass.
    """

    def __init__(self, split, data_dir, size, length, seed, validation_fraction, num_digits=1):
        if not isinstance(num_digits, int) or not 1 <= num_digits <= 10:
            raise InputError(f"num_digits={num_digits!r}: must be an integer of 1 to 10")
        if data_dir is None:
            raise InputError(f"sm_mnist needs data_dir, a folder with mnist.npz: {_SOURCE}")
        digits = read_mnist(os.path.join(data_dir, "mnist.npz"), source(split))
        chosen = identities(len(digits[0]), split, validation_fraction)
        self._images, self._classes = (array[chosen] for array in digits)
        names = ["digit"] + [f"digit_{k}" for k in range(2, num_digits + 1)]
        factors = {name: tuple(map(str, range(10))) for name in names}
        super().__init__(len(self._images), size, length or LENGTHS[split], 1, factors, tuple(names))
        self._split, self._seed = split, seed
        others = [np.random.default_rng((seed, k)).permutation(len(self)) for k in range(1, num_digits)]
        self._members = np.stack([np.arange(len(self))] + others, -1)

    def labels(self, indices):
        classes = self._classes[self._members[indices]]
        return {name: classes[:, k] for k, name in enumerate(self.spec.factors)}

    def frames(self, indices, epoch=0):
        members = self._members[indices]
        digits = resize(self._images[members])
        shape = (1 + self.spec.length, members.shape[1], 4)
        draws = clip_uniforms(self._seed, self._split, epoch, indices, shape)
        path = trajectory(np.moveaxis(draws, 1, 0))
        frames = np.zeros((len(members), self.spec.length, NATIVE_SIZE, NATIVE_SIZE, 1), np.uint8)
        for b, digits_of_clip in enumerate(digits):
            for t in range(self.spec.length):
                for (x, y), digit in zip(path[t, b], digits_of_clip, strict=True):
                    window = frames[b, t, y:y + DIGIT_SIZE, x:x + DIGIT_SIZE, 0]
                    np.maximum(window, digit, out=window)
        return frames


def trajectory(draws: np.ndarray) -> np.ndarray:
    """Top-left corners of bouncing digits.

    Args:
      draws: float [1 + T, ..., 4] in [0, 1). Row 0 makes the first x, y, dx, dy; row 1 + t is what frame t
        uses up when it bounces: dy and dx at a wall met in y, dx and dy at a wall met in x.

    Returns:
      int [T, ..., 2], (x, y) on 0..31.
    """
    x, y = (_integer(draws[0, ..., k], 0, ROOM - 1) for k in (0, 1))
    dx, dy = (_integer(draws[0, ..., k], -MAX_SPEED, MAX_SPEED) for k in (2, 3))
    path = []
    for draw in draws[1:]:
        y, dy, dx = bounce(y, dy, dx, draw[..., 0], draw[..., 1])
        x, dx, dy = bounce(x, dx, dy, draw[..., 2], draw[..., 3])
        path.append(np.stack([x, y], -1))
        x, y = x + dx, y + dy
    return np.stack(path)


def bounce(position: np.ndarray, speed: np.ndarray, across: np.ndarray, speed_draw: np.ndarray,
           across_draw: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hold one coordinate on 0..31; where that takes effect, draw the velocity anew, away from the wall.

    Args:
      position, speed: coordinate and its velocity, int [...].
      across: velocity in the other coordinate, int [...].
      speed_draw, across_draw: float [...] in [0, 1), used only at a wall.

    Returns:
      position, speed and across after the wall.
    """
    below, above = position < 0, position >= ROOM
    away = _integer(speed_draw, 1, MAX_SPEED)
    back = _integer(speed_draw, -MAX_SPEED, -1)
    speed = np.where(below, away, np.where(above, back, speed))
    across = np.where(below | above, _integer(across_draw, -MAX_SPEED, MAX_SPEED), across)
    return np.clip(position, 0, ROOM - 1), speed, across


def _integer(draw, low, high):
    """Uniform draws on [0, 1) made uniform on the integers low..high."""
    return low + np.floor(draw * (high - low + 1)).astype(int)


def resize(digits: np.ndarray) -> np.ndarray:
    """Digits uint8 [..., 28, 28] as uint8 [..., 32, 32], bilinear with half-pixel centres."""
    # All weights are multiples of 1/16, so that float32 holds every product and sum exactly.
    half = np.floor(_WEIGHTS @ digits.astype(np.float32) @ _WEIGHTS.T + 0.5)
    return half.astype(np.uint8)


def _bilinear_weights(size, new_size):
    """The matrix [new_size, size] of linear interpolation at half-pixel centres, clamped at the ends."""
    position = np.clip((np.arange(new_size) + 0.5) * size / new_size - 0.5, 0, size - 1)
    return np.maximum(0, 1 - np.abs(position[:, None] - np.arange(size))).astype(np.float32)


_WEIGHTS = _bilinear_weights(28, DIGIT_SIZE)


def read_mnist(path: str, split: str) -> Tuple[np.ndarray, np.ndarray]:
    """Images uint8 [N, 28, 28] and classes int32 [N] of one split of an `mnist.npz`.

    Raises:
      InputError: if the file or a key is missing, broken, or holds another type, shape or class.
    """
    keys = f"x_{split}", f"y_{split}"
    if not os.path.isfile(path):
        raise InputError(f"{path}: no such file; put there {_SOURCE} with x_train, y_train, x_test, y_test, "
                         "or make it of the raw files with tools/prepare_sm_mnist.py")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in keys if key in file}
    except UNREADABLE as error:
        raise InputError(f"{path}: not a readable npz ({error}); replace it by {_SOURCE}") from None
    missing = [key for key in keys if key not in arrays]
    if missing:
        raise InputError(f"{path}: has no {missing[0]!r}; the keys must be x_train, y_train, x_test, y_test")
    images, classes = arrays.values()
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28) or not len(images):
        raise InputError(f"{path}: {keys[0]} must be uint8 [N, 28, 28], "
                         f"not {images.dtype} {list(images.shape)}")
    if classes.dtype.kind not in "iu" or classes.shape != images.shape[:1]:
        raise InputError(f"{path}: {keys[1]} must be integers [{len(images)}], "
                         f"not {classes.dtype} {list(classes.shape)}")
    if classes.min() < 0 or classes.max() > 9:
        raise InputError(f"{path}: {keys[1]} must hold 0 to 9, not {classes.min()} to {classes.max()}")
    return images, classes.astype(np.int32)
