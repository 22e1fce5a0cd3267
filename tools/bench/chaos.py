"""Kill trainings at random moments, start them again, and compare what they end with to an undisturbed one, to the bit.

    python tools/bench/chaos.py --kills=40 [--jobs=1] [--seed=0] [--folder=runs/chaos]

A tiny model trains on Moving-Shape. SIGKILL or SIGTERM ends each start of it at a moment drawn by the seed: while it
starts, while it trains, or while it writes a checkpoint. Then the same command starts again. A run that reaches its end
is compared with the undisturbed one, and the next begins in another folder, until all kills are done.

Compared are weights, optimizers and counters of the last checkpoint, metrics.jsonl and indicators.jsonl without what
the clock decides, and the steps that TensorBoard shows. Exit status 1 for any difference.
"""

import concurrent.futures
import functools
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
from absl import flags as absl_flags

from rwae_tf import entry_point
from rwae_tf.config import flags
from rwae_tf.utils import progress

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = ("--dataset=moving_shapes --size=16 --length=4 --channels=4 --feature_size=8 --content_size=6 --motion_size=3 "
        "--hidden_size=8 --decoder=dense --content_encoder=mean --batch_size=60 --inference_steps=1 --joint_update "
        "--log_every=4 --checkpoint_minutes=0 --summary_minutes=600").split()
MOMENTS = ("starting", "training", "saving")
CLOCK = ("seconds", "sequences_per_second")  # of a row
_POLL, _SAVING_POLL, _PATIENCE = 0.02, 0.001, 3600  # seconds


def main(argv):
    """Kill as `argv` says and print a table; see the module's docstring."""
    values = flags.new()
    integer = functools.partial(absl_flags.DEFINE_integer, flag_values=values)
    integer("kills", 40, "How often a training is killed.", 1)
    integer("epochs", 2, "Passes of each training, of 150 iterations.", 1)
    integer("jobs", 1, "Trainings at a time.", 1)
    integer("seed", 0, "Of moments and signals.", 0)
    absl_flags.DEFINE_string("folder", "", "Folder of the runs. Default: a new one, which is deleted at the end.",
                             flag_values=values)
    if not flags.parse(values, argv, __doc__):
        return 0
    with tempfile.TemporaryDirectory(prefix="chaos-") as scratch:
        return Chaos(values.folder or scratch, values.epochs, values.kills, values.seed).run(values.jobs)


class Chaos:
    """All runs, and what was seen of them.

    Args:
      folder: for the runs.
      epochs: passes of each.
      kills: how many.
      seed: of moments and signals.
    """

    def __init__(self, folder, epochs, kills, seed):
        self._folder, self._epochs, self._total, self._seed = pathlib.Path(folder), epochs, kills, seed
        self._lock, self._begin, self._startup = threading.Lock(), time.monotonic(), 10.0
        self._kills, self._stops, self._ends, self._runs = [], [], [], []  # (moment, signal); seconds; seconds; folders
        self._planned = 0

    def run(self, jobs):
        """Kill, compare and report; returns the exit status."""
        whole = self._folder / "undisturbed"
        with concurrent.futures.ThreadPoolExecutor(jobs + 1) as pool:
            work = [pool.submit(self._end, Start(whole, self._epochs)),
                    *(pool.submit(self._job, random.Random(f"{self._seed}/{job}")) for job in range(jobs))]
            for job in concurrent.futures.as_completed(work):
                job.result()
        expected, faults = Result(whole), []
        for run in self._runs:
            found = differences(expected, Result(run))
            self._say(f"{run.name}: {'; '.join(found) or 'the same to the bit'}")
            faults += [f"{run.name}: {fault}" for fault in found]
        self._report(faults)
        return 1 if faults else 0

    def _job(self, draw):
        """Train and kill, run after run, until all kills are done."""
        while self._planned < self._total:
            with self._lock:
                run = self._folder / f"killed-{len(self._runs) + 1}"
                self._runs.append(run)
            while not self._start_once(run, draw):
                pass

    def _start_once(self, run, draw):
        """Start a run and kill it, unless all kills are planned; whether it ended by itself."""
        start = Start(run, self._epochs)
        with self._lock:
            kill = self._planned < self._total
            self._planned += kill
        if kill:
            moment, number = draw.choice(MOMENTS), draw.choice((signal.SIGKILL, signal.SIGTERM))
            self._await(start, moment, draw)
            if start.status is None:
                self._kill(start, moment, number)
                return False
            self._planned -= 1
        self._end(start)
        return True

    def _await(self, start, moment, draw):
        """Wait for a moment of the kind, or the end of the training."""
        if moment == "starting":
            start.sleep(draw.uniform(0, self._startup))
            return
        lines, begin = start.lines(), time.monotonic()
        start.wait_for(lambda: start.lines() > lines)
        self._startup = time.monotonic() - begin
        if moment == "training":
            start.sleep(draw.uniform(0, self._startup / 5))
            return
        for _ in range(draw.randint(0, 4)):
            start.wait_for(start.is_saving, _SAVING_POLL)
            start.wait_for(lambda: not start.is_saving(), _SAVING_POLL)
        start.wait_for(start.is_saving, _SAVING_POLL)
        start.sleep(draw.uniform(0, 0.03), _SAVING_POLL)

    def _kill(self, start, moment, number):
        seconds = start.kill(number)
        self._kills.append((moment, number))
        if start.status == 128 + signal.SIGTERM:  # by the handler of a training
            self._stops.append(seconds)
        left = (time.monotonic() - self._begin) / len(self._kills) * (self._total - len(self._kills))
        self._say(f"kill {len(self._kills)}/{self._total}: {number.name} while {moment}, {start.run.name} | "
                  f"ETA {progress.clock(left)}")

    def _end(self, start):
        """Wait for a run that ends by itself."""
        start.wait_for(lambda: "newest checkpoint" in _text(start.output))
        self._ends.append(start.wait_for(lambda: False))
        if start.status:
            raise SystemExit(f"{start.run}: exit status {start.status}: {_text(start.errors)[-2000:]}")
        self._say(f"{start.run.name}: trained to its end")

    @staticmethod
    def _say(line):
        print(line, file=sys.stderr, flush=True)

    def _report(self, faults):
        print("| while | SIGKILL | SIGTERM |\n|---|---|---|")
        for moment in MOMENTS:
            print(f"| {moment} | {self._kills.count((moment, signal.SIGKILL))} | "
                  f"{self._kills.count((moment, signal.SIGTERM))} |")
        print(f"\n{len(self._kills)} kills in {len(self._runs)} runs of {150 * self._epochs} iterations, "
              f"{progress.clock(time.monotonic() - self._begin)}")
        for name, seconds in (("SIGTERM to exit", self._stops), ("end of training to exit", self._ends)):
            if seconds:
                print(f"{name}: median {statistics.median(seconds):.1f} s, longest {max(seconds):.1f} s "
                      f"({len(seconds)} times)")
        print("\n".join(faults) or "all ended with the same weights, optimizers and logs, to the bit")


class Start:
    """One start of a training.

    Attributes:
      run: its folder; output, errors: files with what it prints.
      status: its exit status, None while it runs.
    """

    def __init__(self, run, epochs):
        run.mkdir(parents=True, exist_ok=True)
        self.run, self.output, self.errors = run, run / "stdout", run / "stderr"
        with open(self.output, "w") as output, open(self.errors, "w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "rwae_tf.train", *TINY, f"--epochs={epochs}", f"--run_dir={run}"],
                stdout=output, stderr=errors, env={**os.environ, "PYTHONPATH": str(ROOT)})

    @property
    def status(self):
        return self._process.poll()

    def wait_for(self, condition, poll=_POLL):
        """Wait for a condition or the end of the process; returns the seconds."""
        begin = time.monotonic()
        while self.status is None and not condition():
            if time.monotonic() > begin + _PATIENCE:
                self._process.kill()
                raise SystemExit(f"{self.run}: nothing happened for {_PATIENCE} s")
            time.sleep(poll)
        return time.monotonic() - begin

    def sleep(self, seconds, poll=_POLL):
        """Wait so long, or for the end of the process."""
        end = time.monotonic() + seconds
        self.wait_for(lambda: time.monotonic() >= end, poll)

    def kill(self, number):
        """Send a signal and wait for the end; returns the seconds that took. Refuses a training that ends badly."""
        self._process.send_signal(number)
        seconds = self.wait_for(lambda: False)
        if self.status not in (0, -number, 128 + number):
            raise SystemExit(f"{self.run}: exit status {self.status} after {number.name}: {_text(self.errors)[-2000:]}")
        return seconds

    def lines(self):
        """Lines of the log so far."""
        return _text(self.run / "metrics.jsonl").count("\n")

    def is_saving(self):
        """Whether a checkpoint is being written."""
        folder = self.run / "checkpoints"
        return folder.is_dir() and any(name.endswith("_temp") for name in os.listdir(folder))


class Result:
    """What a run ended with.

    Attributes:
      tensors: name -> array of the newest checkpoint, without the clock.
      rows: log -> its rows, without the clock.
      steps: the steps that TensorBoard shows, of each scalar.
    """

    def __init__(self, run):
        # When all trainings are done, which would share the cores with this import.
        import tensorflow as tf
        from tensorboard.backend.event_processing import plugin_event_accumulator

        from rwae_tf.runs import run_dir as run_dir_lib

        reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(run / "checkpoints")))
        self.tensors = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()
                        if not any(word in name for word in ("seconds", "save_counter", "OBJECT_GRAPH"))}
        self.rows = {name: [{key: value for key, value in row.items() if key not in CLOCK}
                            for row in run_dir_lib.read_log(str(run / name))]
                     for name in ("metrics.jsonl", "indicators.jsonl")}
        # As TensorBoard itself reads: with an eye for steps that were done again.
        events = plugin_event_accumulator.EventAccumulator(str(run), size_guidance={"tensors": 0})
        events.Reload()
        self.steps = {tag: [event.step for event in events.Tensors(tag)] for tag in events.Tags()["tensors"]
                      if tag.startswith("terms/")}


def differences(whole, other):
    """What is otherwise in the second of two `Result`s, a line each."""
    lines = [f"{name} is in one checkpoint alone" for name in sorted(set(whole.tensors) ^ set(other.tensors))]
    lines += [f"{name} differs by up to {np.abs(whole.tensors[name] - other.tensors[name]).max():.3g}"
              for name in sorted(set(whole.tensors) & set(other.tensors))
              if not np.array_equal(whole.tensors[name], other.tensors[name])]
    for log, rows in whole.rows.items():
        iterations = [[row["iteration"] for row in run.rows[log]] for run in (whole, other)]
        if iterations[0] != iterations[1]:
            lines.append(f"{log} has the iterations {iterations[1]}, not {iterations[0]}")
            continue
        lines += [f"{log}: iteration {row['iteration']} has {_changes(row, new)}"
                  for row, new in zip(rows, other.rows[log], strict=True) if row != new]
    return lines + [f"TensorBoard shows {tag} at {other.steps.get(tag)}, not {steps}"
                    for tag, steps in whole.steps.items() if steps != other.steps.get(tag)]


def _changes(old, new):
    """What two rows differ in, with the names of inner values."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return f"{new}, not {old}"
    return ", ".join(f"{key}: {_changes(old.get(key), new.get(key))}" for key in dict.fromkeys([*old, *new])
                     if old.get(key) != new.get(key))


def _text(path):
    return path.read_text(errors="replace") if path.exists() else ""


if __name__ == "__main__":
    entry_point.run(main)
