"""The client's requests: odd answers, busy servers, many clips, gRPC."""

import contextlib
import http.server
import json
import threading

import client
import client_protocol
import numpy as np
import pytest
import tensorflow as tf
from served import grpc_service, refused


class Odd(http.server.BaseHTTPRequestHandler):
    """Answers that are none of TensorFlow Serving's; which, the model's name says."""

    def do_POST(self):
        name = self.path.split("/")[3].split(":")[0]
        if name == "slow":
            self.server.waiting.wait(20)
            return
        answers = {"page": (200, b"<html>\nhello</html>"), "gateway": (502, b"<html>Bad Gateway</html>"),
                   "huge": (400, json.dumps({"error": "x" * 10_000}).encode()), "list": (200, b"[1, 2]"),
                   "silent": (503, b"")}
        status, body = answers[name]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_client_understands_other_servers_answers(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    server = http.server.ThreadingHTTPServer(("localhost", 0), Odd)
    server.waiting = threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for model, words in [("page", "answers what TensorFlow Serving does not: <html> hello</html>; is this its REST po"),
                         ("list", "answers what TensorFlow Serving does not: [1, 2]"),
                         ("gateway", "the server answers 502: <html>Bad Gateway</html> (no answer of TensorFlow Serv"),
                         ("silent", "the server answers 503: Service Unavailable"),
                         ("huge", "the server answers 400: xxx"),
                         ("slow", "no answer within 0.2 s; give a larger --timeout")]:
        line = refused(capsys, "generate", "a.npy", f"--server=http://localhost:{server.server_port}", "--retries=0",
                       f"--model={model}", "--timeout=0.2" if model == "slow" else "--timeout=20")
        assert words in line and len(line) < 700
    server.waiting.set()
    server.shutdown()
    server.server_close()


class Busy(http.server.BaseHTTPRequestHandler):
    """Has too much to do, breaks connections, and answers at last; the answer counts the instances of each request."""

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(len(request["instances"]))
        status = self.server.faults.pop(0) if self.server.faults else 200
        if status is None:
            return self.connection.close()
        self.send_response(status)
        self.send_header("Retry-After", "0")
        self.end_headers()
        row = [float(len(self.server.asked))] * 3
        self.wfile.write(json.dumps({"predictions": [[row]] * len(request["instances"])} if status == 200 else
                                    {"error": "busy"}).encode())

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def busy(*faults):
    """The flag for a server with these faults first, and the server, whose `asked` has the rows of each request."""
    server = http.server.ThreadingHTTPServer(("localhost", 0), Busy)
    server.faults, server.asked = list(faults), []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"--server=http://localhost:{server.server_port}", server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("retries, faults, words", [
    (4, (503, None, 429), None), (2, (503, 503, 503), "the server answers 503: busy"), (4, (500,), "answers 500: busy"),
    (1, (None, None), "")])
def test_the_client_tries_again_where_that_may_help(tmp_path, monkeypatch, capsys, retries, faults, words):
    monkeypatch.chdir(tmp_path)
    waits = []
    monkeypatch.setattr(client_protocol.time, "sleep", waits.append)
    with busy(*faults) as (address, server):
        command = ["generate", "a.npy", "--length=1", f"--retries={retries}", address]
        if words is None:
            assert client.main(command) == 0 and np.load("a.npy").shape == (1, 1, 3)
            assert len(server.asked) == 4 and len(waits) == 3 and waits == sorted(waits)
        else:
            assert words in refused(capsys, *command)
            assert len(server.asked) == (1 if faults == (500,) else 1 + retries)


def test_the_wait_is_the_servers_but_not_for_ever(monkeypatch):
    waits = []
    monkeypatch.setattr(client_protocol.time, "sleep", waits.append)
    for seconds, expected in ((7.0, 7.0), (1e6, client_protocol.MAX_WAIT)):
        answers = iter([client_protocol.Busy("busy", seconds), "answer"])

        def call(answers=answers):
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

        assert client_protocol.retry(call, 1) == "answer" and waits.pop() == expected


def test_many_clips_are_sent_in_several_requests(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with busy() as (address, server):
        seeds = list(map(str, range(40)))
        assert client.main(["generate", "a.npy", "--length=1", "--batch=16", address, "--seeds", *seeds]) == 0
        assert server.asked == [16, 16, 8]
        assert np.load("a.npy")[:, 0, 0].tolist() == [1.0] * 16 + [2.0] * 16 + [3.0] * 8
    large = [{"video": np.zeros(client_rows)} for client_rows in (10, 400_000, 400_000, 10)]
    assert list(map(len, client_protocol.batches(large, 16))) == [2, 2]
    images = [{"video_bytes": [b"x" * 4_000_000]}] * 3
    assert list(map(len, client_protocol.batches(images, 16))) == [1, 1, 1]


def test_errors_over_grpc_are_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def generate(seed, length):
        with tf.control_dependencies([tf.debugging.assert_positive(length, "length:\n0")]):
            return {"speech": tf.zeros((tf.size(seed), tf.reduce_max(length), 8))}

    specs = [tf.TensorSpec((None,), tf.int32, name) for name in ("seed", "length")]
    with grpc_service({"generate": tf.function(generate, input_signature=specs)}) as address:
        assert client.main(["generate", address, "a.npy", "--length=3"]) == 0 and np.load("a.npy").shape == (1, 3, 8)
        for arguments, words in [(["--length=0"], "the server answers INVALID_ARGUMENT: "),
                                 (["--model=cats"], "the server answers NOT_FOUND: Servable not found: cats"),
                                 (["--grpc=localhost:9", "--retries=0"], "localhost:9: no connection; is"),
                                 (["--timeout=0"], "no answer within 0 s")]:
            assert words in refused(capsys, "generate", address, "a.npy", *arguments)
