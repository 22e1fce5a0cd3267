r"""Train a model; the same command resumes it.

    python -m rwae_tf.train --flagfile=tools/quickstart.flags --run_dir=runs/quickstart
    python -m rwae_tf.train --flagfile=tools/sprites.flags --data_dir=DATA --run_dir=runs/sprites --epochs=100

Leaves in run_dir: config.json, spec.json, data.json, checkpoints/, metrics.jsonl, indicators.jsonl and TensorBoard
events.
"""

import os

from absl import flags as absl_flags

from rwae_tf import entry_point
from rwae_tf.config import cluster, flags


def main(argv):
    """Train as `argv` says; see the module's docstring."""
    values = flags.new()
    flags.define_config(values)
    absl_flags.DEFINE_string("run_dir", "", "Folder of the run. Default: runs/ and the name of the dataset.",
                             flag_values=values)
    flags.define_accept_changed_data(values)
    if not flags.parse(values, argv, __doc__):
        return 0
    config = flags.to_config(values)
    cluster.check(config.training)
    run_dir = values.run_dir or os.path.join("runs", config.data.dataset)

    from rwae_tf.training import launch

    return launch.train(config, run_dir, values.accept_changed_data)


def cli():
    """Console script."""
    entry_point.run(main, one_of_several=True)


if __name__ == "__main__":
    cli()
