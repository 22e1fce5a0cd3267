"""The folder of a judge: judge.json, what it is and how well it reads real clips, and weights.npz."""

import dataclasses
import hashlib
import io
import os

import numpy as np

from rwae_tf.config import legacy
from rwae_tf.config.schema import DataConfig
from rwae_tf.errors import InputError
from rwae_tf.utils import atomic_write, files, json_file, progress
from rwae_tf.utils.arrays import UNREADABLE

# Of the accuracy of every factor; what a judge of real faces (mug) can reach, nobody knows.
THRESHOLDS = {"sprites": 0.995, "sm_mnist": 0.99, "moving_shapes": 0.995}
THRESHOLDS_64 = {"sprites": 0.999}  # at 64x64 or more
_FINGERPRINTED = 16
# Options of the data that leave clips the same kind of clips. validation_fraction: a judge measures models and is not
# tuned, so one that learned from all training clips may well judge those that the model was kept from.
_SAME_KIND = ("data_dir", "validation_fraction", "motion_labels", "skip_invalid")


def record_path(judge_dir):
    """Path of the description."""
    return os.path.join(judge_dir, "judge.json")


def weights_path(judge_dir):
    """Path of the weights."""
    return os.path.join(judge_dir, "weights.npz")


def describe(config):
    """What of a `DataConfig` makes clips another kind of clips."""
    return {name: value for name, value in dataclasses.asdict(config).items() if name not in _SAME_KIND}


def fingerprint(clips):
    """A number that other data under the same name would not have: the digest of a few clips and labels."""
    batch = clips.batch(np.linspace(0, len(clips) - 1, min(len(clips), _FINGERPRINTED)).astype(int))
    arrays = [batch["x"], *batch["labels"].values()]
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()[:16]


def find_unseen(train, test):
    """The classes that test clips have and training clips do not: {factor: class names}; empty where there are none.

    Args:
      train, test: `Clips` of one dataset.
    """
    labels = [clips.labels(np.arange(len(clips))) for clips in (train, test)]
    missing = {factor: sorted(set(np.unique(labels[1][factor])) - set(np.unique(labels[0][factor])))
               for factor in train.spec.factors}
    return {factor: [train.spec.factors[factor][number] for number in numbers]
            for factor, numbers in missing.items() if numbers}


def say_unseen(judge_dir, unseen):
    """Say which classes a judge cannot read, as `find_unseen` gives them."""
    for factor, names in unseen.items():
        progress.say_once(f"{judge_dir}: {factor} {', '.join(names)}: of test clips alone, so the judge cannot have "
                          "learned it and reads such clips wrong; add training clips of it, or leave the label out by "
                          "--label_names")


def threshold(data):
    """Accuracy below which a judge of described data is refused; 0 where nobody knows what can be reached."""
    known = {**THRESHOLDS, **THRESHOLDS_64} if data["size"] >= 64 else THRESHOLDS
    return known.get(data["dataset"], 0.0)


def find(judge_dir, wanted):
    """The record of the judge in a folder, None where there is none yet.

    Args:
      judge_dir: the folder.
      wanted: what the record must say, {name: value}; the first is "data".

    Raises:
      InputError: for a judge of another configuration.
    """
    if not files.exists(record_path(judge_dir)):
        return None
    record = _read(judge_dir)
    if changed := _differences({**record, **record["data"]}, {**wanted, **wanted["data"]}):
        raise InputError(f"{judge_dir}: holds a judge of another configuration: {changed}; take another --judge_dir")
    return record


def prepare(judge_dir):
    """Make the folder, or find out before the training that it cannot be written."""
    try:
        files.check_writable(judge_dir)
    except OSError as error:
        raise InputError(f"{judge_dir}: cannot be written ({error.strerror}); take another --judge_dir") from None


def save(judge_dir, record, weights):
    """Write a judge, the record last: a folder that has one is complete.

    Args:
      judge_dir: folder that `prepare` made.
      record: values fit for JSON.
      weights: {name: array}.
    """
    with atomic_write.stage(weights_path(judge_dir)) as part, open(part, "wb") as file:
        np.savez(file, **weights)
    json_file.write(record, record_path(judge_dir))


def load(judge_dir, config, spec):
    """A judge that was trained on the kind of clips that it shall judge.

    Args:
      judge_dir: its folder.
      config: the `DataConfig` of the clips.
      spec: their `SequenceSpec`.

    Returns:
      The `Judge` and its record.

    Raises:
      InputError: for a folder without judge, one of other data, or one that reads a factor too badly.
    """
    from rwae_tf.judges import networks, ridge

    record, wanted = _read(judge_dir), describe(config)
    if changed := _differences(record["data"], wanted):
        usual = describe(DataConfig())
        given = " ".join(f"--{name}={value}" for name, value in wanted.items()
                         if name in ("dataset", "size", "length") or value != usual[name])
        raise InputError(f"{judge_dir}: a judge of other clips: {changed}; train one of these by "
                         f"python -m rwae_tf.judge {given} --judge_dir=OTHER")
    refuse_poor(judge_dir, record)
    say_unseen(judge_dir, record["unseen"])
    architecture = record["architecture"]
    judge = ridge.RidgeJudge(spec) if architecture == "ridge" else networks.Judge(architecture, spec)
    try:
        with np.load(io.BytesIO(files.read(weights_path(judge_dir)))) as weights:
            judge.set_weights(dict(weights))
    except UNREADABLE as error:
        raise InputError(f"{weights_path(judge_dir)}: not the weights of this judge ({error}); train it anew, in "
                         "another folder") from None
    return judge, record


def refuse_poor(judge_dir, record):
    """Refuse a judge that reads a factor of real clips below its threshold."""
    poor = {factor: accuracy for factor, accuracy in record["accuracy"].items() if accuracy < record["threshold"]}
    if poor:
        text = ", ".join(f"{factor} {100 * accuracy:.2f} %" for factor, accuracy in poor.items())
        raise InputError(f"{judge_dir}: this judge reads {text} of real test clips right, less than the "
                         f"{100 * record['threshold']:g} % that a measure needs; train another in another folder, with "
                         "--architecture=convolutional or more --steps")


def _read(judge_dir):
    record = json_file.read(record_path(judge_dir), "a judge", "a judge, as rwae_tf.judge leaves it")
    record = legacy.renamed("judge", record)
    if not _is_judge(record):
        raise InputError(f"{record_path(judge_dir)}: not a judge; train it anew, in another folder")
    # What an older version did not know of, its clips had as it is by default.
    return {"augment": [], "validation_fraction": 0.0, "unseen": {}, **record, "data": {**describe(DataConfig()),
                                                                        **legacy.renamed("data", record["data"])}}


def _is_judge(record):
    """Whether a record says all that a judge is loaded by."""
    from rwae_tf.judges import networks

    try:
        return (isinstance(record["data"], dict) and record["architecture"] in ("ridge", *networks.ARCHITECTURES)
                and isinstance(record.get("unseen", {}), dict)
                and all(float(share) >= 0 for share in (record["threshold"], *record["accuracy"].values())))
    except (KeyError, AttributeError, TypeError, ValueError):
        return False


def _differences(old, new):
    """What of `new` is otherwise in `old`, as "name (old -> new)"; empty where nothing is."""
    return ", ".join(f"{name} ({old.get(name)} -> {value})" for name, value in new.items()
                     if name != "data" and old.get(name) != value)
