"""Checkpoints of a run: weights, optimizers and counters, saved whole and read back whole."""

import os
import re
import sys
import time

import tensorflow as tf

from rwae_tf.errors import InputError, mend, reason
from rwae_tf.runs import checkpoint_record
from rwae_tf.utils import files, patterns

_KEEP = 3
_ENDS = (".index", ".data-00000-of-00001")  # of the files of one checkpoint; the index is written last
_NAME = re.compile(r"ckpt-(\d+)")
_TRANSIENT = (tf.errors.UnavailableError, tf.errors.PermissionDeniedError, tf.errors.DeadlineExceededError,
              tf.errors.ResourceExhaustedError, tf.errors.AbortedError, tf.errors.UnknownError)


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

    The file `checkpoint` in it lists the checkpoints, so that none counts that was not written to its end. Without a
    list that can be read, those count that have an index. Sizes and checksums of the files lie beside each
    (`checkpoint_record`) and are compared before it is read.

    Args:
      run_dir: folder of the run.
      model: a built model.
      optimizers: part -> built optimizer; empty to read weights only.
      counters: `Counters`.

    Attributes:
      notes: what was noted with the checkpoint that was restored, a dict.

    Raises:
      InputError: for a folder that cannot be read.
    """

    def __init__(self, run_dir, model, optimizers, counters):
        # Variables by number: a tf.train.Checkpoint of a Keras 3 model passes over layers held in a list,
        # and so over their batch statistics, without a word.
        self._parts = tf.train.Checkpoint(
            model=_tensors(model.variables), counters=counters,
            **{f"optimizer_{part}": _tensors(optimizer.variables) for part, optimizer in optimizers.items()})
        self._parts.save_counter.assign_add(0)  # made on first use; every checkpoint has one
        self._weights_only = not optimizers
        self._iteration = counters.iteration
        self._folder = os.path.join(run_dir, "checkpoints")
        self._list = os.path.join(self._folder, "checkpoint")
        self.notes = {}
        try:
            self._listed = self._read_list()
            self._names = [name for name in self._listed or () if any(map(files.exists, self._files(name)))]
            if not self._names:
                self._names = self._indexed()
        except OSError as error:
            raise InputError(f"{self._folder}: cannot be read ({error.strerror}); try again") from None

    @property
    def newest(self):
        """Path of the newest checkpoint that has not been deleted, or None."""
        return os.path.join(self._folder, self._names[-1]) if self._names else None

    def save(self, notes=None):
        """Write a checkpoint, named by the iteration; returns its path.

        Args:
          notes: a dict, fit for JSON, that belongs to it.

        Raises:
          InputError: when it cannot be written; what was written of it is then removed.
        """
        name = f"ckpt-{int(self._iteration)}"
        prefix, new = os.path.join(self._folder, name), not any(map(files.exists, self._files(name)))
        try:
            files.make_folder(self._folder)
            files.remove(checkpoint_record.path_of(prefix))  # of files that a killed process left
            with patterns.literal(self._folder) as folder:
                self._parts.write(os.path.join(folder, name))
            checkpoint_record.write(prefix, self._files(name), notes or {})
            self._names = [known for known in self._names if known != name] + [name]
            self._write_list(self._names[-_KEEP:])
        except (OSError, tf.errors.OpError) as error:
            if new:
                self._names = [known for known in self._names if known != name]
                self._remove(name)
            self._remove_unfinished()
            raise InputError(f"{self._folder}: no checkpoint can be written ({reason(error)}); {mend(error)}, "
                             f"then the same command goes on from {self.newest or 'the beginning'}") from None
        for old in self._names[:-_KEEP]:
            self._remove(old)
        self._names = self._names[-_KEEP:]
        self._remove_unfinished()
        return self.newest

    def restore(self):
        """Read the newest checkpoint; False when none was ever saved.

        A training, which has optimizers, renames a damaged one and goes on from the one before, with a line on stderr.
        What reads weights alone refuses it and changes nothing: its results would be those of older weights.

        Raises:
          InputError: for one that is damaged or of another configuration, and where all are gone.
        """
        if not self.newest:
            if self._listed is not None:
                raise self._lost()
            return False
        while damage := self._read_newest():
            if self._weights_only or len(self._names) == 1:
                raise self._damaged(damage)
            self._set_aside(damage)
        if not self._weights_only:
            self._remove_unfinished()
        return True

    def _read_newest(self):
        """Read the newest checkpoint; returns what is damaged of it, "" if it was read."""
        try:
            damage, self.notes = checkpoint_record.check(self.newest)
        except OSError as error:
            raise InputError(f"{self.newest}: cannot be read ({reason(error)}); try again") from None
        if damage:
            return damage
        try:
            with patterns.literal(self._folder) as folder:
                status = self._parts.restore(os.path.join(folder, self._names[-1]))
            if self._weights_only:
                status.assert_existing_objects_matched().expect_partial()
            else:
                status.assert_consumed()
        except (tf.errors.OpError, AssertionError, ValueError, LookupError) as error:
            return self._why_unreadable(error)
        return ""

    def _set_aside(self, damage):
        """Rename the newest checkpoint, so that the one before is the newest."""
        damaged, name = self.newest, self._names.pop()
        aside = f"{name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"
        try:
            self._write_list(self._names)
            for path in [*self._files(name), checkpoint_record.path_of(damaged)]:
                if files.exists(path):
                    files.rename(path, os.path.join(self._folder, aside + path.removeprefix(damaged)))
        except OSError as error:
            raise InputError(f"{damaged}: damaged ({damage}), and cannot be renamed ({reason(error)}); {mend(error)}, "
                             f"then the same command goes on from {self._names[-1]}, the one before") from None
        print(f"{damaged}: damaged ({damage}); renamed to {aside}.*; going on from {self._names[-1]}, the one before",
              file=sys.stderr)

    def _read_list(self):
        """Names in the list of checkpoints, oldest first; empty where it is damaged, None without a list."""
        if not files.exists(self._list) or not files.is_remote(self._folder) and not os.path.isfile(self._list):
            return None
        text = files.read(self._list).decode(errors="replace")
        paths = re.findall(r'^all_model_checkpoint_paths: "([^"\n]*)"', text, re.MULTILINE)
        # The last part alone: the list of a run that was moved may name the folder where it was.
        return [name for name in (os.path.basename(path) for path in paths) if _NAME.fullmatch(name)]

    def _write_list(self, names):
        """List `names`, oldest first, as tf.train.latest_checkpoint reads them."""
        lines = [f'model_checkpoint_path: "{names[-1]}"', *(f'all_model_checkpoint_paths: "{name}"' for name in names)]
        files.write(self._list, "\n".join(lines) + "\n")

    def _indexed(self):
        """Names of the checkpoints that have an index, oldest first."""
        names = [name.removesuffix(".index") for name in self._contents() if name.endswith(".index")]
        return sorted(filter(_NAME.fullmatch, names), key=lambda name: int(_NAME.fullmatch(name)[1]))

    def _contents(self):
        """Names in the folder; none without it."""
        return files.names(self._folder) if files.is_folder(self._folder) else []

    def _files(self, name):
        return [os.path.join(self._folder, name + end) for end in _ENDS]

    def _remove(self, name):
        for path in [*self._files(name), checkpoint_record.path_of(os.path.join(self._folder, name))]:
            files.remove(path)

    def _remove_unfinished(self):
        """Remove what was written of checkpoints that did not come about."""
        for name in self._contents():
            if name.endswith("_temp") and _NAME.fullmatch(name.removesuffix("_temp")):
                files.remove_folder(os.path.join(self._folder, name))

    def _lost(self):
        again = "try again; if it stays so, " if files.is_remote(self._folder) else ""
        if self._listed:
            return InputError(f"{self._list}: lists {', '.join(self._listed)}, of which no file is there; {again}"
                              f"put them back, or delete {self._folder} to begin anew")
        return InputError(f"{self._list}: the list of checkpoints is damaged, and no checkpoint is there; {again}"
                          f"delete {self._folder} to begin anew")

    def _damaged(self, damage):
        """Why a damaged checkpoint is not read, and what to do about it."""
        text = (f"the next training sets it aside; delete its files to go on from {self._names[-2]}, the one before"
                if len(self._names) > 1 else
                f"it is the only one: delete its files and {self._list} to begin anew")
        return InputError(f"{self.newest}: damaged, cannot be read back ({damage}); {text}")

    def _why_unreadable(self, error):
        """What is damaged of the newest checkpoint, which `error` kept from being restored; InputError if nothing."""
        damage = self._damage()
        if damage is None:
            raise InputError(f"{self.newest}: whole, but of another configuration ({reason(error)}); put back "
                             "the config.json and spec.json of this run, or use the version of this package that "
                             "wrote it") from None
        if isinstance(damage, (OSError, *_TRANSIENT)):
            raise InputError(f"{self.newest}: cannot be read ({reason(damage)}); try again") from None
        return reason(damage)

    def _damage(self):
        """The error in reading every number of the newest checkpoint; None for one that is whole."""
        try:
            for path in self._files(self._names[-1]):
                if not files.is_remote(path) and os.path.exists(path):
                    open(path, "rb").close()
            with patterns.literal(self._folder) as folder:
                reader = tf.train.load_checkpoint(os.path.join(folder, self._names[-1]))
                for name in reader.get_variable_to_shape_map():
                    reader.get_tensor(name)
        except (OSError, tf.errors.OpError, ValueError, LookupError, RuntimeError) as error:
            return error
        return None


def _tensors(variables):
    """The tf.Variables behind Keras variables, in order of creation."""
    return [variable.value for variable in variables]
