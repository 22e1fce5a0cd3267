"""Kill trainings at random moments, start them again, and compare what they end with to an undisturbed one, to the bit.

    python tools/bench/chaos.py --kills=40 [--jobs=1] [--workers=1] [--seed=0] [--folder=runs/chaos]

A tiny model trains on Moving-Shape. SIGKILL or SIGTERM ends each start of it at a moment drawn by the seed: while it
starts, while it trains, or while it writes a checkpoint. Then the same command starts again. A run that reaches its end
is compared with the undisturbed one, and the next begins in another folder, until all kills are done. With several
workers, one of them drawn by the seed is killed, and all start again.

Compared are weights, optimizers and counters of the last checkpoint, metrics.jsonl and indicators.jsonl without what
the clock decides, and the steps that TensorBoard shows. Exit status 1 for any difference.
"""

import concurrent.futures
import functools
import pathlib
import random
import signal
import statistics
import sys
import tempfile
import threading
import time

from absl import flags as absl_flags

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from bench import chaos_run

from rwae_tf import entry_point
from rwae_tf.config import flags
from rwae_tf.utils import progress

MOMENTS = ("starting", "training", "saving")


def main(argv):
    """Kill as `argv` says and print a table; see the module's docstring."""
    values = flags.new()
    integer = functools.partial(absl_flags.DEFINE_integer, flag_values=values)
    integer("kills", 40, "How often a training is killed.", 1)
    integer("epochs", 2, "Passes of each training, of 150 iterations.", 1)
    integer("jobs", 1, "Trainings at a time.", 1)
    integer("workers", 1, "Workers of each training.", 1)
    integer("seed", 0, "Of moments and signals.", 0)
    absl_flags.DEFINE_string("folder", "", "Folder of the runs. Default: a new one, which is deleted at the end.",
                             flag_values=values)
    if not flags.parse(values, argv, __doc__):
        return 0
    with tempfile.TemporaryDirectory(prefix="chaos-") as scratch:
        return Chaos(values.folder or scratch, values.epochs, values.workers, values.kills,
                     values.seed).run(values.jobs)


class Chaos:
    """All runs, and what was seen of them.

    Args:
      folder: for the runs.
      epochs: passes of each.
      workers: of each.
      kills: how many.
      seed: of moments and signals.
    """

    def __init__(self, folder, epochs, workers, kills, seed):
        self._folder, self._total, self._seed, self._workers = pathlib.Path(folder), kills, seed, workers
        self._start = functools.partial(chaos_run.Start, epochs=epochs, count=workers)
        self._iterations = 150 * epochs
        self._lock, self._begin, self._startup = threading.Lock(), time.monotonic(), 10.0
        self._kills, self._stops, self._ends, self._runs = [], [], [], []  # (moment, signal); seconds; seconds; folders
        self._planned = 0

    def run(self, jobs):
        """Kill, compare and report; returns the exit status."""
        whole = self._folder / "undisturbed"
        with concurrent.futures.ThreadPoolExecutor(jobs + 1) as pool:
            work = [pool.submit(self._end, self._start(whole)),
                    *(pool.submit(self._job, random.Random(f"{self._seed}/{job}")) for job in range(jobs))]
            for job in concurrent.futures.as_completed(work):
                job.result()
        expected, faults = chaos_run.Result(whole), []
        for run in self._runs:
            found = chaos_run.differences(expected, chaos_run.Result(run))
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
        start = self._start(run)
        with self._lock:
            kill = self._planned < self._total
            self._planned += kill
        if kill:
            moment, number = draw.choice(MOMENTS), draw.choice((signal.SIGKILL, signal.SIGTERM))
            self._await(start, moment, draw)
            if start.status is None:
                self._kill(start, moment, number, draw.randrange(self._workers))
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
            start.wait_for(start.is_saving, chaos_run.SAVING_POLL)
            start.wait_for(lambda: not start.is_saving(), chaos_run.SAVING_POLL)
        start.wait_for(start.is_saving, chaos_run.SAVING_POLL)
        start.sleep(draw.uniform(0, 0.03), chaos_run.SAVING_POLL)

    def _kill(self, start, moment, number, victim):
        seconds, handled = start.kill(number, victim)
        self._kills.append((moment, number))
        if handled:
            self._stops.append(seconds)
        left = (time.monotonic() - self._begin) / len(self._kills) * (self._total - len(self._kills))
        self._say(f"kill {len(self._kills)}/{self._total}: {number.name} of worker {victim} while {moment}, "
                  f"{start.run.name}: exit statuses {start.statuses} after {seconds:.1f} s | "
                  f"ETA {progress.clock(left)}")

    def _end(self, start):
        """Wait for a run that ends by itself."""
        start.wait_for(lambda: "newest checkpoint" in chaos_run.text(start.output))
        self._ends.append(start.wait_for(lambda: False))
        if start.status:
            raise SystemExit(f"{start.run}: exit status {start.status}: {start.errors()}")
        self._say(f"{start.run.name}: trained to its end")

    @staticmethod
    def _say(line):
        print(line, file=sys.stderr, flush=True)

    def _report(self, faults):
        print("| while | SIGKILL | SIGTERM |\n|---|---|---|")
        for moment in MOMENTS:
            print(f"| {moment} | {self._kills.count((moment, signal.SIGKILL))} | "
                  f"{self._kills.count((moment, signal.SIGTERM))} |")
        print(f"\n{len(self._kills)} kills in {len(self._runs)} runs of {self._iterations} iterations, "
              f"{progress.clock(time.monotonic() - self._begin)}")
        for name, seconds in (("SIGTERM to exit", self._stops), ("end of training to exit", self._ends)):
            if seconds:
                print(f"{name}: median {statistics.median(seconds):.1f} s, longest {max(seconds):.1f} s "
                      f"({len(seconds)} times)")
        print("\n".join(faults) or "all ended with the same weights, optimizers and logs, to the bit")


if __name__ == "__main__":
    entry_point.run(main)
