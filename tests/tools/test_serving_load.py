"""The load on a served model: what clients count, and the table; no time is ever tested."""

import http.server
import json
import os
import threading
import time

import pytest
import serving_table
from bench import serving_clients, serving_lines
from bench import serving_load as tool


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers every third request that there is too much to do, and ends its connection."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.count += 1
        self.send_response(503 if self.server.count % 3 == 0 else 200)
        self.send_header("Content-Length", "0")
        if self.server.count % 3 == 0:
            self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *_):
        pass


def test_clients_count_what_they_are_answered():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.count = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    load = serving_clients.ask(f"http://127.0.0.1:{server.server_port}", b"{}", 2, 0.3)
    server.shutdown()
    server.server_close()
    summary = load.summary()
    assert sum(load.statuses.values()) == server.count and load.statuses[503] == summary["errors"] == server.count // 3
    assert len(load.times) == load.statuses[200] and summary["clips_per_second"] > 0
    assert 0 < summary["p50_ms"] <= summary["p99_ms"]
    silent = serving_clients.ask("http://127.0.0.1:9", b"{}", 1, 0.05)
    assert set(silent.statuses) == {"ConnectionRefusedError"}


@pytest.mark.parametrize("form", serving_clients.FORMS)
def test_a_request_is_what_the_server_reads(form):
    import numpy as np

    from rwae_tf.serving.server import codec

    request = codec.parse_json(tool._body({"length": 3, "frame_shape": [16, 24, 3]}, form))
    dtype = {"encode": np.float32, "encode_uint8": np.uint8, "encode_bytes": object}[form]
    _, inputs = codec.read(request, {serving_clients.FORMS[form]: dtype})
    assert inputs[serving_clients.FORMS[form]].shape == ((1, 3) if form == "encode_bytes" else (1, 3, 16, 24, 3))


def test_measurements_take_turns_whose_loads_are_added():
    calls = []

    def call(name, answers):
        def ask(seconds):
            calls.append((name, seconds))
            load = serving_clients.Load()
            load.times, load.seconds, load.cpu_seconds = [seconds] * answers, seconds, 0.5
            load.statuses[200] += answers
            return load
        return ask

    loads = tool._in_turns({"a": call("a", 1), "b": call("b", 2)}, 12)
    assert calls == 6 * [("a", 0.4), ("a", 2.0), ("b", 0.4), ("b", 2.0)]  # a fifth of a turn's 12 / 6 s to warm up
    assert loads["b"].times == 12 * [2.0] and loads["b"].statuses == {200: 12}
    assert loads["b"].seconds == 12 and loads["b"].cpu_seconds == 3
    assert loads["b"].summary()["clips_per_second"] == 1 and loads["b"].summary()["cpu_ms"] == 250


def test_the_lines_say_what_the_numbers_mean(tmp_path):
    def row(form, server, clients, rate, p50):
        return {"form": form, "server": server, "clients": clients, "clips_per_second": rate, "p50_ms": p50,
                "p99_ms": 2 * p50, "cpu_ms": 1000 / rate, "errors": 0}

    after = {"p50_ms": 11.0, "errors": 0, "statuses": {}}
    clip = {"clip": [8, 64, 64, 3], "cpus": 2, "bytes": {"encode_bytes": 20_000}}
    speed = {"rows": [row("encode_bytes", "none, in process", 1, 100, 10), row("encode_bytes", "batching", 1, 91, 11),
                      row("encode_bytes", "batching", 32, 200, 150), row("encode_bytes", "no batching", 32, 80, 400)],
             "batches": [{"clips": clips, "clips_per_second": rate, "cpu_ms": 1000 / rate}
                         for clips, rate in ((1, 100), (32, 250))]}
    memory = {"memory": {"seconds": 600, "clients": 8, "megabytes": [400, 401]}}
    overload = {"overload": {"clients": 64, "queue": 16, "before": after, "during": {"statuses": {200: 5, 503: 90}},
                             "after": after}}
    text = "\n".join(serving_lines.lines(clip | speed | memory | overload))
    for words in ("| `encode_bytes` | batching | 32 | 200.0 | 150.0 | 300.0 | 5.0 | 0 |", "encode_bytes 20,000",
                  "waits 1.10 times as long as in process, 1.0 ms longer", "2.50 times the clips/s at 32 clients",
                  "for 0.40 times the CPU of a clip", "| 32 | 250.0 | 4.0 |", "32 clips in a call need 0.40 times",
                  "memory over 600 s, 8 clients: 400, 401 MB", "5 times 200, 90 times 503",
                  "p50 11.0 and 11.0 ms, 0 errors after"):
        assert words in text
    assert "overload" not in "\n".join(serving_lines.lines(clip | memory))
    (tmp_path / "load.json").write_text(json.dumps(clip | speed | memory | overload))
    made = serving_table.made(str(tmp_path / "load.json"))
    assert "\n- `encode_bytes`: one client waits 1.10" in made and "\n\n- Memory over 600 s" in made


def test_the_page_is_current():
    assert serving_table.main(["serving_table.py", "--check"]) == 0


def test_the_cpu_of_a_process_is_counted():
    before, own = serving_clients.cpu_seconds(os.getpid()), time.process_time()
    while time.process_time() < own + 0.2:
        pass
    assert 0.15 < serving_clients.cpu_seconds(os.getpid()) - before < 2
