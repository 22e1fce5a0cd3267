"""The clock around the steps: epochs, checkpoints, logs, signals and the end."""

import signal
import sys
import time

import numpy as np

from rwae_tf.data import pipeline, rounds
from rwae_tf.runs import checkpoints
from rwae_tf.training import distribution, divergence, monitor, threads, workers
from rwae_tf.training.metrics_log import MetricsLog
from rwae_tf.training.window import NotFinite, Window, check_weights
from rwae_tf.utils import progress

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_PART = 500  # clips at a time that a model sees at the beginning of a round


class Loop:
    """Drives a `Trainer` over the batches of `clips` and keeps the books in `run_dir`."""

    def __init__(self, run_dir, clips, trainer):
        self._trainer, self._model, self._config = trainer, trainer.model, trainer.config.training
        self._run_dir, self._clips = run_dir, clips
        self._workers = workers.Workers(trainer.strategy)
        self._counters = checkpoints.Counters()
        restored = self._restore()
        self._workers.take_from_chief([*(v.value for v in (*self._model.variables, *trainer.optimizer_variables())),
                                       *self._counters.variables])
        self._iteration, self._batches, self._steps = (
            int(v) for v in (self._counters.iteration, self._counters.batches, self._counters.steps))
        self._kept = self._iteration if restored else None  # the iteration of the newest checkpoint
        self._batches_per_epoch = len(clips) // self._config.batch_size
        self._total = self._config.epochs * self._batches_per_epoch
        self._rounds = (rounds.Rounds(clips.utterances, self._config.sequences_per_round, self._config.batch_size,
                                      self._config.seed) if self._config.sequences_per_round else None)
        self._signal = None  # one of _SIGNALS
        # A signal may save in the middle of a window.
        self._window, self._terms = Window(self._noted("window", ())), None

    def run(self):
        """Train to the end, a signal or the time limit; returns the exit status."""
        handlers = {s: signal.signal(s, self._on_signal) for s in _SIGNALS}
        self._open_books()
        self._saved = self._pictured = self._window_begin = time.monotonic()
        try:
            self._iterate()
            self._workers.wait_for_all()  # nobody has done its part before the chief has saved
        finally:
            self._close_books()
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return self._report()

    def _restore(self):
        self._checkpoints = checkpoints.Checkpoints(self._run_dir, self._model, self._trainer.optimizers,
                                                    self._counters)
        return self._checkpoints.restore()

    def _noted(self, name, default=None):
        """What was noted with the checkpoint that training goes on from."""
        return self._checkpoints.notes.get(name, default)

    def _open_books(self):
        self._log = MetricsLog(self._run_dir, self._iteration, self._model)
        self._indicators = monitor.Indicators(self._model, self._clips)
        self._progress = progress.Progress(self._total)
        if line := threads.difference(self._noted("threads")):
            self._progress.say(line)

    def _close_books(self):
        self._log.close()
        self._progress.close()

    def _iterate(self):
        batches, first = self._global_batches(), True
        self._begin = time.monotonic() - float(self._counters.seconds)
        while self._batches < self._total and not self._ended_early():
            self._advance(batches)
            if first:  # it traces, which is no time of training
                first, self._begin = False, time.monotonic() - float(self._counters.seconds)
            self._show()
            if self._iteration % self._config.log_every == 0:
                self._at_interval()
        self._finish()

    def _finish(self):
        if self._iteration != self._kept:
            self._save()
        if not self._signal and (self._log.last or {}).get("iteration") != self._iteration:
            self._look(ended=True)

    def _ended_early(self):
        """Whether a signal or the time limit ends training: what any worker has seen ends all at this iteration."""
        *signals, time_is_up = self._workers.any([*(self._signal == s for s in _SIGNALS), self._out_of_time()])
        self._signal = next((s for s, seen in zip(_SIGNALS, signals, strict=True) if seen), self._signal)
        return time_is_up or any(signals)

    def _global_batches(self):
        return distribution.batches(self._trainer.strategy, self._stream)

    def _stream(self, *part):
        stream = pipeline.batch_stream(self._clips, self._config.batch_size, self._config.seed, self._batches,
                                       self._config.augment, self._rounds, part)
        return stream.map(lambda batch: (batch["x"], self._model.extras(batch)))

    def repeat(self, last):
        """Do the iterations from the newest checkpoint to `last` for a trainer that looks at them; leaves nothing."""
        batches, shown = self._global_batches(), progress.Progress(last)
        while self._iteration < last and self._batches < self._total:
            self._advance(batches)
            shown.show(self._iteration, lambda: "repeated, to find the first step that is not finite")

    def _advance(self, batches):
        self._trainer.follow_schedules(self._batches / self._batches_per_epoch)
        self._one_iteration(batches)
        self._iteration += 1

    def _one_iteration(self, batches):
        """Every phase of the algorithm once, with its repeats."""
        batch = self._next(batches) if self._config.reuse_batch else None
        for phase in self._trainer.phases:
            if self._config.adaptive_inference_steps and phase.name == "inference":
                self._repeat_until_no_gain(phase, self._next(batches) if batch is None else batch)
                continue
            for _ in range(phase.repeats):
                self._step(phase, self._next(batches) if batch is None else batch, self._steps)

    def _repeat_until_no_gain(self, phase, batch):
        """Inner steps on one batch and with its noise, until the objective no longer falls (He et al. 2019)."""
        lowest, noise = np.inf, self._steps
        for _ in range(phase.repeats):
            objective = float(self._step(phase, batch, noise)["objective"])
            if objective >= lowest:
                break
            lowest = objective

    def _step(self, phase, batch, noise):
        x, extras = batch
        terms = self._trainer.step(phase, x, noise, extras)
        self._steps += 1
        self._window.add(terms)
        return terms

    def _next(self, batches):
        if self._rounds and self._batches % self._rounds.batches == 0:
            self._begin_round(*self._rounds.clips(self._batches // self._rounds.batches))
        self._batches += 1
        return next(batches)

    def _begin_round(self, chosen, rows):
        """Tell the model of all clips of the sequences that the next batches are drawn from."""
        starts, size = range(0, len(chosen), _PART), _PART
        self._model.begin_round((self._clips.batch(chosen[start:start + size])["x"], rows[start:start + size])
                                for start in starts)

    def _at_interval(self):
        """Log the window; checkpoints fall on its end, so a resumed run logs the same windows."""
        terms = self._or_diverged(self._window.means)
        now = time.monotonic()
        sequences = (len(self._window) - self._window.restored) * self._config.batch_size
        skipped = {"skipped_steps": self._window.skipped()} if self._config.skip_nonfinite_steps else {}
        self._log.row(
            {"iteration": self._iteration, "epoch": self._epoch(),
             "batches": self._batches, "sequences": self._batches * self._config.batch_size,
             "seconds": round(now - self._begin, 2),
             "sequences_per_second": round(sequences / (now - self._window_begin), 2), **skipped},
            terms, {part: float(o.learning_rate.value.numpy()) for part, o in self._trainer.optimizers.items()})
        self._window, self._terms = Window(), terms
        if now - self._saved >= 60 * self._config.checkpoint_minutes:
            self._save()
        if now - self._pictured >= 60 * self._config.summary_minutes:
            self._look(ended=self._batches >= self._total)
            self._pictured = time.monotonic()
        self._window_begin = time.monotonic()

    def _look(self, ended=False):
        """Pictures and indicators, and a warning where something has come to be wrong."""
        self._or_diverged(check_weights, self._model)
        self._log.pictures(next(self._clips.batches(8))["x"], self._iteration)
        before, epoch = (self._log.last or {}).get("verdicts", []), self._epoch()
        measures = self._indicators.measure(
            epoch, self._or_diverged(self._window.means) if self._window else self._terms, ended)
        self._log.indicators({"iteration": self._iteration, "epoch": epoch, "ended": ended}, measures)
        for line in monitor.news(measures["verdicts"], before):
            self._progress.say(line)

    def _epoch(self):
        return round(self._batches / self._batches_per_epoch, 4)

    def _or_diverged(self, check, *args):
        """`check(*args)`; raises `Diverged` where that meets what is not finite."""
        try:
            return check(*args)
        except NotFinite as error:
            raise divergence.Diverged(self._iteration, str(error), self._checkpoints.newest) from None

    def _save(self):
        """Write a checkpoint, unless something in it is not finite."""
        if self._window:
            self._or_diverged(self._window.means)
        self._or_diverged(check_weights, self._model)
        for name in ("iteration", "batches", "steps"):
            getattr(self._counters, name).assign(getattr(self, f"_{name}"))
        self._counters.seconds.assign(time.monotonic() - self._begin)
        self._checkpoints.save({"threads": threads.count(), "window": self._window.plain()})
        self._kept = self._iteration
        self._saved = time.monotonic()

    def _out_of_time(self):
        return self._seconds_left() is not None and self._seconds_left() <= 0

    def _seconds_left(self):
        limit = 60 * self._config.max_minutes
        return limit - (time.monotonic() - self._begin) if limit else None

    def _show(self):
        self._progress.show(self._batches, self._describe, self._seconds_left())

    def _describe(self):
        return f"epoch {self._batches / self._batches_per_epoch:.2f} {self._window.describe()}"

    def _on_signal(self, number, frame):
        del frame
        self._signal = number

    def _report(self):
        if self._signal:
            print(f"stopped by {signal.Signals(self._signal).name} after iteration {self._iteration}; saved "
                  f"{self._checkpoints.newest}; the same command goes on from there", file=sys.stderr)
            return 128 + self._signal
        print(f"trained {self._batches / self._batches_per_epoch:.1f} passes, {self._iteration} iterations; "
              f"newest checkpoint {self._checkpoints.newest}")
        return 0
