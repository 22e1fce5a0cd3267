"""The line a person watches: how far, how fast, how much longer."""

import sys
import time


def clock(seconds):
    """Seconds as h:mm:ss."""
    seconds = max(0, round(seconds))
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def say_once(line, said=set()):  # noqa: B006 - of the whole process
    """Print a line on stderr, once in a process however often the data are loaded."""
    if line not in said:
        said.add(line)
        print(line, file=sys.stderr)


class Progress:
    """One line on stderr, rewritten on a terminal, printed every `every` seconds elsewhere.

    Args:
      total: units of the whole work.
      every: seconds between lines where stderr is no terminal.
    """

    def __init__(self, total, every=30.0):
        self._total, self._every = total, every
        self._live = sys.stderr.isatty()
        self._shown = self._start = time.monotonic()
        self._first = None

    def show(self, done, describe, limit=None):
        """Show what `describe()` says with the share done and the time left.

        Args:
          done: units done, earlier runs included.
          describe: called only when there is something to show: it may wait for an accelerator.
          limit: seconds left by the clock, when a time limit may end the work first.
        """
        now = time.monotonic()
        if self._first is None:
            self._first, self._start = done, now
        if now - self._shown < (0.2 if self._live else self._every):
            return
        self._shown = now
        rate = (done - self._first) / max(now - self._start, 1e-9)
        left = (self._total - done) / rate if rate else 0.0
        left = left if limit is None else min(left, limit)
        line = f"{100 * done / self._total:5.1f}% {describe()} | ETA {clock(left)}"
        print(f"\r\033[K{line}" if self._live else line, end="" if self._live else "\n", file=sys.stderr, flush=True)

    def say(self, text):
        """A line that stays, above the progress line where there is a terminal."""
        print(f"\r\033[K{text}" if self._live else text, file=sys.stderr, flush=True)

    def close(self):
        """End the line on a terminal."""
        if self._live:
            print(file=sys.stderr)
