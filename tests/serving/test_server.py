"""The server around a model: what is joined, what is turned away, and when. Its models here are plain functions."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys

import pytest
import rest
from doubling import Doubler, ask, at_once, metrics, running

from rwae_tf.serving.server import run


def test_requests_that_wait_are_joined_and_a_wrong_one_fails_alone():
    servable = Doubler()
    with running(servable, num_batch_threads=1, max_batch_size=8) as url:
        threads, _ = at_once(lambda: ask(url, 9))
        rest.wait_for(lambda: servable.runs == [1])
        more, results = at_once(*(lambda k=k: ask(url, k, k) for k in (1, 2, -3, 4)))
        rest.wait_for(lambda: b"rwae_waiting_requests 5.0" in metrics(url))
        servable.gate.set()
        for thread in threads + more:
            thread.join()
    assert [status for status, _ in results] == [200, 200, 400, 200]
    assert results[3][1] == {"predictions": [8, 8]} and results[2][1] == {"error": "x: below 0"}
    assert servable.runs[1] == 8  # all four in one run, and when that failed each alone
    assert sorted(servable.runs[2:]) == [2, 2, 2, 2]


def test_a_joined_run_stays_within_its_limit():
    servable = Doubler()
    with running(servable, num_batch_threads=1, max_batch_size=4) as url:
        threads, _ = at_once(lambda: ask(url, 9))
        rest.wait_for(lambda: servable.runs == [1])
        more, results = at_once(*(lambda k=k: ask(url, k) for k in range(6)), lambda: ask(url, *range(7)))
        rest.wait_for(lambda: b"rwae_waiting_requests 8.0" in metrics(url))
        servable.gate.set()
        for thread in threads + more:
            thread.join()
    assert {status for status, _ in results} == {200}
    assert sum(servable.runs) == 14 and max(servable.runs) == 7  # what is too large by itself runs alone


def test_overload_is_told_and_passes():
    servable = Doubler()
    with running(servable, num_batch_threads=1, max_queue=2) as url:
        threads, results = at_once(lambda: ask(url, 9))
        rest.wait_for(lambda: servable.runs == [1])
        more, others = at_once(lambda: ask(url, 1))
        rest.wait_for(lambda: b"rwae_waiting_requests 2.0" in metrics(url))
        status, answer = ask(url, 2)
        assert status == 503 and "2 requests are waiting" in answer["error"]
        assert rest.ask(url, "GET", "/healthz") == (200, {"status": "ok"})
        servable.gate.set()
        for thread in threads + more:
            thread.join()
        assert [status for status, _ in results + others] == [200, 200]
        assert ask(url, 3) == (200, {"predictions": [6]})


def test_a_late_answer_is_given_up():
    servable = Doubler()
    with running(servable, answer_seconds=0.3) as url:
        assert ask(url, 9) == (504, {"error": "No answer within 0.3 s"})
        servable.gate.set()
        assert ask(url, 1)[0] == 200


def test_a_request_that_comes_too_slowly_is_given_up():
    with running(Doubler(), read_seconds=0.3) as url:
        place = rest.connect(url)
        with socket.create_connection((place.host, place.port), timeout=30) as connection:
            connection.sendall(b"POST /v1/models/tiny:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 408") and b"not complete within 0.3 s" in answer


def test_a_silent_connection_is_closed(monkeypatch):
    monkeypatch.setattr(run, "_WAIT_HEADERS", 0.3)
    with running(Doubler()) as url:
        place = rest.connect(url)
        with socket.create_connection((place.host, place.port), timeout=30) as connection:
            connection.sendall(b"POST /v1/mod")
            assert connection.recv(1) == b""


@pytest.mark.parametrize("chunked", [False, True])
def test_too_large_a_request_is_refused(chunked):
    body = json.dumps({"instances": [1] * 1000}).encode()
    with running(Doubler(), max_body_bytes=1000) as url:
        connection = rest.connect(url)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", "/v1/models/tiny:predict", iter([body]) if chunked else body)
        response = connection.getresponse()
        assert response.status == 413 and "more than 1000 bytes" in json.loads(response.read())["error"]
        assert ask(url, 1)[0] == 200


def test_a_client_that_leaves_the_queue_is_not_computed_for():
    servable = Doubler()
    with running(servable, num_batch_threads=1, max_batch_size=1) as url:
        threads, _ = at_once(lambda: ask(url, 9))
        rest.wait_for(lambda: servable.runs == [1])
        connection = rest.connect(url)
        connection.request("POST", "/v1/models/tiny:predict", json.dumps({"instances": [1]}))
        rest.wait_for(lambda: b"rwae_waiting_requests 2.0" in metrics(url))
        connection.close()
        rest.wait_for(lambda: b"rwae_waiting_requests 1.0" in metrics(url))
        servable.gate.set()
        threads[0].join()
        assert ask(url, 2) == (200, {"predictions": [4]})
    assert servable.runs == [1, 1]


def test_metrics_count_by_model_verb_and_status():
    with running(Doubler()) as url:
        ask(url, 1)
        ask(url, -1)
        rest.predict(url, {"instances": [1]}, "none")
        page = metrics(url).decode()
    for line in ('rwae_requests_total{model="tiny",status="200",verb="predict"} 1.0',
                 'rwae_requests_total{model="tiny",status="400",verb="predict"} 1.0',
                 'rwae_requests_total{model="",status="404",verb=""} 1.0',
                 'rwae_batch_rows_count{model="tiny"} 2.0'):
        assert line in page, page


def test_the_page_is_told_of_the_models():
    with running(Doubler()) as url:
        connection = rest.connect(url)
        connection.request("GET", "/")
        response = connection.getresponse()
        assert (response.status, response.headers["location"]) == (307, "/?model=tiny")
        status, page = rest.ask(url, "GET", "/?model=tiny")
        assert status == 200 and b"app.js" in page
        assert rest.ask(url, "GET", "/app.js")[0] == 200
        assert rest.ask(url, "GET", "/../server/app.py")[0] == 404


@pytest.mark.slow
def test_a_taken_port_is_told_in_a_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run([sys.executable, "-m", "rwae_tf.serve", f"--model={tmp_path}", f"--port={port}"],
                              capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "take another --port" in done.stderr


STOPS = """
import asyncio, sys, threading, time
sys.path[:0] = sys.argv[1:]
import test_server
servable = test_server.Doubler()
with_run = servable.run
def slow(signature, inputs):
    time.sleep(1)
    return with_run(signature, inputs)
servable.run = slow
from rwae_tf.serving.server import app, registry, run
import uvicorn
models = registry.Registry({"tiny": "/nowhere"}, None)
models.models["tiny"].servables[1] = servable
listening = run._listen("127.0.0.1", 0)
print(listening.getsockname()[1], flush=True)
config = uvicorn.Config(app.Server(models).app(), http=run._Protocol, ws="none", log_config=None)
asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))
"""


@pytest.mark.slow
def test_a_server_told_to_stop_answers_what_is_under_way():
    here = os.path.dirname(os.path.abspath(__file__))
    command = [sys.executable, "-c", STOPS, here, os.path.dirname(here)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    url = f"http://127.0.0.1:{int(process.stdout.readline())}"
    rest.wait_for(lambda: listens(url))
    threads, results = at_once(lambda: ask(url, 4))
    rest.wait_for(lambda: b"rwae_waiting_requests 1.0" in metrics(url))
    process.send_signal(signal.SIGTERM)
    threads[0].join()
    assert results == [(200, {"predictions": [8]})]
    assert process.wait(30) in (0, -signal.SIGTERM)
    assert not listens(url)


def listens(url):
    with contextlib.suppress(OSError):
        return rest.ask(url, "GET", "/healthz")[0] in (200, 503)
    return False


LIGHT = """
import sys
import rwae_tf.serve, rwae_tf.serving.server.run
assert not {"tensorflow", "keras"} & set(sys.modules), "before a model is loaded"
import tensorflow
before = {name.split(".")[0] for name in sys.modules}
import rwae_tf.serving.server.servable
print(sorted({name.split(".")[0] for name in sys.modules} - before))
print(sorted(name for name in sys.modules if name.startswith("rwae_tf.models")))
"""


@pytest.mark.slow
def test_a_server_imports_no_more_than_it_needs():
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["[]", "[]"]


@pytest.mark.slow
def test_help_is_light():
    command = [sys.executable, "-X", "importtime", "-m", "rwae_tf.serve", "--help"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and "--model" in done.stdout
    assert "tensorflow" not in done.stderr and "starlette" not in done.stderr
