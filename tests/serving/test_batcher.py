"""What the batcher joins, and for whom it waits. Its model doubles numbers, in as many seconds as a test says."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from rwae_tf.serving.server import batcher


class Signature:
    name, inputs = "double", {"x": np.float32}


class Doubler:
    def __init__(self, seconds):
        self.seconds, self.rows = seconds, []

    def run(self, signature, inputs):
        self.rows.append(len(inputs["x"]))
        time.sleep(self.seconds)
        return {"y": 2 * inputs["x"]}


def play(scene, seconds, threads=1):
    """Rows of the runs of a model, each of which takes `seconds`, once `scene(ask)` has been played."""
    servable = Doubler(seconds)

    async def run():
        with ThreadPoolExecutor(threads) as pool:
            joining = batcher.Batcher(servable, pool, threads=threads)

            async def ask(value):
                answer = await joining.submit(Signature, {"x": np.array([value], np.float32)})
                assert answer["y"].tolist() == [2 * value]

            await scene(ask)
            async with asyncio.timeout(30):
                while joining._groups:  # it waits for clients for a while
                    await asyncio.sleep(0.01)
            assert joining._free == threads

    asyncio.run(run())
    return servable.rows


async def _client(ask, first, times, pause=0.0):
    for k in range(times):
        await ask(first + k)
        await asyncio.sleep(pause)


def test_clients_that_were_answered_together_are_answered_together_again():
    async def scene(ask):
        await asyncio.gather(*(_client(ask, 10 * k, 6, pause=0.002 * k) for k in range(5)))

    rows = play(scene, seconds=0.3)
    # The first run takes whoever has come. From then on those that were joined stay together.
    assert sum(rows) == 30 and rows[:2] == [1, 4] and min(rows[1:-2]) >= 4


def test_a_client_that_is_alone_never_waits():
    async def scene(ask):
        started = time.perf_counter()
        await _client(ask, 0, 20)
        assert time.perf_counter() - started < 2

    assert play(scene, seconds=0.001) == [1] * 20


def test_nobody_waits_long_for_clients_that_do_not_come_back():
    waited = []

    async def scene(ask):
        await asyncio.gather(*(ask(k) for k in range(5)))  # 1, then 4 together
        started = time.perf_counter()
        await ask(9)
        waited.append(time.perf_counter() - started)
        await ask(9)

    assert play(scene, seconds=0.5) == [1, 4, 1, 1]
    assert 0.5 + 0.09 <= waited[0] < 0.5 + 0.4  # a fifth of a run


def test_expected_clients_that_are_there_are_answered_at_once():
    async def scene(ask):
        await asyncio.gather(*(ask(k) for k in range(4)))  # 1, then 3 together
        started = time.perf_counter()
        await asyncio.gather(*(ask(k) for k in range(3)))
        assert time.perf_counter() - started < 2 * 0.5 + 0.09

    assert play(scene, seconds=0.5) == [1, 3, 3]


def test_two_threads_share_the_clients_evenly():
    async def scene(ask):
        await asyncio.gather(*(_client(ask, 10 * k, 8) for k in range(8)))

    rows = play(scene, seconds=0.2, threads=2)
    assert sum(rows) == 64 and max(rows) <= 5
    assert rows[:2] == [1, 1] and rows[4:-2].count(1) <= 2
