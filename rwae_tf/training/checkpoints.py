"""Checkpoints of a run: weights, optimizers and counters, saved whole and read back whole."""

import os

import tensorflow as tf

from rwae_tf import files
from rwae_tf.errors import InputError

_KEEP = 3


class Counters(tf.Module):
    """How far a run has come; every random number of the next step follows from it.

    Attributes (tf.Variable): iteration, batches and steps (int64), seconds of training (float64).
    """

    def __init__(self):
        super().__init__()
        for name in ("iteration", "batches", "steps"):
            setattr(self, name, tf.Variable(0, dtype=tf.int64, trainable=False, name=name))
        self.seconds = tf.Variable(0.0, dtype=tf.float64, trainable=False, name="seconds")


class Checkpoints:
    """The folder `checkpoints/` of a run.

    Args:
      run_dir: folder of the run.
      model: a built model.
      optimizers: part -> built optimizer; empty to read weights only.
      counters: `Counters`.
    """

    def __init__(self, run_dir, model, optimizers, counters):
        # Variables by number: a tf.train.Checkpoint of a Keras 3 model passes over layers held in a list,
        # and so over their batch statistics, without a word.
        self._parts = tf.train.Checkpoint(
            model=_tensors(model.variables), counters=counters,
            **{f"optimizer_{part}": _tensors(optimizer.variables) for part, optimizer in optimizers.items()})
        self._weights_only = not optimizers
        self._iteration = counters.iteration
        self._folder = os.path.join(run_dir, "checkpoints")
        try:
            self._manager = tf.train.CheckpointManager(self._parts, self._folder, _KEEP)
        except ValueError:
            raise self._lost() from None
        except tf.errors.OpError as error:
            raise InputError(f"{self._folder}: cannot be read ({_first_line(error)}); try again") from None

    @property
    def newest(self):
        """Path of the newest checkpoint that has not been deleted, or None."""
        return next(filter(_is_there, reversed(self._manager.checkpoints)), None)

    def save(self):
        """Write a checkpoint, named by the iteration; returns its path.

        Raises:
          InputError: when it cannot be written.
        """
        try:
            return self._manager.save(checkpoint_number=self._iteration)
        except tf.errors.OpError as error:
            raise InputError(f"{self._folder}: no checkpoint can be written ({_first_line(error)}); make room there, "
                             f"then the same command goes on from {self.newest or 'the beginning'}") from None

    def restore(self):
        """Read the newest checkpoint; False when there is none.

        Raises:
          InputError: for one that is damaged or of another configuration.
        """
        if not self.newest:
            if not self._manager.checkpoints and files.exists(os.path.join(self._folder, "checkpoint")):
                raise self._lost()
            return False
        try:
            status = self._parts.restore(self.newest)
            if self._weights_only:
                status.assert_existing_objects_matched().expect_partial()
            else:
                status.assert_consumed()
        except (tf.errors.OpError, AssertionError, ValueError, LookupError) as error:
            raise InputError(f"{self.newest}: cannot be read back ({_first_line(error)}); it is damaged or of another "
                             "configuration: delete its files to go on from the one before") from None
        return True

    def _lost(self):
        if files.is_remote(self._folder):
            return InputError(f"{self._folder}/checkpoint: the list of checkpoints cannot be read; try again, and if "
                              "it stays so, it is damaged: delete the folder to begin anew")
        return InputError(f"{self._folder}/checkpoint: the list of checkpoints is damaged; delete the folder "
                          "to begin anew")


def _is_there(path):
    """Whether a checkpoint has files, if only in part."""
    return any(files.exists(path + end) for end in (".index", ".data-00000-of-00001"))


def _first_line(error):
    return str(error).strip().splitlines()[0][:120]


def _tensors(variables):
    """The tf.Variables behind Keras variables, in order of creation."""
    return [variable.value for variable in variables]
