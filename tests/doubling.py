"""A server of a model that doubles its inputs, and requests to it."""

import asyncio
import contextlib
import threading

import numpy as np
import pytest
import rest

pytest.importorskip("starlette", reason="the extra `serve` is not installed")

import uvicorn  # noqa: E402

from rwae_tf.serving.server import app, registry, replies, run  # noqa: E402


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


def metrics(url):
    return rest.ask(url, "GET", "/monitoring/prometheus/metrics")[1]
