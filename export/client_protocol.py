"""Ask a server of the predict API of TensorFlow Serving: requests over REST and gRPC, their sizes, and retries.

REST needs NumPy, and nothing else that Python does not have. gRPC needs the package tensorflow-serving-api.
"""

import base64
import itertools
import json
import random
import time
import urllib.error
import urllib.request

import numpy as np

MAX_ERROR = 500  # characters of an error: some of the server's repeat the whole request
MAX_REQUEST = 8e6  # bytes of one request, about
FIRST_WAIT, MAX_WAIT = 0.5, 30  # seconds before a request is tried again
BUSY = (429, 503)  # statuses of a server that has too much to do


class Refused(ValueError):
    """The error that a server answers, in a line."""


class Busy(Refused):
    """The error of a server that has too much to do, and the seconds after which it wants to be asked again."""

    def __init__(self, line, seconds=0.0):
        super().__init__(line)
        self.seconds = seconds


def retry(call, retries):
    """The result of `call()`, tried again up to `retries` times where there is no connection or too much to do."""
    for attempt in itertools.count():
        try:
            return call()
        except (Busy, ConnectionError, urllib.error.URLError) as error:
            lost = isinstance(getattr(error, "reason", error), ConnectionError)
            if attempt >= retries or not (lost or isinstance(error, Busy)):
                raise
            wait = FIRST_WAIT * 2**attempt * random.uniform(1, 1.5)  # not all clients at the same moment
            time.sleep(min(max(wait, getattr(error, "seconds", 0.0)), MAX_WAIT))


def batches(instances, most):
    """Lists of at most `most` of the instances, which one request of about `MAX_REQUEST` bytes can carry."""
    batch, size = [], 0.0
    for instance in instances:
        more = _size(instance)
        if batch and (len(batch) == most or size + more > MAX_REQUEST):
            yield batch
            batch, size = [], 0.0
        batch.append(instance)
        size += more
    if batch:
        yield batch


def _size(value):
    """Bytes of a value in JSON, about."""
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    if isinstance(value, list):
        return sum(map(_size, value))
    return len(value) * 4 / 3 + 12 if isinstance(value, bytes) else 12 * np.size(value)


def predict(url, signature, instances, timeout=None):
    """The answers of a signature, one for each of `instances` (name -> value); bytes go and come as base64.

    Raises:
      Refused: for an answer that says what is wrong; `Busy` where that is too much to do.
      ValueError: one line, for an answer that is none of TensorFlow Serving's.
      OSError: where there is none.
    """
    body = json.dumps({"signature_name": signature, "instances": instances}, default=_encode).encode()
    request = urllib.request.Request(f"{url}:predict", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            answer = response.read()
    except urllib.error.HTTPError as error:
        line, after = f"the server answers {error.code}: {_error_text(error)}", error.headers.get("Retry-After", "")
        if error.code in BUSY:
            raise Busy(line, float(after) if after.isdecimal() else 0.0) from None
        raise Refused(line) from None
    try:
        return json.loads(answer, object_hook=_decode)["predictions"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{url} answers what TensorFlow Serving does not: {_line(answer)}; is this its REST port?") \
            from None


def predict_grpc(address, model, signature, instances, timeout=None):
    """What `predict` returns, asked of `model` over gRPC at `address`, "HOST:PORT".

    Raises:
      Refused: for an answer that says what is wrong; `Busy` where that is too much to do.
      ValueError: where tensorflow-serving-api is not installed.
      OSError: where there is no answer.
    """
    try:
        import grpc
        import tensorflow as tf
        from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc
    except ModuleNotFoundError as error:
        raise ValueError(f"--grpc: {error.name} is not installed; pip install tensorflow-serving-api") from None
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, signature
    for name in instances[0]:
        column = np.array([instance[name] for instance in instances])
        narrow = {"i": np.int32, "f": np.float32}.get(column.dtype.kind, object)
        request.inputs[name].CopyFrom(tf.make_tensor_proto(column.astype(narrow)))
    unlimited = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(address, unlimited) as channel:
        try:
            answer = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=timeout)
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
                raise TimeoutError from None
            if error.code() == grpc.StatusCode.UNAVAILABLE:
                raise ConnectionError(f"{address}: no connection; is the server up, and this its gRPC port?") from None
            kind = Busy if error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED else Refused
            raise kind(f"the server answers {error.code().name}: {_line(error.details().encode())}") from None
    outputs = {name: tf.make_ndarray(tensor) for name, tensor in answer.outputs.items()}
    if len(outputs) == 1:
        return list(*outputs.values())
    return [dict(zip(outputs, row, strict=True)) for row in zip(*outputs.values(), strict=True)]


def _line(answer):
    """The bytes of an answer in a line."""
    line = " ".join(answer.decode(errors="replace").split())
    return line if len(line) <= MAX_ERROR else line[:MAX_ERROR] + "..."


def _error_text(error):
    """What an HTTPError of the server says, in a line."""
    answer = error.read()
    try:
        answer = json.loads(answer)["error"].encode()
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{_line(answer) or error.reason} (no answer of TensorFlow Serving; is this its REST port?)"
    return _line(answer)


def _encode(value):
    """JSON of what is no JSON by itself: bytes and arrays."""
    return {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value.tolist()


def _decode(value):
    return base64.b64decode(value["b64"]) if set(value) == {"b64"} else value
