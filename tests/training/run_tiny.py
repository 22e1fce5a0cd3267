"""A tiny run in a process of its own: `run_tiny.py RUN_DIR [signal number] [iteration]`.

Trains 8 iterations on 16 clips and sends itself the signal when the iteration's first step is done, so
that it comes in the middle of the work. A run without signal looks at its indicators every 2 iterations,
one with a signal never does.
"""

import os
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import tiny

from rwae_tf.data.base import Clips
from rwae_tf.runs import run_dir
from rwae_tf.training import loop
from rwae_tf.training.distribution import strategy
from rwae_tf.training.trainer import Trainer

SIXTEEN = 16


class Random(Clips):
    """Clips of fixed noise."""

    def __init__(self):
        super().__init__(SIXTEEN, 16, 4, 3, {}, ())

    def frames(self, indices, epoch=0):
        """Frames that only the index decides."""
        draw = [np.random.default_rng(int(i)).integers(0, 256, (4, 64, 64, 3), np.uint8) for i in indices]
        return np.stack(draw)

    def labels(self, indices):
        """No labels."""
        return {}


def main(folder, number=None, at=None):
    """Train, and fall to the signal on the way."""
    # Two batches an iteration (L = 1): 8 iterations are 16 batches, 4 passes of 4.
    config = tiny.config(inference_steps=1, epochs=4, log_every=2, checkpoint_minutes=0.0,
                         summary_minutes=0.0 if number is None else 60.0)
    clips = Random()
    run_dir.prepare(folder, config, clips.spec)
    with strategy().scope():
        model = run_dir.build(config, clips.spec)
    trainer = Trainer(model, strategy())
    if number is not None:
        step = trainer.step

        def step_and_fall(phase, x, count, extras):
            terms = step(phase, x, count, extras)
            if count == 2 * int(at):
                os.kill(os.getpid(), int(number))
            return terms

        trainer.step = step_and_fall
    return loop.Loop(folder, clips, trainer).run()


if __name__ == "__main__":
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    sys.exit(main(*sys.argv[1:]))
