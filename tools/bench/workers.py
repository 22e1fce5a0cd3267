"""Run a training on several workers of this machine, which talk over the loopback interface.

    python tools/bench/workers.py --workers=2 [--restarts=N] -- python -m rwae_tf.train --flagfile=... --run_dir=R

Starts the command once per worker, each with its TF_CONFIG. When a worker fails, all are started again, at most N
times. With one worker TF_CONFIG is not set. At the end it prints the median rate of the windows in R/metrics.jsonl.
"""

import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time

_PATIENCE = 60  # seconds for the others to end by themselves once one has failed


def environments(count):
    """The environment of each of `count` workers on free ports; without proxies, which would take their messages."""
    plain = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    plain.pop("TF_CONFIG", None)
    if count == 1:
        return [plain]
    addresses = [f"127.0.0.1:{port}" for port in _free_ports(count)]
    return [{**plain, "TF_CONFIG": json.dumps({"cluster": {"worker": addresses},
                                               "task": {"type": "worker", "index": index}})}
            for index in range(count)]


def _free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def start(command, count, **options):
    """Start `command` (a list) as `count` workers; the `subprocess.Popen` of each, made with `options`."""
    return [subprocess.Popen(command, env=environment, **options) for environment in environments(count)]


def wait(processes, timeout=None):
    """Wait for all; once one has failed, give the others a minute. Returns their exit statuses.

    Args:
      processes: of `start`.
      timeout: seconds after which those that still run are killed, None for no limit.
    """
    deadline = time.monotonic() + timeout if timeout else float("inf")
    while any(process.poll() is None for process in processes):
        if any(process.poll() for process in processes):
            deadline = min(deadline, time.monotonic() + _PATIENCE)
        if time.monotonic() > deadline:
            for process in processes:
                process.kill()
        time.sleep(0.1)
    return [process.wait() for process in processes]


def main(argv):
    """Run as `argv` says; returns the exit status of the last start."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2, help="how many")
    parser.add_argument("--restarts", type=int, default=0, help="starts after the first, when a worker has failed")
    parser.add_argument("command", nargs="+", help="a training, after --")
    options = parser.parse_args(argv)
    for attempt in range(options.restarts + 1):
        statuses = wait(start(options.command, options.workers))
        print(f"start {attempt + 1}: exit statuses {statuses}", file=sys.stderr)
        if not any(statuses):
            break
    _report(options)
    return max(map(abs, statuses))


def _report(options):
    run_dir = next((word.partition("=")[2] for word in options.command if word.startswith("--run_dir=")), None)
    log = pathlib.Path(run_dir or "", "metrics.jsonl")
    if run_dir and log.exists():
        rates = [json.loads(line)["sequences_per_second"] for line in log.read_text().splitlines()]
        print(f"{options.workers} workers: {statistics.median(rates):.1f} sequences/s, the median of {len(rates)} "
              "windows")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
