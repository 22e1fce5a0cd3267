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

from absl import flags as absl_flags

from rwae_tf import entry_point
from rwae_tf.config import flags
from rwae_tf.errors import InputError


def _define():
    values = flags.new()
    flags.define_config(values, ("data",))
    absl_flags.DEFINE_string("judge_dir", "", "Folder of the judge.", flag_values=values)
    absl_flags.DEFINE_enum("architecture", "convolutional", ["convolutional", "changes", "linear", "ridge"],
                           "convolutional; changes, which also sees how a frame differs from the mean of the clip, for "
                           "faces; linear, in pooled pixels, for simple data; or ridge, in closed form, for one figure "
                           "on an empty background.", flag_values=values)
    flags.define_option(values, "training", "augment")
    absl_flags.DEFINE_integer("steps", 2000, "Maximum number of training batches.", 1, flag_values=values)
    absl_flags.DEFINE_integer("seed", 0, "Seed of weights, batches and random clips.", 0, 2**31 - 1, flag_values=values)
    return values


def main(argv):
    """Train the judge that `argv` names, or find it trained; see the module's docstring."""
    values = _define()
    if not flags.parse(values, argv, __doc__):
        return 0
    flags.required(values, "judge_dir")
    config = flags.to_config(values, ("data",)).data
    _check_ridge(values)

    from rwae_tf.judges import fit, storage

    options = {name: values[name].value for name in ("architecture", "validation_fraction", "steps", "seed")}
    record, trained_before = fit.find_or_train(config, values.judge_dir, {**options, "augment": list(values.augment)})
    print(f"{values.judge_dir}: " + ("trained before, with the same configuration; nothing to do" if trained_before else
                                     f"trained in {record['seconds']:.0f} s"))
    storage.say_unseen(values.judge_dir, record["unseen"])
    for factor, accuracy in record["accuracy"].items():
        print(f"{factor:12} {100 * accuracy:6.2f} % of {record['test_clips']} test clips")
    storage.refuse_poor(values.judge_dir, record)
    return 0


def _check_ridge(values):
    """Refuse flags that do nothing beside --architecture=ridge."""
    for name in ("steps", "augment"):
        if values.architecture == "ridge" and values[name].present:
            raise InputError(f"--{name}: does nothing with --architecture=ridge, which is solved in closed form")


def cli():
    """Console script."""
    entry_point.run(main)


if __name__ == "__main__":
    cli()
