"""Moving-Shape in its published form: every clip one picture, and its labels one line of text.

    FOLDER/train/videos/00001.png    frames of the clip, squares stacked top to bottom
    FOLDER/train/labels/00001.txt    shape,size,colour,motion,heading: five integers from 0

and the same under FOLDER/test. Where there is one such pair of folders alone, under FOLDER or FOLDER/train, a fifth of
its clips is for the test. What the integers stand for was never published: a class is called by its number.
"""

import os
import re

import numpy as np

from rwae_tf.data.reports import ErrorPolicy
from rwae_tf.data.video import cache
from rwae_tf.data.video.discovery import Video, natural
from rwae_tf.data.video.labels import Labels
from rwae_tf.data.video.windows import Windows, long_enough
from rwae_tf.errors import InputError
from rwae_tf.utils import progress

MOST_CLASSES = 100  # numbers of two digits


def load(folder, split, size, length, seed, validation_fraction, names, static, skip_invalid):
    """The clips of one split, a `Windows`.

    Args:
      folder: as above.
      split, size, length, seed, validation_fraction: as of every dataset.
      names: of the five factors, and `static`, of those that do not change in time.
      skip_invalid: as of the dataset "folder".
    """
    bad = ErrorPolicy(skip_invalid)
    parts = [part for part in ("train", "test") if os.path.isdir(os.path.join(folder, part, "videos"))] or [""]
    videos = [video for part in parts for video in _find(folder, part)]
    numbers = [_labels(video, len(names), bad) for video in videos]
    labelled = [row is not None for row in numbers]
    if not any(labelled):
        raise InputError(f"{folder}: no clip with labels; {bad.summary(folder)}")
    known = Labels({}, (), [video.name.split("/")[0] for video in videos] if len(parts) > 1 else None, labelled)
    table = np.array([row or (0,) * len(names) for row in numbers], np.int32).T
    factors = {name: tuple(map(str, range(1 + column.max()))) for name, column in zip(names, table, strict=True)}
    store = cache.load(videos, 3, bad)
    chosen = known.split_indices(split, "video", validation_fraction)
    chosen = chosen[long_enough(videos, store, length, 1, bad)[chosen]]
    for line in (store.made and f"{folder}: {store.made}", bad.summary(folder)):
        if line:
            progress.say_once(line)
    if not len(chosen):
        raise InputError(f"{folder}: no clip is left for split={split} of {len(videos)} in all")
    return Windows(store, chosen, dict(zip(names, table, strict=True)), split, size, length, seed, factors, static)


def _find(folder, part):
    """The pictures below one part of the folder, sorted by name."""
    below = os.path.join(folder, part, "videos")
    try:
        files = sorted((name for name in os.listdir(below) if name.lower().endswith(".png")), key=natural)
    except OSError as error:
        raise InputError(f"{below}: {error.strerror}; data_dir is for Moving-Shape files, train/videos/*.png and "
                         "train/labels/*.txt, and is left out to have the shapes drawn") from None
    if not files:
        raise InputError(f"{below}: holds no .png")
    return [Video(f"{part}/{os.path.splitext(name)[0]}".lstrip("/"), "stack", (os.path.join(below, name),))
            for name in files]


def _labels(video, count, bad):
    """The labels of a clip, `count` integers; None, and `bad` is told, where they cannot be read."""
    below, name = os.path.split(video.path)
    path = os.path.join(os.path.dirname(below), "labels", os.path.splitext(name)[0] + ".txt")
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            line = file.readline().strip()
    except OSError as error:
        bad.note(f"{path}: {error.strerror}; every video has its labels")
        return None
    words = line.split(",")
    if len(words) != count or not all(re.fullmatch(" *[0-9]{1,2} *", word) for word in words):
        bad.note(f"{path}: must hold {count} integers of 0 to {MOST_CLASSES - 1} with commas between, not {line!r:.60}")
        return None
    return [int(word) for word in words]
