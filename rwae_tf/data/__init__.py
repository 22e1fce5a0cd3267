"""Datasets, found by name: one module of `rwae_tf.data.datasets` each, all loaded by `load`.

    clips = rwae_tf.data.load("sprites", split="test", data_dir="sheets", size=32)
    for batch in clips.batches(60):
        batch["x"], batch["labels"]["action"]

A dataset is a module holding a class `Dataset`, a `Clips`, made as
`Dataset(split, data_dir, size, length, seed, validation_fraction, **options)`; adding the module is all it takes.
"""

import dataclasses
import hashlib
import importlib
import inspect
import os
import pkgutil
from typing import Any, List, Optional

import numpy as np

from rwae_tf.config import DataConfig
from rwae_tf.data import datasets
from rwae_tf.data.base import Clips
from rwae_tf.errors import InputError
from rwae_tf.types import SequenceSpec
from rwae_tf.utils import cache_dir, files, progress, transfer

__all__ = ["Clips", "from_config", "load", "names", "read"]

SPLITS = ("train", "validation", "test")
SIZES = (64, 32, 16)


def names() -> List[str]:
    """The names of all datasets, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(datasets.__path__))


def read(path: str, config: DataConfig, spec: SequenceSpec, length: Optional[int] = None) -> np.ndarray:
    """One clip of a file of your own, as a model takes it.

        x = rwae_tf.data.read("me.mp4", model.config.data, model.spec)

    Args:
      path: of a film, GIF, picture, folder of pictures or clip of an .npz; of a recording, for a model of speech.
      config, spec: of the model.
      length: frames to read at most, from the first; None for all there are.

    Returns:
      float32 [1, T, *frame_shape]; T of speech is a multiple of the frames of a segment.

    Raises:
      InputError: for a file that cannot be read or does not fit.
    """
    from rwae_tf.data.speech import single as speech
    from rwae_tf.data.video import single as video

    if spec.modality == "speech":
        return speech.frames(path, config.spectrum, config.min_db, spec.length, length)[np.newaxis]
    return video.frames(path, spec.frame_shape[0], spec.frame_shape[-1], config.frame_step, length)[np.newaxis]


def load(dataset: str, split: str = "train", data_dir: Optional[str] = None, size: int = 64,
         length: Optional[int] = None, seed: int = 0, validation_fraction: float = 0.0, **options: Any) -> Clips:
    """The clips of one split of a dataset.

    Args:
      dataset: a name out of `names()`.
      split: "train", "test" or "validation", which is what `validation_fraction` takes from "train".
      data_dir: folder with the dataset's files; None or "" where none are needed. One of a bucket, s3:// or gs://, is
        copied to this machine first, and again what has changed.
      size: height and width of a video frame in pixels, 64, 32 or 16; below 64 by area averaging.
      length: frames per clip; the dataset's own (of that split) when None.
      seed: of whatever the dataset draws at random, 0 <= seed < 2**32.
      validation_fraction: share of the training identities (characters, digit images, videos) that "train" leaves to
        "validation", 0 to 0.5; the same ones for every seed.
      **options: of this dataset alone, as `num_digits` of sm_mnist, `split_by` of folder or `spectrum` of speech.

    Returns:
      A `Clips`.

    Raises:
      InputError: for an unknown name or option, a value out of range, files missing or broken.
    """
    data_dir = os.path.expanduser(data_dir) if data_dir else None
    accepted = _options(dataset)
    unknown = sorted(set(options) - set(accepted))
    if unknown:
        has = ", ".join(accepted) or "none"
        raise InputError(f"dataset {dataset} has no option {unknown[0]!r}; its options: {has}")
    if split not in SPLITS:
        raise InputError(f"split={split!r}: choose one of {', '.join(SPLITS)}")
    if (
        isinstance(validation_fraction, bool)
        or not isinstance(validation_fraction, (int, float))
        or not 0 <= validation_fraction <= 0.5
    ):
        raise InputError(f"validation_fraction={validation_fraction!r}: must be a number of 0 to 0.5")
    if split == "validation" and not validation_fraction:
        raise InputError(
            "split=validation: no training data were kept for it; train with --validation_fraction=0.1, or evaluate "
            "on the test split"
        )
    if size not in SIZES:
        raise InputError(f"size={size!r}: choose one of {', '.join(map(str, SIZES))}")
    if length is not None and (not isinstance(length, int) or length < 1):
        raise InputError(f"length={length!r}: give at least 1 frame, or None for the dataset's own")
    if not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise InputError(f"seed={seed!r}: must be an integer of 0 to 2**32 - 1")
    return _class(dataset)(split, _at_hand(data_dir), size, length, seed, validation_fraction, **options)


def _at_hand(data_dir):
    """The folder of data on this machine, copied from its bucket if it lies in one."""
    if data_dir is None or not files.is_remote(data_dir):
        return data_dir
    local = cache_dir.path("buckets", hashlib.sha256(data_dir.rstrip("/").encode()).hexdigest()[:16])
    line, done = None, 0
    try:
        for done, count, name in transfer.download_folder(data_dir, local):
            line = line or progress.Progress(count)
            line.show(done, lambda name=name: f"copying {data_dir}: {name}")
    except OSError as error:
        raise InputError(f"{data_dir}: cannot be copied to {local} ({error.strerror}); check the name of the bucket, "
                         "its credentials and the space left") from None
    if not done:
        raise InputError(f"{data_dir}: no file is there; check the name")
    line.close()
    return local


def from_config(config: DataConfig, split: str, length: Optional[int] = None, seed: int = 0) -> Clips:
    """The clips that a `DataConfig` describes; its fields beyond `load`'s own go to datasets that have them.

    Args:
      config: a `rwae_tf.config.DataConfig`.
      split: one of `SPLITS`.
      length: frames per clip; `config.length` when None.
      seed: as in `load`.

    Raises:
      InputError: as `load`, and for an option set away from its default that the dataset does not have.
    """
    common = inspect.signature(load).parameters
    accepted, options = _options(config.dataset), {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.name not in common and (field.name in accepted or value != field.default):
            options[field.name] = value
    return load(
        config.dataset,
        split,
        config.data_dir,
        config.size,
        length or config.length,
        seed,
        config.validation_fraction,
        **options,
    )


def _class(dataset):
    """The class `Dataset` of the module called `dataset`."""
    if dataset not in names():
        raise InputError(f"dataset={dataset!r}: choose one of {', '.join(names())}")
    return importlib.import_module(f"{__name__}.datasets.{dataset}").Dataset


def _options(dataset):
    """Names of the options a dataset takes beyond those common to all."""
    common = inspect.signature(load).parameters
    return [name for name in inspect.signature(_class(dataset)).parameters if name not in common]
