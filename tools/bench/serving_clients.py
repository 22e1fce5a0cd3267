"""Clients of a served model, as many as wanted at once, and what they met; for `serving_load`."""

import collections
import contextlib
import os
import re
import socket
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
_TIMEOUT = 120  # seconds for a connection, and for each part of an answer


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


class _Client:
    """Sends one prepared request again and again, on one connection.

    The work of Python's http.client on each, its headers above all, would count as the server's.

    Args:
      url: of the server.
      body: of the request.
    """

    def __init__(self, url, body):
        place = urllib.parse.urlsplit(url)
        self._address, self._socket = (place.hostname, place.port), None
        self._request = (f"POST /v1/models/{NAME}:predict HTTP/1.1\r\nHost: {place.netloc}\r\n"
                         f"Content-Length: {len(body)}\r\n\r\n").encode() + body

    def ask(self):
        """The status of an answer that has been read to its end.

        Raises:
          OSError: where the connection fails or ends before.
        """
        if self._socket is None:
            self._socket = socket.create_connection(self._address, _TIMEOUT)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(self._request)
        answer = self._receive(b"")
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer = self._receive(answer)
        head = answer[:end].lower()
        length = int(re.search(rb"\ncontent-length: *(\d+)", head)[1])
        while len(answer) < end + 4 + length:
            answer = self._receive(answer)
        if head.startswith(b"http/1.0") or b"\nconnection: close" in head:
            self.close()
        return int(head.split(None, 2)[1])

    def _receive(self, answer):
        """`answer` and what comes next."""
        if not (part := self._socket.recv(2**16)):
            raise ConnectionResetError("the connection ended within an answer")
        return answer + part

    def close(self):
        """End the connection; the next request makes another one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def ask(url, body, clients, seconds, pid=None):
    """The `Load` of some clients that ask the process `pid` as fast as they are answered."""
    load, end = Load(), time.perf_counter() + seconds

    def run():
        client = _Client(url, body)
        while (begin := time.perf_counter()) < end:
            try:
                status = client.ask()
            except OSError as error:
                status = type(error).__name__
                client.close()
            load.statuses[status] += 1
            if status == 200:
                load.times.append(time.perf_counter() - begin)
        client.close()

    before = cpu_seconds(pid) if pid else float("nan")
    begin, threads = time.perf_counter(), [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.seconds = time.perf_counter() - begin
    load.cpu_seconds = (cpu_seconds(pid) if pid else float("nan")) - before
    return load
