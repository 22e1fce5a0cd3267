"""A tiny training in a process of its own, alone or as one worker: `run_worker.py RUN_DIR [JSON of options]`."""

import json
import os
import pathlib
import sys

os.environ["TF_NUM_INTRAOP_THREADS"] = "1"  # sums in one order, whatever the machine
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from rwae_tf import entry_point


def main(argv):
    """Train on 16 clips of noise, or on the data that the options name."""
    import contextlib
    from unittest import mock

    import tiny
    from run_tiny import Random  # of this folder

    from rwae_tf import data
    from rwae_tf.training import launch

    options = {"batch_size": 8, "inference_steps": 1, "log_every": 1, "summary_minutes": 60.0, **json.loads(argv[2])}
    noise = mock.patch.object(data, "from_config", lambda *args, **kwargs: Random())
    with contextlib.nullcontext() if "data_dir" in options else noise:
        return launch.train(tiny.config(**options), argv[1])


if __name__ == "__main__":
    entry_point.run(main, one_of_several=True)
