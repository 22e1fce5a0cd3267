"""The server around a model: what is joined, what is turned away, and when. Its models here are plain functions."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest
import rest

pytest.importorskip("starlette", reason="the extra `serve` is not installed")

import uvicorn  # noqa: E402

from rwae_tf.errors import InputError  # noqa: E402
from rwae_tf.serving.server import app, registry, replies, routes, run  # noqa: E402


class Signature:
    name, inputs, outputs = "double", {"x": np.float32}, ["y"]


class Doubler:
    """A servable that doubles numbers, refuses negative ones and, at 9, waits for `gate`."""

    def __init__(self, name="tiny", version=1, path=""):
        self.name, self.version, self.path = name, version, path
        self.runs, self.gate = [], threading.Event()

    def signature(self, name):
        if name not in ("", "double"):
            raise replies.invalid(f'Serving signature name: "{name}" not found in signature def')
        return Signature()

    def run(self, signature, inputs):
        self.runs.append(len(inputs["x"]))
        if (inputs["x"] == 9).any():
            assert self.gate.wait(30)
        if (inputs["x"] < 0).any():
            raise replies.invalid("x: below 0")
        return {"y": 2 * inputs["x"]}

    def metadata(self):
        return {}


@contextlib.contextmanager
def running(servable, **limits):
    """The address of a server in a thread, with one model."""
    models = registry.Registry({"tiny": "/nowhere"}, None)
    models.models["tiny"].servables[1] = servable
    models.models["tiny"].states[1] = ("AVAILABLE", "OK", "")
    listening = run._listen("127.0.0.1", 0)
    application = app.Server(models, app.Limits(**limits)).app()
    config = uvicorn.Config(application, http=run._Protocol, ws="none", log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
    thread.start()
    try:
        rest.wait_for(lambda: server.started)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        servable.gate.set()
        server.should_exit = True
        thread.join()


def ask(url, *values):
    return rest.predict(url, {"instances": list(values)})


def at_once(*calls):
    """Results of calls, each in a thread of its own."""
    results = [None] * len(calls)

    def call(k):
        results[k] = calls[k]()

    threads = [threading.Thread(target=call, args=(k,)) for k in range(len(calls))]
    for thread in threads:
        thread.start()
    return threads, results


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


def metrics(url):
    return rest.ask(url, "GET", "/monitoring/prometheus/metrics")[1]


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


class Versions:
    """A folder of versions, and a registry over it with one model."""

    def __init__(self, folder, **options):
        self.folder = folder
        self.registry = registry.Registry({"m": str(folder)}, self.load, {"m": {"stable": 1}}, **options)
        self.broken = set()

    def add(self, version, complete=True):
        (self.folder / str(version)).mkdir()
        if complete:
            (self.folder / str(version) / "saved_model.pb").touch()
        self.registry.refresh()

    def load(self, name, version, path):
        if version in self.broken:
            raise ValueError("damaged")
        return Doubler(name, version, path)

    def served(self):
        return sorted(self.registry.models["m"].servables)


def test_the_newest_complete_versions_are_served(tmp_path):
    versions = Versions(tmp_path, num_versions=2)
    for version in (1, 2, 10):
        versions.add(version)
    versions.add(11, complete=False)
    (tmp_path / ".part-x").mkdir()
    versions.registry.refresh()
    assert versions.served() == [2, 10]
    assert versions.registry.servable(routes.Target("predict", "m")).version == 10
    states = versions.registry.status(routes.Target("status", "m"))["model_version_status"]
    assert [(entry["version"], entry["state"]) for entry in states] == [
        ("10", "AVAILABLE"), ("2", "AVAILABLE"), ("1", "END")]


def test_a_version_that_cannot_be_loaded_replaces_none(tmp_path):
    versions = Versions(tmp_path)
    versions.broken.add(2)
    versions.add(1)
    versions.add(2)
    assert versions.served() == [1]
    [entry] = versions.registry.status(routes.Target("status", "m", 2))["model_version_status"]
    assert entry["state"] == "END" and entry["status"] == {"error_code": "UNKNOWN", "error_message": "damaged"}
    versions.add(3)
    assert versions.served() == [3]


def test_a_label_is_a_version(tmp_path):
    versions = Versions(tmp_path, num_versions=2)
    versions.add(1)
    versions.add(2)
    assert versions.registry.servable(routes.Target("predict", "m", None, "stable")).version == 1
    with pytest.raises(replies.ServingError, match="Unrecognized servable version label: none"):
        versions.registry.servable(routes.Target("predict", "m", None, "none"))


def test_a_model_without_versions_is_refused(tmp_path):
    versions = Versions(tmp_path)
    versions.registry.refresh()
    with pytest.raises(InputError, match="no version of m to serve"):
        versions.registry.require_all()


@pytest.mark.parametrize("arguments, message", [
    (["/no/such/folder"], "no such folder"),
    (["a b=/"], "no spaces"),
    (["{here}", "x/..={here}"], "name"),
    (["{here}", "{here}"], "a second model named"),
    (["pretrained/none"], "no such pretrained model"),
])
def test_wrong_models_are_refused_in_a_line(arguments, message, tmp_path):
    with pytest.raises(InputError, match=message):
        run.models([argument.format(here=tmp_path) for argument in arguments], str(tmp_path))


def test_a_run_is_exported_once_for_its_weights(tmp_path, monkeypatch):
    (tmp_path / "r" / "checkpoints").mkdir(parents=True)
    (tmp_path / "r" / "config.json").touch()
    commands = []

    def export(command, **_):
        commands.append(command)
        os.makedirs(os.path.join(command[-1].removeprefix("--export_dir="), "1"))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(run.subprocess, "run", export)
    first = run.models([f"{tmp_path}/r"], f"{tmp_path}/cache")
    assert run.models([f"m={tmp_path}/r/"], f"{tmp_path}/cache") == {"m": first["r"]} and len(commands) == 1
    assert commands[0][1:4] == ["-m", "rwae_tf.export", f"--run_dir={tmp_path}/r"]
    (tmp_path / "r" / "checkpoints" / "ckpt-2.index").touch()
    assert run.models([f"{tmp_path}/r"], f"{tmp_path}/cache") != first and len(commands) == 2


def test_one_version_is_no_model(tmp_path):
    (tmp_path / "saved_model.pb").touch()
    with pytest.raises(InputError, match="is one version; give the folder of all"):
        run.models([str(tmp_path)], str(tmp_path))


def test_labels_are_read():
    assert run.labels(["stable=1", "canary=2"], {"m": ""}) == {"m": {"stable": 1, "canary": 2}}
    assert run.labels(["b/stable=1"], {"a": "", "b": ""}) == {"b": {"stable": 1}}
    for wrong in (["stable"], ["stable=1"], ["c/stable=1"]):
        with pytest.raises(InputError, match="--label="):
            run.labels(wrong, {"a": "", "b": ""})


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
