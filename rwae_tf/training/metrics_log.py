"""The log of a run: metrics.jsonl and indicators.jsonl for programs, TensorBoard for people."""

import contextlib
import json
import sys
import time

import numpy as np
import tensorflow as tf

from rwae_tf import config as config_lib
from rwae_tf import figures
from rwae_tf.compat import private
from rwae_tf.errors import InputError, mend, reason
from rwae_tf.figures import grids
from rwae_tf.runs import run_dir as run_dir_lib
from rwae_tf.utils import files

_REMOTE_SECONDS = 60  # between two writings of TensorBoard's file to a bucket, which each write all of it
_PICTURED = 4  # clips in a picture, and rows and columns of a swap


class MetricsLog:
    """Writes the terms of training, pictures and indicators.

    Args:
      run_dir: folder of the run.
      iteration: where the run goes on; lines past it come from work that was lost.
      model: a `SequenceModel`.

    Attributes:
      last: the newest row of indicators, None before the first.
    """

    def __init__(self, run_dir, iteration, model):
        self._path, self._indicators_path = run_dir_lib.metrics_path(run_dir), run_dir_lib.indicators_path(run_dir)
        _cut_after(self._path, iteration)
        rows = _cut_after(self._indicators_path, iteration)
        self.last = rows[-1] if rows else None
        self._run_dir = run_dir
        self._model, self._remote, self._flushed = model, files.is_remote(run_dir), time.monotonic()
        with self._tensorboard(iteration, begin=True):
            text = json.dumps(config_lib.to_dict(model.config), indent=2)
            tf.summary.text("config", f"```\n{text}\n```")

    def row(self, progress, terms, rates):
        """Log one window.

        Args:
          progress: "iteration", "epoch", "batches", "sequences", "seconds", "sequences_per_second".
          terms: name -> unweighted mean over the window.
          rates: part -> learning rate.
        """
        weights = self._model.weights_as_numbers()
        _append(self._path, {**progress, "terms": terms, "weights": weights, "learning_rates": rates})
        with self._tensorboard(progress["iteration"]):
            for group, values in (("terms", terms), ("weights", weights), ("learning_rates", rates)):
                for name, value in values.items():
                    tf.summary.scalar(f"{group}/{name}", value)
            tf.summary.scalar("sequences_per_second", progress["sequences_per_second"])

    def pictures(self, x, iteration):
        """Reconstructions, swaps and generated clips for the given clips [N, T, ...]; of a model without an encoder
        generated clips alone.
        """
        x, model = x[:_PICTURED], self._model
        paint = figures.painter(model.spec.modality, x)
        images = {"generate": grids.grid(paint(np.asarray(model.generate(num=2 * len(x), length=x.shape[1], seed=0))))}
        if model.has_encoder:
            pairs = np.stack([x, np.asarray(model.reconstruct(x))], 1).reshape(-1, *x.shape[1:])
            images.update(reconstruct=grids.grid(paint(pairs)),
                          swap=grids.table(grids.build_swap_table(model.swap, x, x, paint)))
        with self._tensorboard(iteration):
            for name, image in images.items():
                tf.summary.image(name, image[np.newaxis])

    def indicators(self, progress, measures):
        """Log indicators.

        Args:
          progress: "iteration", "epoch".
          measures: result of `Indicators.measure`.
        """
        self.last = {**progress, **measures}
        _append(self._indicators_path, self.last)
        with self._tensorboard(progress["iteration"]):
            for code, values in measures["usage"].items():
                for name, value in values.items():
                    tf.summary.scalar(f"usage/{code}_{name}", value)
            for factor, accuracy in measures["kept"].items():
                tf.summary.scalar(f"kept/{factor}", accuracy)
            for factor, row in measures["leakage"].items():
                tf.summary.scalar(f"leakage/{factor}_into_{row['code']}", row["excess"])
            for code, row in measures["match"].items():
                tf.summary.scalar(f"match/{code}_auc", row["auc"])
                tf.summary.scalar(f"match/{code}_mmd2_in_null_sd", row["null_deviations"])
            for term, row in measures["terms"].items():
                tf.summary.scalar(f"share/{term}_weighted", row["weighted"])
                if row["gradient"] is not None:
                    tf.summary.scalar(f"share/{term}_gradient_on_encoders", row["gradient"])

    @contextlib.contextmanager
    def _tensorboard(self, step, begin=False):
        """A block that writes to TensorBoard's file, which is there to be read afterwards."""
        try:
            if begin:
                self._writer = tf.summary.create_file_writer(self._run_dir)
                private.begin_session(self._writer, step + 1)
            with self._writer.as_default(step=step):
                yield
            # In a bucket each writing is one of the whole file.
            if not begin and (not self._remote or time.monotonic() - self._flushed > _REMOTE_SECONDS):
                self._writer.flush()
                self._flushed = time.monotonic()
        except tf.errors.OpError as error:
            raise InputError(f"{self._run_dir}: TensorBoard's file cannot be written ({reason(error)}); {mend(error)}, "
                             "then the same command goes on from the newest checkpoint") from None

    def close(self):
        """Close the file of TensorBoard."""
        with contextlib.suppress(tf.errors.OpError):  # of a full disk, which a line has told of
            self._writer.close()


def _append(path, row):
    files.append(path, json.dumps(row) + "\n")


def _cut_after(path, iteration):
    """Drop the lines of a log past `iteration`, and a last line cut short; returns the rows that stay.

    Without a checkpoint (iteration 0), a log of which nothing would stay is kept beside it, with the ending .old,
    unless a longer one is.
    """
    rows = run_dir_lib.read_log(path, iteration)
    if files.exists(path):
        kept, before = path + ".old", files.read(path)
        if before and not rows and not iteration and not (files.exists(kept) and files.size(kept) > len(before)):
            files.write(kept, before)
            print(f"{path}: of a training that left no checkpoint to go on from; kept as {kept}", file=sys.stderr)
        files.write(path, "".join(json.dumps(row) + "\n" for row in rows))
    return rows
