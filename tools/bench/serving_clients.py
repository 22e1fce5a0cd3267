"""Clients of a served model, as many as wanted at once, and what they met; for `serving_load`."""

import collections
import contextlib
import http.client
import os
import subprocess
import sys
import threading
import time
import urllib.parse

import numpy as np

from rwae_tf.errors import InputError

BINARY = "encode_bytes"
FORMS = {BINARY: "video_bytes", "encode_uint8": "video_uint8", "encode": "video"}
NAME = "load"  # of the model


class Load:
    """What some clients met: seconds of each answer, how many had which status, and the seconds of all of it.

    `cpu_seconds` are those that were spent on the answers.
    """

    def __init__(self):
        self.times, self.statuses, self.seconds, self.cpu_seconds = [], collections.Counter(), 0.0, 0.0

    def add(self, other):
        """Take in what another turn of the same measurement met."""
        self.times += other.times
        self.statuses += other.statuses
        self.seconds += other.seconds
        self.cpu_seconds += other.cpu_seconds

    def summary(self):
        """The numbers of a row of the table."""
        p50, p99 = (1000 * np.percentile(self.times or [np.nan], share) for share in (50, 99))
        good = self.statuses[200]
        return {"clips_per_second": good / self.seconds, "p50_ms": p50, "p99_ms": p99,
                "cpu_ms": 1000 * self.cpu_seconds / max(good, 1),
                "errors": sum(self.statuses.values()) - good, "statuses": dict(self.statuses)}


def cpu_seconds(pid):
    """What a process has spent so far."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")  # in user mode and in the kernel


@contextlib.contextmanager
def served(versions, *options):
    """Address and process id of a server."""
    command = [sys.executable, "-m", "rwae_tf.serve", "--port=0", f"--model={NAME}={versions}", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        if not line:
            raise InputError(f"{versions}: the server did not start; its error is above")
        yield line.split()[-1].rstrip("/"), process.pid
    finally:
        process.terminate()
        process.wait(60)


def ask(url, body, clients, seconds, pid=None):
    """The `Load` of some clients that ask the process `pid` as fast as they are answered."""
    load, place, end = Load(), urllib.parse.urlsplit(url), time.perf_counter() + seconds

    def run():
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=120)
        while (begin := time.perf_counter()) < end:
            try:
                connection.request("POST", f"/v1/models/{NAME}:predict", body)
                response = connection.getresponse()
                response.read()
                status = response.status
            except (OSError, http.client.HTTPException) as error:
                status = type(error).__name__
                connection.close()
            load.statuses[status] += 1
            if status == 200:
                load.times.append(time.perf_counter() - begin)

    before = cpu_seconds(pid) if pid else float("nan")
    begin, threads = time.perf_counter(), [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.seconds = time.perf_counter() - begin
    load.cpu_seconds = (cpu_seconds(pid) if pid else float("nan")) - before
    return load
