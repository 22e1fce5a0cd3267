"""Begin a training or go on with it, as the one process of it or as one of its workers."""

import os

import tensorflow as tf

from rwae_tf import config as config_lib
from rwae_tf import data
from rwae_tf.compat import quiet
from rwae_tf.data import pipeline
from rwae_tf.runs import data_record, run_lock
from rwae_tf.runs import run_dir as run_dir_lib
from rwae_tf.training import distribution, divergence, loop, workers
from rwae_tf.training.trainer import Trainer
from rwae_tf.training.window import Window
from rwae_tf.utils import patterns


def train(config, run_dir, accept_changed_data=False):
    """Train the model of `config` in `run_dir`, going on from its newest checkpoint.

    Args:
      config: a `Config`, which `config.cluster.check` lets pass.
      run_dir: folder of the run; made when missing.
      accept_changed_data: go on with data that are not those that the run was made with.

    Returns:
      Exit status: 0 at the end of training, 128 + the signal's number when a signal ended it early.

    Raises:
      InputError: for data, a folder or a checkpoint that cannot be used, and when training diverges.
    """
    config, run_dir = config_lib.resolved(config), os.path.expanduser(run_dir)
    patterns.refuse_in_bucket(run_dir)
    tf.config.experimental.enable_op_determinism()
    with workers.lost_in_one_line():
        return _train(config, run_dir, accept_changed_data)


def _train(config, run_dir, accept_changed_data):
    strategy = distribution.strategy(config.training.replicas)
    distribution.check_batch(strategy, config.training.batch_size)
    quiet.silence_xla()
    clips = data.from_config(config.data, "train", seed=config.training.seed)
    pipeline.check(clips, config.training.batch_size, config.training.augment)  # before anything is left in run_dir
    worker = workers.Workers(strategy)
    worker.check_same(config, clips)
    with strategy.scope():
        model = run_dir_lib.build(config, clips.spec)
    if not worker.is_chief:
        return Follower(None, clips, Trainer(model, strategy)).run()
    with run_lock.hold(run_dir):
        run_dir_lib.check(run_dir, config)
        changed = data_record.check(run_dir, clips, config.data.data_dir, accept_changed_data)
        run_dir_lib.prepare(run_dir, config, clips.spec)
        data_record.keep(run_dir, clips, changed)
        try:
            return loop.Loop(run_dir, clips, Trainer(model, strategy)).run()
        except divergence.Diverged as error:
            if worker.count > 1:  # the others have ended with this process, and no step can be repeated
                raise
            with strategy.scope():
                model = run_dir_lib.build(config, clips.spec)
            again = loop.Loop(run_dir, clips, divergence.WatchfulTrainer(model, strategy))
            raise divergence.explain(error, again) from None


class Follower(loop.Loop):
    """The loop of a worker beside the chief: the same steps and decisions, and nothing read, written or shown."""

    def _restore(self):
        return False

    def _noted(self, name, default=None):
        return default

    def _open_books(self):
        """No log, no indicators, no progress."""

    def _close_books(self):
        """Nothing is open."""

    def _show(self):
        """The chief shows the progress."""

    def _at_interval(self):
        self._window = Window()

    def _finish(self):
        """The chief saves, and looks at the result."""

    def _report(self):
        return 128 + self._signal if self._signal else 0
