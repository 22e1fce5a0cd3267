"""Compare the rate of a flagfile's data pipeline with that of training.

    python tools/data_rate.py --flagfile=tools/cpu/sprites.flags --data_dir=DATA

Prints sequences per second of both and their ratio, medians over windows of equal work, in one process.
"""

import itertools
import statistics
import time

from absl import flags as absl_flags

from rwae_tf import entry_point
from rwae_tf.config import flags

_WINDOWS = 7


def main(argv):
    """Measure as `argv` says; see the module's docstring."""
    values = flags.new()
    flags.define_config(values)
    absl_flags.DEFINE_integer("batches", 8, "Batches per window.", 1, flag_values=values)
    if not flags.parse(values, argv, __doc__):
        return 0
    config = flags.to_config(values)

    from rwae_tf import data
    from rwae_tf.data import pipeline
    from rwae_tf.runs import run_dir
    from rwae_tf.training import distribution
    from rwae_tf.training.trainer import Trainer

    clips = data.from_config(config.data, "train", seed=config.training.seed)
    stream = pipeline.batch_stream(clips, config.training.batch_size, config.training.seed)
    batches = itertools.cycle([next(iter(stream))["x"]])
    strategy = distribution.strategy(config.training.replicas)
    with strategy.scope():
        model = run_dir.build(config, clips.spec)
    trainer = Trainer(model, strategy)

    def train_one():
        for phase in trainer.phases:
            for _ in range(phase.repeats):
                terms = trainer.step(phase, next(batches), 0)
        float(terms["objective"])

    steps = sum(phase.repeats for phase in trainer.phases)
    alone = _rate(iter(stream).__next__, values.batches, config.training.batch_size)
    training = _rate(train_one, -(-values.batches // steps), steps * config.training.batch_size)
    print(f"data alone  {alone:9.1f} sequences/s\ntraining    {training:9.1f} sequences/s\n"
          f"ratio       {alone / training:9.1f}")
    return 0


def _rate(work, times, sequences):
    """Sequences per second: the median over windows of `times` calls, after one that is not counted."""
    work()
    rates = []
    for _ in range(_WINDOWS):
        begin = time.perf_counter()
        for _ in range(times):
            work()
        rates.append(times * sequences / (time.perf_counter() - begin))
    return statistics.median(rates)


if __name__ == "__main__":
    entry_point.run(main)
