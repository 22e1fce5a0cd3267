"""Micro-batching: requests that wait for the same signature are answered by one run of the model.

A request that comes while a thread is free runs at once, and those that come while all are busy are joined when one
becomes free. Two rules keep runs large where many clients ask again and again:

- Clients that were answered together mostly ask again together, a moment later. So the first of them waits for the
  others, for a fraction of the time of their last run at most. A client that is alone never waits.
- Threads share the clients evenly. Otherwise one thread may answer all but one, and another run for that one alone,
  which costs half of the processors' time.

Requests are joined whose arrays have equal shapes but for the first dimension. Of clips to be generated, those of one
length are joined, since a run gives all its rows the largest one.
"""

import asyncio
import collections
from typing import Any, NamedTuple

import numpy as np

from rwae_tf.serving.server import replies

_LENGTH = "length"  # the input of `generate` that decides the shape of its output
_PATIENCE = 0.2  # of the seconds of a joined run, for which its clients are waited for


class _Waiting(NamedTuple):
    inputs: dict
    rows: int
    future: Any


class _Group:
    """The requests that may be joined with each other.

    Attributes:
      signature: of all.
      queue: of `_Waiting`.
      running: requests that are being answered.
      expected: clients that were answered together a moment ago, and have not asked again.
      timer: that ends the wait for them.
    """

    def __init__(self, signature):
        self.signature, self.queue = signature, collections.deque()
        self.running, self.expected, self.timer = 0, 0, None

    def share(self, threads, most):
        """Requests of one run if `threads` take all equally, `most` at most; 0 while the others are waited for."""
        share = min(most, -(-(len(self.queue) + self.running + self.expected) // threads))
        return 0 if self.expected and len(self.queue) < share else share

    def expect(self, requests, seconds, give_up):
        """Wait for so many clients more, and call `give_up` after that time."""
        self.stop_waiting()
        self.expected += requests
        self.timer = asyncio.get_running_loop().call_later(seconds, give_up)

    def stop_waiting(self):
        """Stop the timer."""
        if self.timer:
            self.timer.cancel()


class Batcher:
    """Joins requests for one servable. Used from one event loop.

    Args:
      servable: with `run(signature, inputs)`.
      pool: a `concurrent.futures.Executor` for the runs.
      max_rows: of a joined batch; a request that has more runs alone.
      threads: how many runs may be under way at once.
      observe: called with the number of rows of each run.
    """

    def __init__(self, servable, pool, max_rows=64, threads=2, observe=lambda rows: None):
        self._servable, self._pool, self._max_rows, self._observe = servable, pool, max_rows, observe
        self._threads, self._free, self._groups, self._tasks = threads, threads, collections.OrderedDict(), set()

    async def submit(self, signature, inputs):
        """Outputs of a signature, name -> array.

        Cancelling it takes the request out of the queue; a run that has begun goes on.

        Raises:
          ServingError: for what the model refuses.
        """
        key, rows = _join_key(signature, inputs)
        waiting = _Waiting(inputs, rows, asyncio.get_running_loop().create_future())
        group = self._groups.setdefault(key, _Group(signature))
        group.queue.append(waiting)
        group.expected = max(0, group.expected - 1)
        self._start()
        return await waiting.future

    def _start(self):
        while self._free and (key := self._ready()) is not None:
            group = self._groups[key]
            batch = self._take(group.queue, group.share(self._threads, self._max_rows))
            self._groups.move_to_end(key)  # behind the others
            if batch:
                self._free -= 1
                group.running += len(batch)
                task = asyncio.get_running_loop().create_task(self._answer(key, batch))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            else:
                self._forget(key)

    def _ready(self):
        """The key of the first group that has requests and waits for nobody, else None."""
        return next((key for key, group in self._groups.items()
                     if group.queue and group.share(self._threads, self._max_rows)), None)

    def _forget(self, key):
        group = self._groups[key]
        if not (group.queue or group.running or group.expected):
            group.stop_waiting()
            del self._groups[key]

    def _take(self, queue, most):
        batch, rows = [], 0
        while queue and (not batch or len(batch) < most and rows + queue[0].rows <= self._max_rows):
            waiting = queue.popleft()
            if not waiting.future.done():  # its client is still there
                batch.append(waiting)
                rows += waiting.rows
        return batch

    async def _answer(self, key, batch):
        group, clock = self._groups[key], asyncio.get_running_loop().time
        try:
            started = clock()
            if len(batch) > 1 and await self._answer_joined(group.signature, batch):
                group.expect(len(batch), _PATIENCE * (clock() - started), lambda: self._give_up(key))
            else:
                for waiting in batch:
                    await self._answer_alone(group.signature, waiting)
        finally:
            self._free += 1
            group.running -= len(batch)
            self._forget(key)
            self._start()

    def _give_up(self, key):
        """Wait for no clients of a group any longer."""
        self._groups[key].expected = 0
        self._forget(key)
        self._start()

    async def _answer_joined(self, signature, batch):
        """Answer all by one run; False where that fails, as one wrong request fails those joined with it."""
        inputs = {name: np.concatenate([waiting.inputs[name] for waiting in batch]) for name in signature.inputs}
        total = sum(waiting.rows for waiting in batch)
        try:
            outputs = await self._run(signature, inputs, total)
        except Exception:  # each is then told its own error
            return False
        if any(array.ndim == 0 or len(array) != total for array in outputs.values()):
            return False
        ends = np.cumsum([waiting.rows for waiting in batch])
        for waiting, end in zip(batch, ends, strict=True):
            if not waiting.future.done():
                waiting.future.set_result({name: array[end - waiting.rows: end] for name, array in outputs.items()})
        return True

    async def _answer_alone(self, signature, waiting):
        try:
            outputs = await self._run(signature, waiting.inputs, waiting.rows)
        except Exception as error:
            if not waiting.future.done():
                known = isinstance(error, replies.ServingError)
                waiting.future.set_exception(error if known else replies.ServingError("INTERNAL", str(error)[:500]))
        else:
            if not waiting.future.done():
                waiting.future.set_result(outputs)

    def _run(self, signature, inputs, rows):
        self._observe(rows)
        return asyncio.get_running_loop().run_in_executor(self._pool, self._servable.run, signature, inputs)


def _join_key(signature, inputs):
    """What requests must share to be joined, and the rows of this one; a key of its own for one that cannot be."""
    arrays = list(inputs.values())
    counts = {len(array) if array.ndim else None for array in arrays}
    if len(counts) != 1 or None in counts or 0 in counts:
        return object(), 1
    lengths = inputs.get(_LENGTH)
    length = int(lengths.max()) if lengths is not None and lengths.dtype.kind == "i" and lengths.size else None
    return (signature.name, tuple(array.shape[1:] for array in arrays), length), counts.pop()
