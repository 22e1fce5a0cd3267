"""The log of a run: metrics.jsonl for programs, TensorBoard for people."""

import json
import os

import numpy as np
import tensorflow as tf

from rwae_tf import config as config_lib
from rwae_tf.figures import grids
from rwae_tf.training import run_dir as run_dir_lib

_PICTURED = 4  # clips in a picture, and rows and columns of a swap


class MetricsLog:
    """Writes the terms of training.

    Args:
      run_dir: folder of the run.
      iteration: where the run goes on; lines of metrics.jsonl past it come from work that was lost.
      model: a `SequenceModel`.
    """

    def __init__(self, run_dir, iteration, model):
        path = run_dir_lib.metrics_path(run_dir)
        _cut_after(path, iteration)
        self._file = open(path, "a", encoding="utf-8")  # noqa: SIM115 - open as long as the run
        self._writer = tf.summary.create_file_writer(run_dir)
        self._model = model
        with self._writer.as_default(step=iteration):
            text = json.dumps(config_lib.to_dict(model.config), indent=2)
            tf.summary.text("config", f"```\n{text}\n```")

    def row(self, progress, terms, rates):
        """Log one window.

        Args:
          progress: "iteration", "epoch", "batches", "sequences", "seconds", "sequences_per_second".
          terms: name -> unweighted mean over the window.
          rates: part -> learning rate.
        """
        weights = self._model.weights_of_terms()
        self._file.write(json.dumps({**progress, "terms": terms, "weights": weights, "learning_rates": rates}) + "\n")
        self._file.flush()
        with self._writer.as_default(step=progress["iteration"]):
            for group, values in (("terms", terms), ("weights", weights), ("learning_rates", rates)):
                for name, value in values.items():
                    tf.summary.scalar(f"{group}/{name}", value)
            tf.summary.scalar("sequences_per_second", progress["sequences_per_second"])
        self._writer.flush()

    def pictures(self, x, iteration):
        """Reconstructions, swaps and generated clips for the given clips [N, T, ...]."""
        x = x[:_PICTURED]
        n, length = len(x), x.shape[1]
        rows, columns = np.repeat(np.arange(n), n), np.tile(np.arange(n), n)
        mixed = np.asarray(self._model.swap(x[rows], x[columns])).reshape(n, n, *x.shape[1:])
        pairs = np.stack([x, np.asarray(self._model.reconstruct(x))], 1).reshape(-1, *x.shape[1:])
        generated = np.asarray(self._model.generate(num=2 * n, length=length, seed=0))
        with self._writer.as_default(step=iteration):
            for name, image in (("reconstruct", grids.grid(pairs)), ("swap", grids.swap_grid(x, x, mixed)),
                                ("generate", grids.grid(generated))):
                tf.summary.image(name, image[np.newaxis])
        self._writer.flush()

    def close(self):
        """Close the files."""
        self._file.close()
        self._writer.close()


def _cut_after(path, iteration):
    """Drop the lines of a metrics.jsonl past `iteration`, and a last line cut short."""
    if not os.path.exists(path):
        return
    kept = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            try:
                if json.loads(line)["iteration"] > iteration:
                    break
            except (json.JSONDecodeError, KeyError):
                break
            kept.append(line)
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.writelines(kept)
    os.replace(path + ".part", path)
