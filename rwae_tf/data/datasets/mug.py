"""MUG: faces that turn from neutral to one of six expressions and back (Aifanti et al., 2010; section 5 of the paper).

The database is licensed to those who ask for it. tools/prepare_mug.py makes the TFRecord shards read here of a copy, of
faces rendered in its layout, or of the cartoon faces that tools/make_faces.py draws. They are mapped into memory, not
read into it.
"""

import functools
import os
from typing import Any, Mapping, Optional

import numpy as np

from rwae_tf.data.base import TEST_FRACTION, Clips, check_step, clip_uniforms, identities
from rwae_tf.data.prepare.mug import manifest_file
from rwae_tf.data.prepare.mug.discovery import EXPRESSIONS
from rwae_tf.errors import InputError
from rwae_tf.utils import progress

LENGTHS = {"train": 8, "validation": 10, "test": 10}
SPLIT_BY = ("video", "subject")
_SPLIT_SEED = 423


class Dataset(Clips):
    """One clip of every take of the split; default length 8 (train) or 10 (the others).

    A fifth of the takes is the test split, of all subjects (`split_by` "video", as in the paper) or all those of a
    fifth of the subjects ("subject"); the rest is for training. Validation clips are those of held-out subjects.

    A clip is every `frame_step`-th frame, as the take was recorded, of a window of the take that holds its middle
    frame, about which the expression is at its height: another window in every epoch for training, else the one around
    that frame. The factor "subject" is missing where the split is by subject: no test subject is in the training data,
    so that it cannot be learned.
    """

    def __init__(self, split, data_dir, size, length, seed, validation_fraction, split_by="video", frame_step=1):
        if split_by not in SPLIT_BY:
            raise InputError(f"split_by={split_by!r}: choose one of {', '.join(SPLIT_BY)}")
        check_step(frame_step)
        if data_dir is None:
            raise InputError("mug needs data_dir, a folder that tools/prepare_mug.py made of MUG, or of the faces that "
                             "tools/make_faces.py draws")
        manifest = manifest_file.read(data_dir)
        stride = manifest["spec"]["stride"]
        step = prepared_step(frame_step, stride)
        takes = [(number, take) for number, shard in enumerate(manifest["shards"]) for take in shard["takes"]]
        subjects = sorted({take["subject"] for _, take in takes})
        owners = np.array([subjects.index(take["subject"]) for _, take in takes])
        chosen = of_split(owners, split, split_by, validation_fraction)
        if not len(chosen):
            raise InputError(f"{data_dir}: nothing for split={split} among {len(takes)} takes of {len(subjects)} "
                             f"subjects with split_by={split_by}; more are needed")
        factors = {"expression": EXPRESSIONS, **({"subject": tuple(subjects)} if split_by == "video" else {})}
        super().__init__(len(chosen), size, length or LENGTHS[split], 3, factors, tuple(factors)[1:])
        self._takes = [frames_of(data_dir, manifest["shards"][number], take)
                       for number, take in (takes[k] for k in chosen)]
        self._span, shortest = (self.spec.length - 1) * step + 1, min(map(len, self._takes))
        if shortest < self._span:
            raise InputError(f"length={self.spec.length}, frame_step={frame_step}: the shortest take in {data_dir} has "
                             f"{shortest} frames, not {self._span}{f' of --stride={stride}' * (stride > 1)}; take "
                             "fewer, or prepare with --length of so many, which leaves shorter takes out")
        progress.say_once(f"{data_dir}: a clip takes one of {step * stride} recorded frames (one of {step} that were "
                          f"prepared with --stride={stride})")
        classes = [EXPRESSIONS.index(takes[k][1]["expression"]) for k in chosen]
        self._labels = {"expression": np.array(classes, np.int32), "subject": owners[chosen].astype(np.int32)}
        self._split, self._seed, self._step = split, seed, step

    def labels(self, indices):
        return {name: self._labels[name][indices] for name in self.spec.factors}

    def frames(self, indices, epoch=0):
        draws = clip_uniforms(self._seed, self._split, epoch, indices, ())
        frames = np.empty((len(indices), self.spec.length, *manifest_file.FRAME_SHAPE), np.uint8)
        for clip, index, draw in zip(frames, indices, draws, strict=True):
            start = first_frame(len(self._takes[index]), self._span, draw if self._split == "train" else None)
            clip[...] = self._takes[index][start:start + self._span:self._step]
        return frames


def prepared_step(frame_step: int, stride: int) -> int:
    """Prepared frames to one frame of a clip.

    Args:
      frame_step: recorded frames to one frame of a clip; 1 for every frame that was prepared.
      stride: recorded frames to one prepared frame.

    Raises:
      InputError: where the frames in between were not prepared.
    """
    if frame_step == 1:
        return 1
    if frame_step % stride:
        raise InputError(f"frame_step={frame_step}: the takes were prepared with --stride={stride}; give a multiple of "
                         f"{stride}, or 1 for every prepared frame, or prepare them anew")
    return frame_step // stride


def of_split(owners: np.ndarray, split: str, split_by: str, validation_fraction: float) -> np.ndarray:
    """The takes of a split.

    Args:
      owners: the subject of every take, int [N], below the number of subjects.
      split: "train", "validation" or "test".
      split_by: what training and test do not share, "video" or "subject".
      validation_fraction: share of the training subjects that is left to "validation".

    Returns:
      Their numbers, int [M], ascending.
    """
    count = len(owners) if split_by == "video" else owners.max() + 1
    tested = np.zeros(count, bool)
    tested[np.random.RandomState(_SPLIT_SEED).permutation(count)[:max(1, round(TEST_FRACTION * count))]] = True
    tested = tested if split_by == "video" else tested[owners]
    if split == "test":
        return np.flatnonzero(tested)
    subjects = np.unique(owners[~tested])
    kept = subjects[identities(len(subjects), split, validation_fraction)]
    return np.flatnonzero(~tested & np.isin(owners, kept))


def first_frame(frames: int, length: int, draw: Optional[float] = None) -> int:
    """Where a window of `length` begins in a take of `frames`: it holds frame `frames` // 2.

    Args:
      frames: of the take, at least `length`.
      length: of the window.
      draw: number in [0, 1) that chooses evenly among all such windows; None for the one around that frame.
    """
    middle = frames // 2
    low, high = max(0, middle - length + 1), min(middle, frames - length)
    if draw is None:
        return min(max(low, middle - length // 2), high)
    return low + int(draw * (high - low + 1))


def frames_of(data_dir: str, shard: Mapping[str, Any], take: Mapping[str, Any]) -> np.ndarray:
    """The frames of a take, uint8 [N, 64, 64, 3], mapped into memory from its shard.

    Args:
      data_dir: folder of the shards.
      shard, take: the entries of the manifest.
    """
    mapped = _mapped(os.path.join(data_dir, shard["name"]), shard["sha256"])
    end = take["offset"] + take["frames"] * manifest_file.FRAME_BYTES
    return mapped[take["offset"]:end].reshape(-1, *manifest_file.FRAME_SHAPE)


@functools.lru_cache(maxsize=64)
def _mapped(path, sha256):
    """The bytes of the file with that digest, mapped into memory."""
    return np.memmap(path, np.uint8, "r").view(np.ndarray)
