"""The files of export/: valid configurations, and a client that a server's answers suit."""

import base64
import concurrent.futures
import contextlib
import http.server
import importlib.util
import io
import json
import pathlib
import threading
import types

import client
import imageio_ffmpeg
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2
from PIL import Image

GRPC = importlib.util.find_spec("tensorflow_serving")
EXPORT = pathlib.Path(__file__).resolve().parents[2] / "export"


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


@pytest.fixture(params=[rest])
def served(request, exported, tmp_path, monkeypatch):
    """`call(*arguments)` runs the client against a server of the exported model, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    np.save("clips.npy", exported.x[:, :4])
    np.save("levels.npy", np.rint(exported.x[::-1, :4] * 255).astype(np.uint8))
    with request.param(tf.saved_model.load(exported.path).signatures) as address:
        yield types.SimpleNamespace(call=lambda verb, *arguments: client.main([verb, address, *arguments]),
                                    model=exported.model, x=exported.x[:, :4], actions=exported.actions)


def assert_clips(path, expected):
    """The clips in `path` are `expected` within the rounding to 256 levels."""
    np.testing.assert_allclose(np.load(path), 255 * np.asarray(expected), rtol=0, atol=0.51)


@pytest.mark.slow
@pytest.mark.parametrize("served", [rest, grpc_service], indirect=True, ids=["rest", "grpc"])
@pytest.mark.parametrize("exported", ["plain", "actions"], indirect=True)
def test_client_answers_as_the_model(served):
    assert served.call("encode", "clips.npy", "codes.npz") == 0
    codes = served.model.encode(served.x)
    with np.load("codes.npz") as read:
        assert set(read) == {name for name, code in codes._asdict().items() if code is not None}
        for name, code in read.items():
            np.testing.assert_allclose(code, getattr(codes, name), rtol=0, atol=1e-5)

    assert served.call("decode", "codes.npz", "decoded.npy") == 0
    assert_clips("decoded.npy", served.model.decode(codes))

    assert served.call("reconstruct", "clips.npy", "reconstructed.npy") == 0
    assert_clips("reconstructed.npy", served.model.reconstruct(served.x))

    assert served.call("swap", "clips.npy", "levels.npy", "swapped.npy") == 0
    assert_clips("swapped.npy", served.model.swap(content=served.x, motion=served.x[::-1]))

    action = ["--action", "2", str(served.actions)] if served.actions else []
    assert served.call("generate", "generated.npy", "--seeds", "3", "1", "--length", "6", *action) == 0
    one_hot = [[0, 0, 1, 0]] * 2 if served.actions else None
    assert_clips("generated.npy", served.model.generate(2, 6, seed=[3, 1], action=one_hot))


@pytest.mark.slow
@pytest.mark.parametrize("exported", ["plain"], indirect=True)
def test_client_writes_a_gif_and_says_what_is_wrong(served, capsys):
    assert served.call("generate", "clips.gif", "--seeds", "1", "2", "--length", "5") == 0
    gif = Image.open("clips.gif")
    assert (gif.n_frames, gif.size) == (5, (2 * 18, 18))  # each clip of 16 x 16 in a frame of one pixel

    assert served.call("generate", "clips.mp4", "--seeds", "1", "2", "3", "--length", "5") == 0
    assert imageio_ffmpeg.count_frames_and_secs("clips.mp4")[0] == 5

    np.save("flat.npy", np.zeros((2, 16, 16, 3)))
    np.save("loud.npy", np.full((1, 2, 16, 16, 3), 3.0))
    for arguments, words in [(["encode", "absent.npy", "a.npz"], "absent.npy"),
                             (["encode", "flat.npy", "a.npz"], "(2, 16, 16, 3)"),
                             (["encode", "loud.npy", "a.npz"], "3.0"),
                             (["encode", "clips.npy", "a.npz", "--model=cats"], "404"),
                             (["generate", "a.npy", "--action", "0", "3"], "400"),
                             (["encode", "clips.npy", "a.npz", "--server=http://localhost:9", "--retries=0"],
                              "refused")]:
        capsys.readouterr()
        assert served.call(*arguments) == 1
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith("error: ") and words in line


def refused(capsys, *arguments):
    """The one line that the client ends with."""
    capsys.readouterr()
    assert client.main(list(arguments)) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    return line


def test_client_refuses_wrong_files_before_it_asks(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.save("codes.npy", np.zeros((2, 6)))
    np.savez("names.npz", z_c=np.zeros((2, 6)), motion=np.zeros((2, 4, 3)))
    np.savez("uneven.npz", z_c=np.zeros((2, 6)), z_m=np.zeros((3, 4, 3)))
    np.save("two.npy", np.zeros((2, 1, 16, 16, 1)))
    np.save("one.npy", np.zeros((1, 1, 16, 16, 1)))
    np.save("none.npy", np.zeros((0, 1, 16, 16, 1)))
    (tmp_path / "text.npy").write_text("text")
    for arguments, words in [
            (["decode", "codes.npy", "a.npy"], "codes.npy: holds one array; expected an .npz of z_c, z_m"),
            (["decode", "names.npz", "a.npy"], "names.npz: holds z_c, motion; expected"),
            (["decode", "uneven.npz", "a.npy"], "uneven.npz: z_c has 2, z_m has 3 clips; give as many of each"),
            (["encode", "names.npz", "a.npz"], "names.npz: an .npz, expected a .npy of clips"),
            (["encode", "text.npy", "a.npz"], "text.npy: not a .npy or .npz that can be read"),
            (["encode", "none.npy", "a.npz"], "none.npy: clips have shape (0, 1, 16, 16, 1)"),
            (["swap", "two.npy", "one.npy", "a.gif"], "two.npy has 2 clips and one.npy has 1; give as many of each"),
            (["generate", "a.avi"], "a.avi: the output must end in .npy or .gif or .mp4 or .wav"),
            (["encode", "two.npy", "a.npy"], "a.npy: the output must end in .npz"),
            (["generate", "absent/a.gif"], "absent/a.gif: no such folder"),
            (["generate", "a.gif", "--retries=0", "--grpc=localhost:9"], "localhost:9: no connection" if GRPC else
                "tensorflow_serving is not installed; pip install tensorflow-serving-api"),
            (["generate", "a.gif", "--action", "9", "6"], "--action 9 6: of 6 actions, numbers are from 0 to 5"),
            (["generate", "a.gif", "--action", "-1", "6"], "--action -1 6: of 6 actions"),
            (["swap", "absent.mp4", "two.npy", "a.gif"], "absent.mp4: no such file"),
            (["generate", "a.gif", "--retries=0", "--server=http://localhost:9"], "refused; is the server up")]:
        assert words in refused(capsys, *arguments)


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
    monkeypatch.setattr(client.time, "sleep", waits.append)
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
    monkeypatch.setattr(client.time, "sleep", waits.append)
    for seconds, expected in ((7.0, 7.0), (1e6, client.LONGEST_WAIT)):
        answers = iter([client.Busy("busy", seconds), "answer"])

        def call(answers=answers):
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

        assert client.retry(call, 1) == "answer" and waits.pop() == expected


def test_many_clips_are_sent_in_several_requests(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with busy() as (address, server):
        seeds = list(map(str, range(40)))
        assert client.main(["generate", "a.npy", "--length=1", "--batch=16", address, "--seeds", *seeds]) == 0
        assert server.asked == [16, 16, 8]
        assert np.load("a.npy")[:, 0, 0].tolist() == [1.0] * 16 + [2.0] * 16 + [3.0] * 8
    large = [{"video": np.zeros(client_rows)} for client_rows in (10, 400_000, 400_000, 10)]
    assert list(map(len, client.batches(large, 16))) == [2, 2]
    images = [{"video_bytes": [b"x" * 4_000_000]}] * 3
    assert list(map(len, client.batches(images, 16))) == [1, 1, 1]


def film(path):
    """A GIF of 5 frames, wider than high."""
    frames = [Image.fromarray(np.random.default_rng(k).integers(0, 256, (20, 30, 3), np.uint8)) for k in range(5)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)


@pytest.mark.slow
@pytest.mark.parametrize("exported", ["plain"], indirect=True)
def test_own_films_are_read_as_by_the_package(served):
    from rwae_tf.data.video import single

    film("mine.gif")
    with contextlib.redirect_stdout(None):
        assert served.call("reconstruct", "mine.gif", "out.mp4") == 0
        assert served.call("swap", "mine.gif", "mine.gif", "out.npy") == 0
    x = np.rint(255 * single.frames("mine.gif", 16, 3)[None]) / 255
    assert_clips("out.npy", served.model.swap(content=x, motion=x))
    assert served.call("reconstruct", "out.mp4", "again.npy") == 0
    assert np.load("again.npy").shape == (1, 5, 16, 16, 3)
    assert served.call("generate", "out.wav") == 1


def speech_signatures(size=8):
    """Signatures of a model of speech, which do simple sums."""
    def clips(name):
        return tf.TensorSpec((None, None, size), tf.float32, name)

    seed, length = (tf.TensorSpec((None,), tf.int32, name) for name in ("seed", "length"))
    verbs = {"encode": (lambda speech: {"z_c": speech[:, 0, :1], "z_m": speech - 1}, [clips("speech")]),
             "decode": (lambda z_c, z_m: {"speech": z_m + z_c[:, None]},
                        [tf.TensorSpec((None, 1), tf.float32, "z_c"), clips("z_m")]),
             "swap": (lambda content, motion: {"speech": motion - content}, [clips("content"), clips("motion")]),
             "generate": (lambda seed, length: {"speech": tf.cast(seed, tf.float32)[:, None, None] * tf.ones(
                 (1, tf.reduce_max(length), size))}, [seed, length]),
             "metadata": (lambda rows: {"metadata": tf.fill(tf.shape(rows), json.dumps({
                 "modality": "speech", "length": 20, "frame_shape": [size], "configuration": {
                     "data": {"spectrum": "linear", "min_db": -100.0}}}))}, [tf.TensorSpec((None,), tf.int32, "rows")])}
    return {name: tf.function(function, input_signature=specs).get_concrete_function()
            for name, (function, specs) in verbs.items()}


def test_client_asks_models_of_speech(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tf.saved_model.save(tf.Module(), "speech", speech_signatures())
    server = http.server.HTTPServer(("localhost", 0), Handler)
    server.signatures = tf.saved_model.load("speech").signatures
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"--server=http://localhost:{server.server_port}"
    x = np.random.default_rng(0).normal(-40, 10, (2, 3, 8)).astype(np.float32)
    np.save("x.npy", x)
    assert client.main(["encode", address, "x.npy", "codes.npz"]) == 0
    with np.load("codes.npz") as codes:
        np.testing.assert_allclose(codes["z_m"], x - 1, rtol=0, atol=1e-5)
    assert client.main(["decode", address, "codes.npz", "y.npy"]) == 0
    np.testing.assert_allclose(np.load("y.npy"), x - 1 + x[:, :1, :1], rtol=0, atol=1e-5)
    assert client.main(["swap", address, "x.npy", "y.npy", "z.npy"]) == 0
    np.testing.assert_allclose(np.load("z.npy"), np.load("y.npy") - x, rtol=0, atol=1e-5)
    assert client.main(["generate", address, "g.npy", "--seeds", "3", "5", "--length", "4"]) == 0
    assert np.load("g.npy").shape == (2, 4, 8) and np.load("g.npy")[:, 0, 0].tolist() == [3, 5]
    assert "g.gif: speech is written as a .npy" in refused(capsys, "generate", address, "g.gif")
    server.shutdown()
    server.server_close()


def test_own_recordings_are_converted_as_by_the_package(tmp_path, monkeypatch):
    from rwae_tf.data.speech import audio, single, spectra

    monkeypatch.chdir(tmp_path)
    tf.saved_model.save(tf.Module(), "speech", speech_signatures(spectra.BINS))
    rng = np.random.default_rng(0)
    for name, seconds in (("voice.wav", 0.5), ("words.wav", 0.9)):
        audio.write_wav(name, rng.normal(0, 0.1, int(16_000 * seconds)))
    voice, words = (single.frames(name, "linear", -100.0, 20) for name in ("voice.wav", "words.wav"))
    with rest(tf.saved_model.load("speech").signatures) as address:
        assert client.main(["swap", address, "voice.wav", "words.wav", "mix.npy"]) == 0
        assert client.main(["swap", address, "voice.wav", "words.wav", "mix.wav"]) == 0
    first = [segments[::20, :1] for segments in (voice, words)]  # z_c of this model
    shift = first[0].mean() - first[1].mean()
    expected = (words - 1).reshape(4, 20, -1) + (first[1] + shift)[:, :, None]
    np.testing.assert_allclose(np.load("mix.npy"), expected, rtol=0, atol=1e-4)
    assert len(audio.read("mix.wav")) == 79 * 160 + 400


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


@pytest.mark.slow
@pytest.mark.parametrize("exported", ["plain"], indirect=True)
def test_request_file_is_answered(exported):
    request = json.loads((EXPORT / "generate.json").read_text())
    function = tf.saved_model.load(exported.path).signatures[request["signature_name"]]
    inputs = {name: tf.constant([row[name] for row in request["instances"]]) for name in request["instances"][0]}
    assert function(**inputs)["video_bytes"].shape == (2, 8)


def message(name, **fields):
    """A protobuf message class with optional fields, name -> type; [type] repeats."""
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    proto = descriptor_pb2.FileDescriptorProto(
        name="serving.proto", package="serving", syntax="proto3", dependency=["google/protobuf/wrappers.proto"])

    def add(name, fields):
        described = proto.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields.items(), 1):
            entry = described.field.add(name=field, number=number, label=3 if isinstance(kind, list) else 1)
            [kind] = kind if isinstance(kind, list) else [kind]
            if isinstance(kind, dict):
                add(name + "_" + field, kind)
                entry.type, entry.type_name = 11, f".serving.{name}_{field}"
            elif kind in ("Int64Value", "StringValue"):
                entry.type, entry.type_name = 11, f".google.protobuf.{kind}"
            else:
                entry.type = {"int64": 3, "bool": 8, "string": 9, "uint32": 13}[kind]

    add(name, fields)
    pool.Add(proto)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"serving.{name}"))()


def parse(file, name, **fields):
    return text_format.Parse((EXPORT / file).read_text(), message(name, **fields))


# The fields below are those of TensorFlow Serving's BatchingParameters, MonitoringConfig and ModelServerConfig.

def test_batching_config():
    parsed = parse("batching.config", "BatchingParameters", max_batch_size="Int64Value",
                   batch_timeout_micros="Int64Value", max_enqueued_batches="Int64Value",
                   num_batch_threads="Int64Value", thread_pool_name="StringValue", allowed_batch_sizes=["int64"],
                   pad_variable_length_inputs="bool")
    assert parsed.max_batch_size.value == 64 and not parsed.pad_variable_length_inputs


def test_monitoring_config():
    parsed = parse("monitoring.config", "MonitoringConfig", prometheus_config={"enable": "bool", "path": "string"})
    assert parsed.prometheus_config.enable
    assert parsed.prometheus_config.path in (EXPORT / "README.md").read_text()


def test_models_config():
    policy = {"latest": {"num_versions": "uint32"}, "all": {}, "specific": {"versions": ["int64"]}}
    model = {"name": "string", "base_path": "string", "model_platform": "string", "model_version_policy": policy}
    parsed = parse("models.config", "ModelServerConfig", model_config_list={"config": [model]})
    [config] = parsed.model_config_list.config
    assert (config.model_platform, config.model_version_policy.latest.num_versions) == ("tensorflow", 1)
    readme = (EXPORT / "README.md").read_text()
    assert f"--export_dir={config.base_path.removeprefix('/')}" in readme and ":/export:ro" in readme


def test_a_folder_of_pictures_is_a_clip_as_the_loader_sees_it(tmp_path):
    from rwae_tf.data.video.decoding import Reader
    from rwae_tf.data.video.discovery import Video

    rng = np.random.default_rng(0)
    shown = rng.integers(0, 256, (11, 64, 64, 3), np.uint8)
    for number, frame in enumerate(shown):
        found = Image.Exif()
        found[0x0112] = 6  # to be turned right by a quarter
        alpha = rng.integers(0, 256, (64, 64), np.uint8)
        picture = Image.fromarray(np.rot90(frame)) if number % 2 else Image.fromarray(np.dstack([frame, alpha]))
        picture.save(tmp_path / f"img_{number}.png", **({"exif": found} if number % 2 else {}))
    (images,) = client.load_clips(str(tmp_path))
    files = tuple(str(tmp_path / f"img_{number}.png") for number in range(11))
    loaded = list(Reader(3).frames(Video("v", "frames", files)))
    sent = [np.asarray(Image.open(io.BytesIO(image))) for image in images]
    np.testing.assert_array_equal(sent, loaded)
    np.testing.assert_array_equal(sent[1::2], shown[1::2])


@pytest.mark.parametrize("names, says", [
    ((), "holds no pictures"), (("a_1.png", "b_1.png"), "of several kinds"), (("1.png", "wide_2.png"), "several kinds"),
    (("1.png", "2.png"), "of several sizes"), (("1.jpg",), "not a picture that can be read")])
def test_folders_that_are_no_clip(tmp_path, names, says):
    for number, name in enumerate(names):
        Image.new("RGB", (8 + number, 8)).save(tmp_path / name, "PNG") if len(names) > 1 else (
            tmp_path / name).write_bytes(b"text")
    with pytest.raises(ValueError, match=says):
        client.load_clips(str(tmp_path))
