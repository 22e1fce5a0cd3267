"""The file `data.json` of a run: what its training clips were, so that data that changed since are noticed."""

import hashlib
import math
import os

import numpy as np

from rwae_tf.errors import InputError
from rwae_tf.utils import files, json_file

_CLIPS = 64  # whose frames are looked at, spread over all
# Between machines, decibels differ by the last bits of their logarithms: those of a clip's mean, and of all frames'.
_CLIP_TOLERANCE, _MEAN_TOLERANCE = 1e-4, 2e-5
_WORDS = {"clips": "{old} clips are {new}", "files": "files were added, removed, renamed or altered",
          "labels": "labels differ", "frames": "frames differ", "means": "sound differs"}


def record_path(run_dir):
    """Path of the record."""
    return os.path.join(run_dir, "data.json")


def describe(clips):
    """What other data under the same name would not have in common with these clips, fit for JSON.

    Of the dataset "folder" that is the contents of all files. Of others it is the number of clips, all labels, the
    frames of 64 clips and, of speech, the means over all frames.

    Args:
      clips: `Clips` of the training split.
    """
    chosen = np.linspace(0, len(clips) - 1, min(len(clips), _CLIPS)).astype(int)
    frames, labels = clips.frames(chosen), clips.labels(np.arange(len(clips)))
    digest = hashlib.sha256(repr([(name, tuple(clips.spec.factors[name])) for name in sorted(labels)]).encode())
    for name in sorted(labels):
        digest.update(np.asarray(labels[name], np.int32).tobytes())
    known = {"clips": len(clips), "files": getattr(clips, "identity", None), "labels": digest.hexdigest()[:32]}
    if clips.spec.modality == "speech":
        means = frames.mean(axis=tuple(range(1, frames.ndim)), dtype=np.float64)
        return {**known, "clip_means": means.tolist(), "means": list((clips.spec.normalization or ((),))[0])}
    return {**known, "frames": hashlib.sha256(np.ascontiguousarray(frames).tobytes()).hexdigest()[:32]}


def changes(run_dir, clips):
    """What of the clips is otherwise than when the run was made, in words; "" where nothing is, or nobody knows.

    Raises:
      InputError: for a damaged record.
    """
    path = record_path(run_dir)
    if not files.exists(path):  # of an older version
        return ""
    old, new = json_file.read(path, "the record of a run's data"), describe(clips)
    differing = [name for name in ("clips", "files", "labels", "frames") if old.get(name) != new.get(name)]
    if not differing and not (_close(old.get("clip_means"), new.get("clip_means"), _CLIP_TOLERANCE)
                              and _close(old.get("means"), new.get("means"), _MEAN_TOLERANCE)):
        differing = ["means"]
    return ", ".join(_WORDS[name].format(old=old.get(name), new=new.get(name)) for name in differing)


def _close(old, new, tolerance):
    """Whether two lists of numbers, or None, are the same."""
    if old is None or new is None:
        return old is new
    return len(old) == len(new) and all(math.isclose(a, b, rel_tol=0, abs_tol=tolerance)
                                        for a, b in zip(old, new, strict=True))


def check(run_dir, clips, data_dir, accept):
    """Refuse clips that are not those that a run was made with, unless they are accepted; returns what changed.

    Args:
      run_dir: folder of the run.
      clips: its training clips now.
      data_dir: where they are from.
      accept: whether changes are to be accepted.

    Raises:
      InputError: that says what changed.
    """
    changed = changes(run_dir, clips)
    if changed and not accept:
        raise InputError(f"{data_dir or clips.spec.modality}: not the data that {run_dir} was made with: {changed}; "
                         "name those by --data_dir, or give --accept_changed_data to go on with these")
    return changed


def keep(run_dir, clips, changed):
    """Record the clips that a run is trained on, where that is not done, or where they `changed`."""
    if changed or not files.exists(record_path(run_dir)):
        json_file.write(describe(clips), record_path(run_dir))
