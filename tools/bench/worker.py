"""A process of tools/benchmark.py, which works on request, so that several processes can take turns.

Each line on stdin, a number, asks for that many calls of the work; the answer is a line of JSON on stdout. The first
line of all says that the process is ready, and what its first call took.
"""

import json
import resource
import sys
import time


def serve(build):
    """Answer until stdin ends.

    Args:
      build: options (the JSON in the first argument) -> (work, facts): a function without arguments that returns
        when its work is done, None or a dict for the answer, and what to say of it once.
    """
    work, facts = build(json.loads(sys.argv[1]))
    _say({**facts, **_timed(work, 1)})
    for line in sys.stdin:
        _say(_timed(work, int(line)))


def _timed(work, calls):
    begin = time.perf_counter()
    for _ in range(calls):
        found = work()
    seconds = (time.perf_counter() - begin) / calls
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**(found or {}), "seconds": seconds, "peak_mb": round(peak, 1)}


def _say(answer):
    print(json.dumps(answer), flush=True)
