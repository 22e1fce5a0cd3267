r"""Train a judge: it reads the factors off real clips, so that `rwae_tf.evaluate` can read them off a model's.

    python -m rwae_tf.judge --dataset=moving_shapes --size=32 --length=16 --judge_dir=judges/moving_shapes
    python -m rwae_tf.judge --dataset=sprites --size=32 --data_dir=DATA --judge_dir=judges/sprites

    python -m rwae_tf.judge --dataset=moving_shapes --size=32 --length=16 --architecture=ridge --judge_dir=judges/quick

The last is solved in seconds. Size and length are those that are evaluated. Faces, of few people:

    python -m rwae_tf.judge --dataset=mug --split_by=subject --validation_fraction=0.2 \
        --size=32 --length=10 --frame_step=2 \
        --data_dir=DATA --architecture=changes --augment=mirror,shift,light --steps=600 --judge_dir=judges/mug_subject

With --validation_fraction the clips that only end the training are of other people (Sprites: characters; SM-MNIST:
digit images), else they are random ones. Leaves judge.json (accuracy and confusion on the test clips) and weights.npz
in the judge's folder; a folder that already holds this judge is used again.
"""

import time

import numpy as np
from absl import flags as absl_flags

from rwae_tf import entry_point
from rwae_tf.config import flags
from rwae_tf.errors import InputError

_BATCH = 200
_HELD_OUT, _MOST_HELD_OUT = 0.1, 600  # share and number of training clips that only end the training


def _define():
    values = flags.new()
    flags.define_config(values, ("data",))
    absl_flags.DEFINE_string("judge_dir", "", "Folder of the judge.", flag_values=values)
    absl_flags.DEFINE_enum("architecture", "convolutional", ["convolutional", "changes", "linear", "ridge"],
                           "What it is; changes sees beside a frame how it differs from the clip's mean, for faces; "
                           "linear in pooled pixels is quick, for simple data; ridge, kernel ridge regressions of "
                           "one figure on an empty ground, takes seconds.", flag_values=values)
    flags.define_option(values, "training", "augment")
    absl_flags.DEFINE_integer("steps", 2000, "Training batches at most.", 1, flag_values=values)
    absl_flags.DEFINE_integer("seed", 0, "Seed of weights, batches and random clips.", 0, 2**31 - 1, flag_values=values)
    return values


def main(argv):
    """Train the judge that `argv` names, or find it trained; see the module's docstring."""
    values = _define()
    if not flags.parse(values, argv, __doc__):
        return 0
    flags.required(values, "judge_dir")
    config = flags.to_config(values, ("data",)).data

    from rwae_tf import data
    from rwae_tf.judges import storage as judge_storage

    train, test = (data.from_config(config, split, seed=values.seed) for split in ("train", "test"))
    if train.spec.modality != "video":
        raise InputError(f"--dataset={config.dataset}: a judge reads pictures; of speech, python -m rwae_tf.evaluate "
                         "measures equal error rates without one")
    if not train.spec.factors:
        raise InputError(f"--dataset={config.dataset}: has no labels that a judge could learn")
    if values.architecture == "ridge":
        for name in ("steps", "augment"):
            if values[name].present:
                raise InputError(f"--{name}: does nothing with --architecture=ridge, which is solved in closed form")
    chosen = {name: values[name].value for name in ("architecture", "validation_fraction", "steps", "seed")} | {
        "augment": list(values.augment)
    }
    wanted = {"data": judge_storage.described(config), **chosen, "fingerprint": judge_storage.fingerprint(train)}
    record = judge_storage.find(values.judge_dir, wanted)
    if record:
        print(f"{values.judge_dir}: trained before, with the same configuration; nothing to do")
    else:
        judge_storage.prepare(values.judge_dir)
        held_out = (
            data.from_config(config, "validation", config.length, values.seed) if config.validation_fraction else None
        )
        record, weights = train_judge(wanted, train, test, held_out)
        judge_storage.save(values.judge_dir, record, weights)
        print(f"{values.judge_dir}: trained in {record['seconds']:.0f} s")
    for factor, accuracy in record["accuracy"].items():
        print(f"{factor:12} {100 * accuracy:6.2f} % of {record['test_clips']} test clips")
    judge_storage.refuse_poor(values.judge_dir, record)
    return 0


def train_judge(wanted, train, test, held_out=None):
    """Train a judge on `train`, and test it on all of `test`.

    Args:
      wanted: its configuration, with "data", "architecture", "augment", "steps" and "seed".
      train, test: `Clips`.
      held_out: `Clips` that only end the training; None for some of `train`, which then are not learned from.

    Returns:
      Its record, fit for JSON, and its weights {name: array}.
    """
    from rwae_tf.data import base
    from rwae_tf.judges import networks as judge_networks
    from rwae_tf.judges import storage as judge_storage

    begin = time.monotonic()
    fitted, held_out = (train, held_out) if held_out else base.held_out(train, _HELD_OUT, _MOST_HELD_OUT,
                                                                         wanted["seed"])
    fit = _solved if wanted["architecture"] == "ridge" else _learned
    made, clips_seen, taken = fit(wanted, fitted, held_out)
    counts = judge_networks.confusion(made, test.batches(_BATCH))
    record = {
        **wanted,
        "accuracy": judge_networks.accuracies(counts),
        "threshold": judge_storage.threshold(wanted["data"]),
        "test_clips": len(test),
        "train_clips": clips_seen,
        "steps_taken": taken,
        "seconds": round(time.monotonic() - begin, 1),
        "classes": {factor: list(names) for factor, names in train.spec.factors.items()},
        "confusion": {factor: table.tolist() for factor, table in counts.items()},
    }
    return record, made.weights()


def _learned(wanted, fitted, held_out):
    """A judge that learns from batches, how many clips it learned from, and in how many steps."""
    import tensorflow as tf

    from rwae_tf.data import pipeline
    from rwae_tf.judges import networks as judge_networks
    from rwae_tf.utils import progress

    tf.config.experimental.enable_op_determinism()
    made = judge_networks.Judge(wanted["architecture"], fitted.spec, wanted["seed"])
    stream = pipeline.batch_stream(fitted, min(len(fitted), judge_networks.clips_per_step(made)), wanted["seed"],
                                   augment=wanted["augment"])
    line = progress.Progress(wanted["steps"])
    taken = judge_networks.fit(made, stream, lambda: held_out.batches(_BATCH), wanted["steps"], line.show)
    line.close()
    return made, len(fitted), taken


def _solved(wanted, fitted, held_out):
    """A judge in closed form, how many clips it was fitted to, and no steps."""
    from rwae_tf.judges import ridge

    made = ridge.RidgeJudge(fitted.spec)
    chosen = np.sort(np.random.default_rng(wanted["seed"]).permutation(len(fitted))[: ridge.MOST_CLIPS])
    parts = np.array_split(chosen, -(-len(chosen) // _BATCH))
    made.fit((fitted.batch(part) for part in parts), held_out.batches(_BATCH), wanted["seed"])
    return made, len(chosen), 0


def cli():
    """Console script."""
    entry_point.run(main)


if __name__ == "__main__":
    cli()
