r"""Measure a trained model on every test sequence.

    python -m rwae_tf.evaluate --run_dir=runs/quickstart
    python -m rwae_tf.evaluate --run_dir=runs/sprites --judge_dir=judges/sprites --data_dir=DATA

Leaves run_dir/evaluation/metrics.json, figures and report.html, one page with all of it, and prints a table. What
the codes hold is measured by a judge that `rwae_tf.judge` has trained. Of a weakly supervised model it says in
run_dir/actions.json which learned category means which class. Settings are tuned with --split=validation, on
training clips that --validation_fraction kept from the training; that leaves run_dir/evaluation_validation/.
"""

import functools
import shlex

from absl import flags as absl_flags

from rwae_tf import entry_point
from rwae_tf.config import flags


def _define():
    values = flags.new()
    string = functools.partial(absl_flags.DEFINE_string, flag_values=values)
    string("run_dir", "", "Folder of a training run.")
    string("judge_dir", "", "Folder of a judge of these data. Without it, the factors in each code are not measured.")
    string("data_dir", "", "Folder of the data. Default: the folder used in training.")
    string("inception_weights", "", "File of Keras's InceptionV3 without top; without it, there is no FID.")
    absl_flags.DEFINE_enum("split", "test", ["test", "validation"], "Clips to measure.", flag_values=values)
    absl_flags.DEFINE_integer("repeats", 5, "Random draws per clip, for means and standard deviations.", 1,
                              flag_values=values)
    flags.define_accept_changed_data(values)
    return values


def main(argv):
    """Evaluate as `argv` says; see the module's docstring."""
    values = _define()
    if not flags.parse(values, argv, __doc__):
        return 0
    flags.required(values, "run_dir")

    from rwae_tf.evaluation import console, evaluators, outputs
    from rwae_tf.evaluation import inputs as inputs_lib

    inputs = inputs_lib.load(values.run_dir, values.data_dir, values.split, values.repeats, values.judge_dir,
                             values.inception_weights, values.accept_changed_data)
    result = evaluators.evaluate(inputs)
    paths = outputs.write(inputs, result, "python -m rwae_tf.evaluate " + shlex.join(argv[1:]))
    print("\n".join([*console.lines(result), *paths]))
    return 0


def cli():
    """Console script."""
    entry_point.run(main)


if __name__ == "__main__":
    cli()
