"""What every dataset is: indexed clips of uint8 frames with labels, and how they become batches."""

from typing import Any, Dict, Iterator, Mapping, Tuple

import numpy as np
import numpy.typing as npt

from rwae_tf.errors import InputError
from rwae_tf.types import SequenceSpec

NATIVE_SIZE = 64
TEST_FRACTION = 0.2  # of videos, takes or speakers, where nothing says which test
_STREAMS = {"train": 0, "test": 1, "validation": 2}
_VALIDATION_SEED = 2101  # the dataset's, not the run's: runs of any seed are tuned on the same clips


class Clips:
    """A finite, ordered set of clips; a dataset gives `frames` and `labels`. Made here of video; see `SpeechClips`.

    Attributes:
      spec: the `SequenceSpec` of one clip as `batch` returns it.
      utterances: of which longer sequence each clip is a part, int [N]; None where clips are parts of none.
    """

    utterances = None

    def __init__(self, count: int, size: int, length: int, channels: int, factors: Mapping[str, Tuple[str, ...]],
                 static: Tuple[str, ...]) -> None:
        """
        Args:
          count: number of clips.
          size: height and width of the frames that `batch` returns.
          length: frames per clip.
          channels: 1 for grey, 3 for colour.
          factors: factor name -> class names in label order.
          static: names of the factors that do not change in time.
        """
        self.spec = SequenceSpec((size, size, channels), length, "video", factors, static)
        self._count = count

    def __len__(self) -> int:
        return self._count

    def frames(self, indices: np.ndarray, epoch: int = 0) -> np.ndarray:
        """Clips `indices`, int [B], as uint8 [B, T, 64, 64, C] (of speech, as `batch` gives them).

        Random training clips depend on `epoch`.
        """
        raise NotImplementedError

    def labels(self, indices: np.ndarray) -> Dict[str, np.ndarray]:
        """The factors of clips `indices` (int [B]): factor name -> int32 [B]. The same in every epoch."""
        raise NotImplementedError

    def batch(self, indices: npt.ArrayLike, epoch: int = 0) -> Dict[str, Any]:
        """Clips `indices`: {"x": float32 [B, T, size, size, C] in [0, 1], "labels": {factor: int32 [B]}}.

        Speech is float32 [B, T, F] in decibels.
        """
        indices = np.asarray(indices)
        x = self.frames(indices, epoch)
        if self.spec.modality == "video":
            x = area_average(x, self.spec.frame_shape[0])
        return {"x": x, "labels": self.labels(indices)}

    def batches(self, batch_size: int) -> Iterator[Dict[str, Any]]:
        """Every clip once, in order, as `batch`; the last batch may be short."""
        for start in range(0, len(self), batch_size):
            yield self.batch(np.arange(start, min(start + batch_size, len(self))))


class Subset(Clips):
    """Some of the clips of a dataset, as a dataset.

    Args:
      whole: a `Clips`.
      chosen: numbers of its clips, int [N].
    """

    def __init__(self, whole, chosen):
        self.spec = whole.spec
        self._whole, self._chosen, self._count = whole, np.asarray(chosen), len(chosen)

    def frames(self, indices: np.ndarray, epoch: int = 0) -> np.ndarray:
        return self._whole.frames(self._chosen[indices], epoch)

    def labels(self, indices: np.ndarray) -> Dict[str, np.ndarray]:
        return self._whole.labels(self._chosen[indices])


def held_out(clips, share, most, seed):
    """Split clips at random into those to fit on and those to check on.

    Args:
      clips: a `Clips` of at least two.
      share: part of them to hold out, and `most`, how many at most; always at least one.
      seed: of the choice.

    Returns:
      Two `Subset`s, without a clip in common: to fit, held out.
    """
    order = np.random.default_rng(seed).permutation(len(clips))
    count = min(max(1, round(share * len(clips))), most)
    return Subset(clips, np.sort(order[count:])), Subset(clips, np.sort(order[:count]))


def source(split):
    """The published split, "train" or "test", that clips of `split` are taken from."""
    return "test" if split == "test" else "train"


def identities(count, split, validation_fraction):
    """Which of the `count` identities in `source(split)` are those of `split`.

    Args:
      count: number of characters, digit images or whatever no two splits may share; at least 2.
      split: "train", "validation" or "test".
      validation_fraction: share of the training ones that is left to "validation"; at least one, unless 0.

    Returns:
      Their numbers, int [N], ascending; all of them for "test", and for "train" where nothing is held out.
    """
    if split == "test" or not validation_fraction:
        return np.arange(count)
    held = max(1, round(validation_fraction * count))
    order = np.random.default_rng(_VALIDATION_SEED).permutation(count)
    return np.sort(order[:held] if split == "validation" else order[held:])


def check_step(frame_step):
    """Refuse, by InputError, a step between the frames of a clip that is no whole number of at least 1."""
    if isinstance(frame_step, bool) or not isinstance(frame_step, int) or frame_step < 1:
        raise InputError(f"frame_step={frame_step!r}: give at least 1")


def area_average(frames, size):
    """Frames in [0, 1] at a smaller size: the mean of each block of pixels.

    Sums are exact in integers; the one rounding is the final division.

    Args:
      frames: uint8 [..., H, H, C], with H a multiple of `size` and at most 16 times it.
      size: height and width wanted.

    Returns:
      float32 [..., size, size, C].
    """
    *lead, height, width, channels = frames.shape
    factor = height // size
    if factor == 1:
        return np.divide(frames, np.float32(255), dtype=np.float32)
    rows = frames[..., 0::factor, :, :].astype(np.uint16)
    for k in range(1, factor):
        rows += frames[..., k::factor, :, :]
    blocks = rows.reshape(-1, factor, channels)
    sums = np.empty((len(blocks), channels), np.uint16)
    for c in range(channels):  # one by one: NumPy's inner loop is then long, not `channels` short
        np.add(blocks[:, 0, c], blocks[:, 1, c], out=sums[:, c])
        for k in range(2, factor):
            sums[:, c] += blocks[:, k, c]
    x = np.divide(sums, np.float32(255 * factor**2), dtype=np.float32)
    return x.reshape(*lead, size, width // factor, channels)


def clip_uniforms(seed, split, epoch, indices, shape):
    """Uniform draws on [0, 1) for each clip, from its own generator.

    A clip's draws depend on its own index, not on the batch it comes in; test and validation clips have
    streams of their own and are the same in every epoch.

    Args:
      seed: of the dataset, below 2**32.
      split: "train", "validation" or "test".
      epoch: pass over the training clips, from 0; without effect on the others.
      indices: int [B].
      shape: of one clip's draws, filled in C order: the first rows do not depend on the number of rows.

    Returns:
      float64 [B, *shape].
    """
    stream = (seed, _STREAMS[split], epoch if split == "train" else 0)
    return np.stack([np.random.default_rng((*stream, int(index))).random(shape) for index in indices])
