"""The ASGI application: TensorFlow Serving's routes, /healthz, Prometheus' page, and the page to play with at /."""

import asyncio
import contextlib
import pathlib
import time
import traceback
import urllib.parse
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from rwae_tf.serving.server import batcher, codec, metrics, replies, routes

PAGE = pathlib.Path(__file__).resolve().parent.parent / "page"
_INLINE = 200_000  # bytes; a larger request is decoded in a thread, so that it does not hold up the others
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Limits(NamedTuple):
    """What a server bears.

    Attributes:
      max_body_bytes: of one request.
      max_queue: requests at a time; more are answered 503.
      read_seconds: within which a request must have arrived.
      answer_seconds: within which it must be answered, from then on.
      max_batch_size: rows of a joined run.
      num_batch_threads: runs at a time.
      poll_seconds: between two looks for new versions.
    """

    max_body_bytes: int = 32 * 2**20
    max_queue: int = 128
    read_seconds: float = 30.0
    answer_seconds: float = 60.0
    max_batch_size: int = 64
    num_batch_threads: int = 2
    poll_seconds: float = 1.0


class Server:
    """Answers requests for the models of a registry.

    Args:
      registry: a `registry.Registry`.
      limits: `Limits`.
    """

    def __init__(self, registry, limits=None):
        self.registry, self.limits, self.metrics = registry, limits or Limits(), metrics.Metrics()
        self._batchers = weakref.WeakKeyDictionary()
        self._runs = ThreadPoolExecutor(self.limits.num_batch_threads, "run")
        self._codec = ThreadPoolExecutor(2, "codec")
        self._requests = 0

    def app(self):
        """The Starlette application."""
        return Starlette(lifespan=self._lifespan, routes=[
            Route("/healthz", self._health),
            Route(metrics.PATH, self._metrics),
            Route("/v1/{path:path}", self._serve, methods=_METHODS),
            Route("/", self._front),
            Mount("/", StaticFiles(directory=PAGE)),
        ])

    @contextlib.asynccontextmanager
    async def _lifespan(self, app):
        watch = asyncio.create_task(self._watch())
        yield
        watch.cancel()
        for pool in (self._runs, self._codec):
            pool.shutdown(wait=True, cancel_futures=True)

    async def _watch(self):
        while True:
            await asyncio.sleep(self.limits.poll_seconds)
            await asyncio.to_thread(self.registry.refresh)

    async def _health(self, request):
        missing = [model.name for model in self.registry.models.values() if not model.servables]
        if missing:
            return _json({"status": "not ready", "models": missing}, 503)
        return _json({"status": "ok"})

    async def _metrics(self, request):
        page, kind = self.metrics.page()
        return Response(page, media_type=kind)

    async def _front(self, request):
        """Serve the page. Its address lists the models, because the REST interface has no route for that."""
        if "model" not in request.query_params:
            models = urllib.parse.urlencode([("model", name) for name in self.registry.models])
            return RedirectResponse(f"/?{models}", 307)
        return Response((PAGE / "index.html").read_bytes(), media_type="text/html")

    async def _serve(self, request):
        started, target = time.perf_counter(), None
        self._requests += 1
        self.metrics.waiting.set(self._requests)
        try:
            target = routes.parse(request.method, request.scope["raw_path"].decode("latin-1"))
            response = await self._answer(request, target)
        except replies.ServingError as error:
            response = _json({"error": str(error)}, error.status)
            if error.code == "UNAVAILABLE":
                response.headers["Retry-After"] = "1"
            if error.code in ("REQUEST_TIMEOUT", "BODY_TOO_LARGE", "UNAVAILABLE"):
                response.headers["Connection"] = "close"  # what is left of the body is not read
        except ClientDisconnect:
            response = Response(status_code=replies.HTTP_STATUS["CANCELLED"])
        except Exception as error:  # a fault of the server, which goes on
            traceback.print_exc()
            response = _json({"error": f"{type(error).__name__}: {error}"[:replies.LONGEST]}, 500)
        finally:
            self._requests -= 1
            self.metrics.waiting.set(self._requests)
        self._count(target, response, time.perf_counter() - started)
        return response

    def _count(self, target, response, seconds):
        known = target is not None and target.model in self.registry.models
        model, verb = (target.model, target.verb) if known else ("", "")
        self.metrics.requests.labels(model, verb, response.status_code).inc()
        self.metrics.seconds.labels(model, verb).observe(seconds)

    async def _answer(self, request, target):
        if target.verb == "status":
            return _json(self.registry.status(target))
        if target.verb == "metadata":
            servable = self.registry.servable(target)
            return _json(await asyncio.to_thread(servable.metadata))
        if self._requests > self.limits.max_queue:
            raise replies.ServingError("UNAVAILABLE", f"{self.limits.max_queue} requests are waiting already; try "
                                                      "again later")
        body = await self._body(request)
        if target.verb != "predict":
            self.registry.servable(target)
            raise replies.invalid(f"No signature of {target.model} takes tf.Examples; use :predict")
        gone = asyncio.create_task(_disconnected(request))
        work = asyncio.create_task(self._predict(target, body))
        try:
            await asyncio.wait({gone, work}, timeout=self.limits.answer_seconds, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return Response(work.result(), media_type="application/json")
            if gone.done():
                raise ClientDisconnect
            raise replies.ServingError("DEADLINE_EXCEEDED", f"No answer within {self.limits.answer_seconds:g} s")
        finally:
            work.cancel()
            gone.cancel()

    async def _body(self, request):
        """The bytes of a request, which must be few enough and come soon enough."""
        limit = self.limits.max_body_bytes
        too_large = replies.ServingError("BODY_TOO_LARGE", f"The request has more than {limit} bytes; send fewer or "
                                                           "shorter clips, or raise --max_body_mb")
        length = request.headers.get("content-length", "0")
        if length.isdecimal() and int(length) > limit:
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(self.limits.read_seconds):
                async for part in request.stream():
                    body += part
                    if len(body) > limit:
                        raise too_large
        except TimeoutError:
            raise replies.ServingError("REQUEST_TIMEOUT", f"The request was not complete within "
                                                          f"{self.limits.read_seconds:g} s") from None
        return bytes(body)

    async def _predict(self, target, body):
        servable, signature, form, inputs = await self._coded(len(body), self._read, target, body)
        outputs = await self._batcher(servable).submit(signature, inputs)
        size = sum(array.size for array in outputs.values()) * 8
        return await self._coded(size, codec.write, form, outputs)

    def _read(self, target, body):
        request = codec.parse_json(body)
        name = codec.signature_name(request)
        servable = self.registry.servable(target)
        signature = servable.signature(name)
        return servable, signature, *codec.read(request, signature.inputs)

    async def _coded(self, size, function, *arguments):
        if size < _INLINE:
            return function(*arguments)
        return await asyncio.get_running_loop().run_in_executor(self._codec, function, *arguments)

    def _batcher(self, servable):
        if servable not in self._batchers:
            observe = self.metrics.rows.labels(servable.name).observe
            # The batcher knows its servable weakly, or neither would ever be let go.
            self._batchers[servable] = batcher.Batcher(
                weakref.proxy(servable), self._runs, self.limits.max_batch_size, self.limits.num_batch_threads, observe)
        return self._batchers[servable]


async def _disconnected(request):
    """Return when the client is gone. To be called when the body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _json(value, status=200):
    return Response(orjson.dumps(value), status, media_type="application/json")
