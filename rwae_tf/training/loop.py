"""The clock around the steps: epochs, checkpoints, logs, signals and the end."""

import signal
import sys
import time

import numpy as np

from rwae_tf.data import pipeline, rounds
from rwae_tf.errors import InputError
from rwae_tf.runs import checkpoints
from rwae_tf.training import distribution, monitor, workers
from rwae_tf.training.metrics_log import MetricsLog
from rwae_tf.utils import progress

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_PART = 500  # clips at a time that a model sees at the beginning of a round
_WATCHED = ("reconstruction", "content_divergence", "motion_divergence", "motion_kl", "content_kl",
            "action_kl", "action_divergence", "content_contrast", "motion_contrast", "mutual_information",
            "discriminative", "image_critic", "video_critic", "image_adversarial", "video_adversarial", "category")


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
        self._window, self._terms = [], None

    def run(self):
        """Train to the end, a signal or the time limit; returns the exit status."""
        handlers = {s: signal.signal(s, self._on_signal) for s in _SIGNALS}
        self._open_books()
        self._begin = time.monotonic() - float(self._counters.seconds)
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

    def _open_books(self):
        self._log = MetricsLog(self._run_dir, self._iteration, self._model)
        self._indicators = monitor.Indicators(self._model, self._clips)
        self._progress = progress.Progress(self._total)

    def _close_books(self):
        self._log.close()
        self._progress.close()

    def _iterate(self):
        batches = distribution.batches(self._trainer.strategy, self._stream)
        while self._batches < self._total and not self._ended_early():
            self._trainer.follow_schedules(self._batches / self._batches_per_epoch)
            self._one_iteration(batches)
            self._iteration += 1
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

    def _stream(self, *part):
        stream = pipeline.batch_stream(self._clips, self._config.batch_size, self._config.seed, self._batches,
                                       self._config.augment, self._rounds, part)
        return stream.map(lambda batch: (batch["x"], self._model.extras(batch)))

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
        self._window.append(terms)
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
        terms = self._means()
        now = time.monotonic()
        sequences = len(self._window) * self._config.batch_size
        self._log.row(
            {"iteration": self._iteration, "epoch": self._epoch(),
             "batches": self._batches, "sequences": self._batches * self._config.batch_size,
             "seconds": round(now - self._begin, 2),
             "sequences_per_second": round(sequences / (now - self._window_begin), 2)},
            terms, {part: float(o.learning_rate.value.numpy()) for part, o in self._trainer.optimizers.items()})
        self._window, self._terms = [], terms
        if now - self._saved >= 60 * self._config.checkpoint_minutes:
            self._save()
        if now - self._pictured >= 60 * self._config.summary_minutes:
            self._look(ended=self._batches >= self._total)
            self._pictured = time.monotonic()
        self._window_begin = time.monotonic()

    def _look(self, ended=False):
        """Pictures and indicators, and a warning where something has come to be wrong."""
        self._check_weights()
        self._log.pictures(next(self._clips.batches(8))["x"], self._iteration)
        before, epoch = (self._log.last or {}).get("verdicts", []), self._epoch()
        measures = self._indicators.measure(epoch, self._means() if self._window else self._terms, ended)
        self._log.indicators({"iteration": self._iteration, "epoch": epoch, "ended": ended}, measures)
        for line in monitor.news(measures["verdicts"], before):
            self._progress.say(line)

    def _epoch(self):
        return round(self._batches / self._batches_per_epoch, 4)

    def _means(self):
        """Means of the window's terms; raises when one is not finite."""
        names = dict.fromkeys(name for terms in self._window for name in terms)
        means = {name: float(np.mean([terms[name] for terms in self._window if name in terms])) for name in names}
        for name, value in means.items():
            if not np.isfinite(value):
                raise self._diverged(f"{name} is {value}")
        return means

    def _diverged(self, what):
        kept = self._checkpoints.newest or "none was saved yet"
        return InputError(f"training diverged before iteration {self._iteration}: {what}; last good checkpoint: {kept};"
                          " lower the learning rates or the weights, in a new --run_dir")

    def _save(self):
        """Write a checkpoint, unless something in it is not finite."""
        if self._window:
            self._means()
        self._check_weights()
        for name in ("iteration", "batches", "steps"):
            getattr(self._counters, name).assign(getattr(self, f"_{name}"))
        self._counters.seconds.assign(time.monotonic() - self._begin)
        self._checkpoints.save()
        self._kept = self._iteration
        self._saved = time.monotonic()

    def _check_weights(self):
        for variable in self._model.trainable_variables:
            if not np.isfinite(variable.value.numpy()).all():
                raise self._diverged(f"weights {variable.path} are not finite")

    def _out_of_time(self):
        return self._seconds_left() is not None and self._seconds_left() <= 0

    def _seconds_left(self):
        limit = 60 * self._config.max_minutes
        return limit - (time.monotonic() - self._begin) if limit else None

    def _show(self):
        self._progress.show(self._batches, self._describe, self._seconds_left())

    def _describe(self):
        epoch, terms = self._batches / self._batches_per_epoch, self._window[-1]
        text = " ".join(f"{name} {float(terms[name]):.4g}" for name in _WATCHED if name in terms)
        return f"epoch {epoch:.2f} {text}"

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
