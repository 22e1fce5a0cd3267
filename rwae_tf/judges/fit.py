"""A judge is fitted to real clips of the size and length that it shall judge, and tested on clips it never saw."""

import time

import numpy as np
import tensorflow as tf

from rwae_tf import data
from rwae_tf.data import base, pipeline
from rwae_tf.errors import InputError
from rwae_tf.judges import network_training, networks, ridge, storage
from rwae_tf.utils import progress

_BATCH = 200
_HELD_OUT, _MOST_HELD_OUT = 0.1, 600  # share and number of training clips that only end the training


def find_or_train(config, judge_dir, options):
    """Find the judge of a folder, or train it and save it there.

    Args:
      config: `DataConfig` of the clips.
      judge_dir: folder of the judge; made if need be.
      options: "architecture", "validation_fraction", "steps", "seed" and "augment".

    Returns:
      Its record (see `train_judge`), and whether it was there before.

    Raises:
      InputError: for clips that no judge can read, and a folder with another judge or that cannot be written.
    """
    seed = options["seed"]
    train, test = (data.from_config(config, split, seed=seed) for split in ("train", "test"))
    if train.spec.modality != "video":
        raise InputError(f"--dataset={config.dataset}: a judge reads pictures; of speech, python -m rwae_tf.evaluate "
                         "measures equal error rates without one")
    if not train.spec.factors:
        raise InputError(f"--dataset={config.dataset}: has no labels that a judge could learn")
    wanted = {"data": storage.describe(config), **options, "fingerprint": storage.fingerprint(train)}
    record = storage.find(judge_dir, wanted)
    if record:
        return record, True
    storage.prepare(judge_dir)
    held_out = data.from_config(config, "validation", config.length, seed) if config.validation_fraction else None
    record, weights = train_judge(wanted, train, test, held_out)
    storage.save(judge_dir, record, weights)
    return record, False


def train_judge(wanted, train, test, held_out=None):
    """Train a judge on `train`, and test it on all of `test`.

    Args:
      wanted: its configuration, with "data", "architecture", "augment", "steps" and "seed".
      train, test: `Clips`.
      held_out: `Clips` that only end the training; None for some of `train`, which then are not learned from.

    Returns:
      Its record, fit for JSON, and its weights {name: array}.
    """
    begin = time.monotonic()
    fitted, held_out = (train, held_out) if held_out else base.held_out(train, _HELD_OUT, _MOST_HELD_OUT,
                                                                         wanted["seed"])
    fit = _solve if wanted["architecture"] == "ridge" else _learn
    judge, clips_seen, steps = fit(wanted, fitted, held_out)
    counts = confusion(judge, test.batches(_BATCH))
    record = {
        **wanted,
        "accuracy": accuracies(counts),
        "unseen": storage.find_unseen(train, test),
        "threshold": storage.threshold(wanted["data"]),
        "test_clips": len(test),
        "train_clips": clips_seen,
        "steps_taken": steps,
        "seconds": round(time.monotonic() - begin, 1),
        "classes": {factor: list(names) for factor, names in train.spec.factors.items()},
        "confusion": {factor: table.tolist() for factor, table in counts.items()},
    }
    return record, judge.weights()


def _learn(wanted, fitted, held_out):
    """A judge that learns from batches, how many clips it learned from, and in how many steps."""
    tf.config.experimental.enable_op_determinism()
    judge = networks.Judge(wanted["architecture"], fitted.spec, wanted["seed"])
    stream = pipeline.batch_stream(fitted, min(len(fitted), network_training.clips_per_step(judge)), wanted["seed"],
                                   augment=wanted["augment"])
    line = progress.Progress(wanted["steps"])
    steps = network_training.train(judge, stream, lambda: held_out.batches(_BATCH), wanted["steps"], line.show)
    line.close()
    return judge, len(fitted), steps


def _solve(wanted, fitted, held_out):
    """A judge in closed form, how many clips it was fitted to, and no steps."""
    judge = ridge.RidgeJudge(fitted.spec)
    chosen = np.sort(np.random.default_rng(wanted["seed"]).permutation(len(fitted))[: ridge.MOST_CLIPS])
    parts = np.array_split(chosen, -(-len(chosen) // _BATCH))
    judge.fit((fitted.batch(part) for part in parts), held_out.batches(_BATCH), wanted["seed"])
    return judge, len(chosen), 0


def confusion(judge, batches):
    """How often a judge takes each class for each other.

    Args:
      judge: function x -> {factor: p(y|x) [B, K]}.
      batches: iterable of {"x", "labels": {factor: int class [B]}}.

    Returns:
      {factor: int [K, K]}; rows are true classes, columns the judge's.
    """
    counts = {}
    for batch in batches:
        for factor, p in judge(batch["x"]).items():
            table = counts.setdefault(factor, np.zeros((p.shape[1], p.shape[1]), int))
            np.add.at(table, (np.asarray(batch["labels"][factor]), p.argmax(1)), 1)
    return counts


def accuracies(counts):
    """The share of right answers, {factor: float}, in the tables of `confusion`."""
    return {factor: float(np.trace(table) / table.sum()) for factor, table in counts.items()}
