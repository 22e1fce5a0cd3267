"""Micro-batching: requests that wait for the same signature are answered by one run of the model.

Nothing waits for company: a request that comes while a thread is free runs at once, and those that come while all are
busy are joined when one becomes free. Requests are joined whose arrays have equal shapes but for the first dimension.
Of clips to be generated, those of one length are joined, since a run gives all its rows the largest one.
"""

import asyncio
import collections
from typing import Any, NamedTuple

import numpy as np

from rwae_tf.serving.server import replies

_LENGTH = "length"  # the input of `generate` that decides the shape of its output


class _Waiting(NamedTuple):
    inputs: dict
    rows: int
    future: Any


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
        self._free, self._groups, self._tasks = threads, collections.OrderedDict(), set()

    async def submit(self, signature, inputs):
        """Outputs of a signature, name -> array.

        Cancelling it takes the request out of the queue; a run that has begun goes on.

        Raises:
          ServingError: for what the model refuses.
        """
        key, rows = _join_key(signature, inputs)
        waiting = _Waiting(inputs, rows, asyncio.get_running_loop().create_future())
        self._groups.setdefault(key, (signature, collections.deque()))[1].append(waiting)
        self._start()
        return await waiting.future

    def _start(self):
        while self._free and self._groups:
            key, (signature, queue) = self._groups.popitem(last=False)
            batch = self._take(queue)
            if queue:
                self._groups[key] = (signature, queue)  # behind the others
            if batch:
                self._free -= 1
                task = asyncio.get_running_loop().create_task(self._answer(signature, batch))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _take(self, queue):
        batch, rows = [], 0
        while queue and (not batch or rows + queue[0].rows <= self._max_rows):
            waiting = queue.popleft()
            if not waiting.future.done():  # its client is still there
                batch.append(waiting)
                rows += waiting.rows
        return batch

    async def _answer(self, signature, batch):
        try:
            if len(batch) == 1 or not await self._answer_joined(signature, batch):
                for waiting in batch:
                    await self._answer_alone(signature, waiting)
        finally:
            self._free += 1
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
