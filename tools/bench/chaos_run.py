"""One start of a training that chaos.py kills, what a run ended with, and the differences of two."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
from bench import workers

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = ("--dataset=moving_shapes --size=16 --length=4 --channels=4 --feature_size=8 --content_size=6 --motion_size=3 "
        "--hidden_size=8 --decoder=dense --content_encoder=mean --batch_size=60 --inference_steps=1 --joint_update "
        "--log_every=4 --checkpoint_minutes=0 --summary_minutes=600").split()
CLOCK = ("seconds", "sequences_per_second")  # of a row
POLL, SAVING_POLL, _PATIENCE = 0.02, 0.001, 3600  # seconds


class Start:
    """One start of a training, on one or several workers of this machine.

    Attributes:
      run: its folder; output: file with what its chief prints.
      statuses: of its workers, None for one that runs.
      status: of the first worker that has failed once all have ended, 0 if none has, None while one runs.
    """

    def __init__(self, run, epochs, count=1):
        run.mkdir(parents=True, exist_ok=True)
        self.run, self.output = run, run / "stdout-0"
        command = [sys.executable, "-m", "rwae_tf.train", *TINY, f"--epochs={epochs}", f"--run_dir={run}"]
        self._processes = []
        for index, environment in enumerate(workers.environments(count)):
            with open(run / f"stdout-{index}", "w") as output, open(run / f"stderr-{index}", "w") as errors:
                self._processes.append(subprocess.Popen(command, stdout=output, stderr=errors,
                                                        env={**environment, "PYTHONPATH": str(ROOT)}))

    @property
    def statuses(self):
        return [process.poll() for process in self._processes]

    @property
    def status(self):
        statuses = self.statuses
        return None if None in statuses else next(filter(None, statuses), 0)

    def wait_for(self, condition, poll=POLL):
        """Wait for a condition or the end of the process; returns the seconds."""
        begin = time.monotonic()
        while self.status is None and not condition():
            if time.monotonic() > begin + _PATIENCE:
                for process in self._processes:
                    process.kill()
                raise SystemExit(f"{self.run}: nothing happened for {_PATIENCE} s")
            time.sleep(poll)
        return time.monotonic() - begin

    def sleep(self, seconds, poll=POLL):
        """Wait so long, or for the end of the process."""
        end = time.monotonic() + seconds
        self.wait_for(lambda: time.monotonic() >= end, poll)

    def kill(self, number, victim):
        """Send a signal to a worker and wait for the end of all. Refuses one that ends badly.

        Returns:
          Seconds until it has ended, and whether it ended by its own handler.
        """
        begin, lines = time.monotonic(), self.lines()
        self._processes[victim].send_signal(number)
        status = self._processes[victim].wait(_PATIENCE)
        seconds = time.monotonic() - begin
        statuses = workers.wait(self._processes)  # kills those that still wait for the lost one after a minute
        for index, ended in enumerate(statuses):
            lost = index != victim and (ended == -signal.SIGKILL
                                        or ended == 1 and "start all workers again" in self.errors(index))
            if ended not in (0, -number, 128 + number) and not lost:
                raise SystemExit(f"{self.run}: worker {index} ended with {ended} after {number.name} of worker "
                                 f"{victim}: {self.errors(index)}")
        if status == 0 and self.lines() > lines + 1:
            raise SystemExit(f"{self.run}: worker {victim} went on after {number.name}, to line {self.lines()} of the "
                             f"log from line {lines}")
        return seconds, status == 128 + number

    def errors(self, index=0):
        """The end of what a worker says on standard error."""
        return text(self.run / f"stderr-{index}")[-2000:]

    def lines(self):
        """Lines of the log so far."""
        return text(self.run / "metrics.jsonl").count("\n")

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


def text(path):
    """What a file holds; nothing if it is not there."""
    return path.read_text(errors="replace") if path.exists() else ""
