"""What a person looks at after a preparation: counts, and some faces."""

import numpy as np

from rwae_tf.data.datasets import mug
from rwae_tf.data.prepare.mug.discovery import EXPRESSIONS

_SUBJECTS = 5


def lines(manifest):
    """The counts of a manifest in words, and those of the splits that `mug` makes of it."""
    counts = manifest["counts"]
    owners = [take["subject"] for shard in manifest["shards"] for take in shard["takes"]]
    owners = np.unique(owners, return_inverse=True)[1]
    yield (f"takes      {counts['takes']}, of {counts['subjects']} subjects, {counts['frames']} frames, one of "
           f"{manifest['spec']['stride']} recorded")
    yield "           " + ", ".join(f"{count} {name}" for name, count in counts["expressions"].items())
    yield "skipped    " + (", ".join(f"{count} {why}" for why, count in counts["skipped"].items()) or "none")
    for split_by in mug.SPLIT_BY:
        sizes = [len(mug.of_split(owners, split, split_by, 0)) for split in ("train", "test")]
        yield f"by {split_by:8}{sizes[0]} for training, {sizes[1]} for test"


def table(manifest, data_dir):
    """First and middle frame of a take of every expression (rows) for some subjects (columns).

    Returns:
      uint8 [6, S, 2, 64, 64, 3], S at most 5; black where a subject has no such take.
    """
    takes = {}
    for shard in manifest["shards"]:
        for take in shard["takes"]:
            takes.setdefault((take["subject"], take["expression"]), (shard, take))
    subjects = sorted({subject for subject, _ in takes})
    subjects = [subjects[k] for k in np.linspace(0, len(subjects) - 1, min(_SUBJECTS, len(subjects))).astype(int)]
    faces = np.zeros((len(EXPRESSIONS), len(subjects), 2, *manifest["spec"]["frame_shape"]), np.uint8)
    for row, expression in zip(faces, EXPRESSIONS, strict=True):
        for cell, subject in zip(row, subjects, strict=True):
            if (subject, expression) in takes:
                frames = mug.frames_of(data_dir, *takes[subject, expression])
                cell[:] = frames[0], frames[len(frames) // 2]
    return faces
