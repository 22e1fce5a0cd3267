"""Servers for the client of export/: the predict API over REST and gRPC, on signatures of a SavedModel."""

import base64
import concurrent.futures
import contextlib
import http.server
import json
import threading

import client
import pytest
import tensorflow as tf


class Handler(http.server.BaseHTTPRequestHandler):
    """TensorFlow Serving's predict API in its row format, on the SavedModel in the server's `signatures`."""

    def do_POST(self):
        if self.path != "/v1/models/sprites:predict":
            return self.answer(404, {"error": f"{self.path} not found"})
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])), object_hook=self.decode)
        function = self.server.signatures.get(request["signature_name"])
        if function is None:
            return self.answer(400, {"error": f'Serving signature key "{request["signature_name"]}" not found.'})
        specs = function.structured_input_signature[1]
        rows = request["instances"]
        if any(set(row) != set(specs) for row in rows):
            return self.answer(400, {"error": f"inputs must be {sorted(specs)}"})
        inputs = {name: tf.constant([row[name] for row in rows], spec.dtype) for name, spec in specs.items()}
        try:
            answer = function(**inputs)
        except tf.errors.InvalidArgumentError as error:
            return self.answer(400, {"error": error.message})
        outputs = {name: self.encode(value.numpy().tolist()) for name, value in answer.items()}
        predictions = [dict(zip(outputs, row, strict=True)) for row in zip(*outputs.values(), strict=True)]
        if len(outputs) == 1:  # a single output comes without its name
            [predictions] = outputs.values()
        self.answer(200, {"predictions": predictions})

    def decode(self, value):
        return base64.b64decode(value["b64"]) if "b64" in value else value

    def encode(self, value):
        if isinstance(value, list):
            return [self.encode(item) for item in value]
        return {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value

    def answer(self, status, value):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def rest(signatures):
    """The flag for a REST server of `signatures`."""
    server = http.server.HTTPServer(("localhost", 0), Handler)
    server.signatures = signatures
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"--server=http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


@contextlib.contextmanager
def grpc_service(signatures):
    """The flag for a gRPC server of `signatures`, which answers Predict as TensorFlow Serving does."""
    pytest.importorskip("tensorflow_serving", reason="the extra `grpc` is not installed")
    import grpc
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request, context):
            name = request.model_spec.signature_name
            if request.model_spec.name != "sprites":
                context.abort(grpc.StatusCode.NOT_FOUND, f"Servable not found: {request.model_spec.name}")
            if name not in signatures:
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.')
            inputs = {key: tf.constant(tf.make_ndarray(tensor)) for key, tensor in request.inputs.items()}
            try:
                outputs = signatures[name](**inputs)
            except tf.errors.InvalidArgumentError as error:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, error.message)
            return predict_pb2.PredictResponse(
                outputs={key: tf.make_tensor_proto(value.numpy()) for key, value in outputs.items()})

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(1))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Service(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"--grpc=127.0.0.1:{port}"
    server.stop(None).wait()


def refused(capsys, *arguments):
    """The one line that the client ends with."""
    capsys.readouterr()
    assert client.main(list(arguments)) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    return line
