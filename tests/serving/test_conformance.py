"""The REST interface of TensorFlow Serving, case by case, of `rwae_tf.serve` and of the real one, if there is one.

The real one is `tensorflow_model_server` on PATH, or a server at RWAE_SERVING_URL which watches the folder
RWAE_SERVING_DIR, with the models "tiny" (its two newest versions, labels stable=1 and canary=2), "moving" and
"sprites".
"""

import base64
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading

import client
import numpy as np
import pytest
import rest
from rest import ACTIONS, clip, column, png, row

pytestmark = pytest.mark.slow
ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGE = png()
ACTION = [1.0, 0.0, 0.0]
CODES = {"z_c": [0.1] * 6, "z_m": [[0.2] * 3] * 2, "action": ACTION}
SEED = {"seed": 1, "length": 2, "action": ACTION}
MODEL = "/v1/models/tiny"
PREDICT = f"{MODEL}:predict"


@pytest.fixture(scope="module", params=["ours", "tensorflow_serving"])
def server(request, tiny, plain, tmp_path_factory):
    """The address of a server and the folder that it watches."""
    folder = os.environ.get(rest.FOLDER) if request.param != "ours" else None
    elsewhere = bool(folder and os.environ.get(rest.URL))
    if request.param != "ours" and not elsewhere and not shutil.which("tensorflow_model_server"):
        pytest.skip(f"no tensorflow_model_server on PATH, no {rest.URL} and {rest.FOLDER}")
    folder = folder if elsewhere else str(tmp_path_factory.mktemp("served"))
    rest.lay_out(tiny[1], folder, plain)
    if elsewhere:
        running = contextlib.nullcontext(os.environ[rest.URL])
    elif request.param == "ours":
        running = rest.ours(folder, "--poll_seconds=0.2")
    else:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        running = rest.tensorflow_serving(folder, port)
    with running as url:
        rest.wait_for(lambda: answers(url), 120)
        yield url, folder


def answers(url):
    """Whether all models are there."""
    with contextlib.suppress(OSError):
        return all(rest.ask(url, "GET", f"/v1/models/{name}")[0] == 200 for name in rest.MODELS)
    return False


GOOD = {  # name: method, path, body
    "status": ("GET", MODEL, None),
    "status of a version": ("GET", f"{MODEL}/versions/1", None),
    "metadata": ("GET", f"{MODEL}/metadata", None),
    "metadata of a version": ("GET", f"{MODEL}/versions/2/metadata", None),
    "metadata of a label": ("GET", f"{MODEL}/labels/stable/metadata", None),
    "name in percents": ("POST", "/v1/models/%74iny:predict", row("generate", SEED)),
    "default signature": ("POST", PREDICT, {"instances": [clip()]}),
    "empty signature name": ("POST", PREDICT, row("", clip())),
    "default signature by name": ("POST", PREDICT, row("serving_default", {"video": clip()})),
    "several rows": ("POST", PREDICT, row("encode", {"video": clip()}, {"video": clip(value=0.1)})),
    "column form": ("POST", PREDICT, column("encode", video=[clip(), clip()])),
    "column form without name": ("POST", PREDICT, {"signature_name": "encode", "inputs": [clip()]}),
    "column form, other names are passed over": ("POST", PREDICT, column("encode", video=[clip()], other=[1])),
    "other keys are passed over": ("POST", PREDICT, {**row("encode", clip()), "comment": "none"}),
    "of a version": ("POST", f"{MODEL}/versions/1:predict", row("encode", clip())),
    "of a label": ("POST", f"{MODEL}/labels/canary:predict", row("encode", clip())),
    "whole numbers for floats": ("POST", PREDICT, row("encode", clip(value=1))),
    "exponents": ("POST", PREDICT, json.dumps(row("encode", clip())).replace("0.5", "5e-1")),
    "longer clip": ("POST", PREDICT, row("encode", clip(7))),
    "decode": ("POST", PREDICT, row("decode", CODES)),
    "decode_bytes": ("POST", PREDICT, row("decode_bytes", CODES)),
    "reconstruct": ("POST", PREDICT, row("reconstruct", clip())),
    "swap": ("POST", PREDICT, row("swap", {"content": clip(), "motion": clip(value=0.2)})),
    "swap of unequal lengths": ("POST", PREDICT, row("swap", {"content": clip(3), "motion": clip(2)})),
    "generate": ("POST", PREDICT, row("generate", SEED)),
    "generate of two lengths": ("POST", PREDICT, row("generate", SEED, {**SEED, "length": 5})),
    "levels": ("POST", PREDICT, row("encode_uint8", {"video_uint8": clip(value=200)})),
    "levels in columns": ("POST", PREDICT, column("decode_uint8", **{k: [v] for k, v in CODES.items()})),
    "images": ("POST", PREDICT, row("encode_bytes", {"video_bytes": [IMAGE, IMAGE]})),
    "images without name": ("POST", PREDICT, row("encode_bytes", [IMAGE, IMAGE])),
    "images in columns": ("POST", PREDICT, column("swap_bytes", content_bytes=[[IMAGE]], motion_bytes=[[IMAGE]])),
    "base64 without padding": ("POST", PREDICT, row("encode_bytes", [{"b64": IMAGE["b64"].rstrip("=")}])),
    "grey image for colour": ("POST", PREDICT, row("encode_bytes", [png(mode="L", colour=9)])),
    "metadata signature": ("POST", PREDICT, row("metadata", {"rows": 0})),
    "metadata signature without name": ("POST", PREDICT, row("metadata", 0, 0)),
}


@pytest.mark.parametrize("case", GOOD)
def test_is_answered(server, case):
    method, path, body = GOOD[case]
    status, answer = rest.ask(server[0], method, path, body)
    assert status == 200, answer
    if method == "POST":
        assert list(answer) == ["outputs" if "inputs" in (body if isinstance(body, dict) else {}) else "predictions"]


BAD = {  # name: path of a POST (or method and path), body, status, part of the error
    "list for a length": (PREDICT, column("generate", seed=[0], length=[[]], action=[ACTION]), 400, ""),
    "unknown model": ("/v1/models/none:predict", row("encode", clip()), 404,
                      "Servable not found for request: Latest(none)"),
    "unknown version": (f"{MODEL}/versions/9:predict", row("encode", clip()), 404,
                        "Servable not found for request: Specific(tiny, 9)"),
    "unknown label": (f"{MODEL}/labels/none:predict", row("encode", clip()), 400,
                      "Unrecognized servable version label: none"),
    "version that is no number": (f"{MODEL}/versions/one:predict", row("encode", clip()), 400,
                                  "Malformed request: POST"),
    "version and label": (f"{MODEL}/versions/1/labels/stable:predict", row("encode", clip()), 400, "Malformed request"),
    "version too large": (f"{MODEL}/versions/99999999999999999999:predict", row("encode", clip()), 400,
                          "Failed to convert version: 99999999999999999999 to numeric."),
    "unknown signature": (PREDICT, row("none", clip()), 400, 'Serving signature name: "none" not found'),
    "signature that is no text": (PREDICT, {"signature_name": 1, "instances": [1]}, 400, "must be a string value"),
    "unknown verb": (f"{MODEL}:explain", row("encode", clip()), 400, "Malformed request: POST /v1/models/tiny:explain"),
    "classify": (f"{MODEL}:classify", {"examples": [{"x": 1}]}, 400, ""),
    "regress": (f"{MODEL}:regress", {"examples": [{"x": 1}]}, 400, ""),
    "post without verb": (MODEL, row("encode", clip()), 400, "Malformed request: POST /v1/models/tiny"),
    "get of a verb": (("GET", PREDICT), None, 400, "Malformed request: GET /v1/models/tiny:predict"),
    "put": (("PUT", PREDICT), row("encode", clip()), 400, "Malformed request: PUT"),
    "status of no model": (("GET", "/v1/models"), None, 400, "Missing model name in request."),
    "status of an unknown model": (("GET", "/v1/models/none"), None, 404, "Could not find any versions of model none"),
    "status of an unknown version": (("GET", f"{MODEL}/versions/9"), None, 404, "Could not find version 9"),
    "metadata of an unknown model": (("GET", "/v1/models/none/metadata"), None, 404, "Servable not found"),
    "no body": (PREDICT, b"", 400, "JSON Parse error: The document is empty"),
    "no JSON": (PREDICT, "instances", 400, "JSON Parse error: "),
    "JSON cut short": (PREDICT, json.dumps(row("encode", clip()))[:-9], 400, "JSON Parse error: "),
    "two values": (PREDICT, "{} {}", 400, "JSON Parse error: "),
    "no UTF-8": (PREDICT, b'{"signature_name": "\xff", "instances": [1]}', 400, ""),
    "a list": (PREDICT, [1, 2], 400, "Is not object"),
    "neither form": (PREDICT, {"signature_name": "encode"}, 400, "Missing 'inputs' or 'instances' key"),
    "both forms": (PREDICT, {"instances": [1], "inputs": [1]}, 400, "expecting only one of 'inputs' or 'instances'"),
    "instances that are no list": (PREDICT, {"instances": {"video": 1}}, 400, "'instances' to be an list/array"),
    "no rows": (PREDICT, row("encode"), 400, "No values in 'instances' array"),
    "no rows in columns": (PREDICT, column("encode", video=[]), 400, ""),
    "no frames": (PREDICT, row("encode", []), 400, ""),
    "clip of no frames in columns": (PREDICT, column("encode_bytes", video_bytes=[[]]), 400,
                                       "empty; give one clip of one frame at least"),
    "plain list for two inputs": (PREDICT, row("swap", clip()), 400,
                                  "instances is a plain list, but expecting list of"),
    "plain value for two inputs": (PREDICT, {"signature_name": "swap", "inputs": [clip()]}, 400,
                                   "inputs is a plain value/list, but expecting an object"),
    "object, then list": (PREDICT, row("encode", {"video": clip()}, clip()), 400,
                          "Expecting object but got list at item 1 of input list"),
    "list, then object": (PREDICT, row("encode", clip(), {"video": clip()}), 400,
                          "Expecting value/list but got object at item 1 of input list"),
    "missing input": (PREDICT, row("swap", {"content": clip()}), 400, "keys must be equal to: content,motion"),
    "missing input in columns": (PREDICT, column("swap", content=[clip()]), 400,
                                 "Missing named input: motion in 'inputs' object."),
    "extra input": (PREDICT, row("swap", {"content": clip(), "motion": clip(), "more": 1}), 400,
                    "does not have named input: more"),
    "input of another name": (PREDICT, row("encode", {"clip": clip()}), 400, "does not have named input: clip"),
    "text for numbers": (PREDICT, row("encode", "video"), 400, "Type: String is not of expected type: float"),
    "true for numbers": (PREDICT, json.dumps(row("encode", clip())).replace("0.5", "true", 1), 400,
                         "Type: True is not of expected type: float"),
    "null for numbers": (PREDICT, json.dumps(row("encode", clip())).replace("0.5", "null", 1), 400,
                         "Type: Null is not of expected type: float"),
    "object for numbers": (PREDICT, row("encode", [[[[IMAGE]]]]), 400, "Type: Object is not of expected type: float"),
    "numbers for images": (PREDICT, row("encode_bytes", [1, 2]), 400, "Type: Number is not of expected type: string"),
    "fraction for a seed": (PREDICT, row("generate", {**SEED, "seed": 1.0}), 400, "is not of expected type: int32"),
    "seed too large": (PREDICT, row("generate", {**SEED, "seed": 2**31}), 400, "is not of expected type: int32"),
    "number too large for a float": (PREDICT, row("decode", {**CODES, "z_c": [1e39] * 6}), 400,
                                     "without loss of precision"),
    "whole number too large for a float": (PREDICT, row("decode", {**CODES, "z_c": [2**24] * 6}), 400,
                                           "without loss of precision"),
    "rows of unequal shapes": (PREDICT, row("encode", clip(2), clip(3)), 400, "Failed to process element: 1"),
    "ragged clip": (PREDICT, row("encode", [*clip(1), clip(1, side=8)[0]]), 400, "Encountered list at unexpected size"),
    "number for a list": (PREDICT, row("encode", [*clip(1), 0.5]), 400, "found at incorrect level"),
    "list for a number": (PREDICT, row("decode", {**CODES, "z_c": [0.1, [0.1]]}), 400,
                          "Encountered list at unexpected level"),
    "wrong rank": (PREDICT, row("encode", clip()[0]), 400, "not compatible with expected shape"),
    "scalar": (PREDICT, {"signature_name": "metadata", "inputs": 0}, 400, ""),
    "wrong size": (PREDICT, row("encode", clip(side=8)), 400, "is not compatible with expected shape [?,?,16,16,3]"),
    "channels first": (PREDICT, row("encode", np.zeros((2, 3, 16, 16)).tolist()), 400,
                       "is not compatible with expected shape"),
    "codes of another width": (PREDICT, row("decode", {**CODES, "z_c": [0.1] * 5}), 400, "[?,6]"),
    "unequal first dimensions": (PREDICT, column("swap", content=[clip()], motion=[clip()] * 2), 400,
                                 "first dimensions differ; content has 1; motion has 2"),
    "bytes of 0 to 255": (PREDICT, row("encode", clip(value=255)), 400, "divide uint8 frames by 255"),
    "level above 255": (PREDICT, row("encode_uint8", {"video_uint8": clip(value=256)}), 400,
                        "is not of expected type: "),
    "fraction for a level": (PREDICT, row("encode_uint8", {"video_uint8": clip()}), 400, "is not of expected type: "),
    "NaN": (PREDICT, json.dumps(row("encode", clip())).replace("0.5", "NaN", 1), 400,
            "1 of 1536 values are NaN or infinite"),
    "Infinity": (PREDICT, json.dumps(row("decode", CODES)).replace("0.2", "-Infinity", 1), 400, "NaN or infinite"),
    "length 0": (PREDICT, row("generate", {**SEED, "length": 0}), 400, "expected 1 to 10000 frames"),
    "length above the cap": (PREDICT, row("generate", {**SEED, "length": 10_001}), 400, "expected 1 to 10000 frames"),
    "action that is no share": (PREDICT, row("generate", {**SEED, "action": [1, 1, 0]}), 400,
                                "a sum of 1 in every row"),
    "base64 that is none": (PREDICT, row("encode_bytes", [{"b64": "%%%"}]), 400, "Unable to base64 decode"),
    "b64 with another key": (PREDICT, row("encode_bytes", {"video_bytes": [{"b64": "aaaa", "type": "png"}]}), 400,
                             "not formatted correctly for base64 data"),
    "b64 that is no text": (PREDICT, row("encode_bytes", {"video_bytes": [{"b64": 1}]}), 400,
                            "not formatted correctly for base64 data"),
    "no image": (PREDICT, row("encode_bytes", [{"b64": base64.b64encode(b"none").decode()}]), 400, ""),
    "text for an image": (PREDICT, row("encode_bytes", ["picture.png"]), 400, ""),
    "image of another size": (PREDICT, row("encode_bytes", [png(side=8)]), 400, "not compatible with expected shape"),
    "deep nesting": (PREDICT, '{"instances": ' + "[" * 500 + "]" * 500 + "}", 400, ""),
}


@pytest.mark.parametrize("case", BAD)
def test_is_refused(server, case):
    where, body, expected, part = BAD[case]
    method, path = where if isinstance(where, tuple) else ("POST", where)
    status, answer = rest.ask(server[0], method, path, body)
    assert (status, list(answer)) == (expected, ["error"]), answer
    assert part in answer["error"]


def curl_lines():
    """The curl commands of export/README.md, each with the answer printed below it."""
    text = (ROOT / "export" / "README.md").read_text()
    blocks = re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL)
    return [(command, *blocks[k + 1]) for k, (_, command) in enumerate(blocks) if command.startswith("curl")]


@pytest.mark.parametrize("command, kind, printed", curl_lines())
def test_a_curl_line_of_the_readme_answers_as_printed(server, command, kind, printed):
    assert kind == "text"
    if not shutil.which("curl"):
        pytest.skip("no curl")
    command = command.replace("curl ", "curl --silent --show-error --noproxy '*' ", 1)
    done = subprocess.run(command.replace("localhost:8501", server[0].removeprefix("http://")), cwd=ROOT, shell=True,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    pattern = ".*".join(map(re.escape, "".join(printed.split()).split("...")))  # "..." stands for anything
    assert re.fullmatch(pattern, "".join(done.stdout.split())), done.stdout[:1000]


def test_status_tells_every_version(server):
    _, answer = rest.ask(server[0], "GET", MODEL)
    states = {entry["version"]: (entry["state"], entry["status"]["error_code"], entry["status"]["error_message"])
              for entry in answer["model_version_status"]}
    assert states == {"1": ("AVAILABLE", "OK", ""), "2": ("AVAILABLE", "OK", "")}


def test_metadata_tells_every_signature(server):
    _, answer = rest.ask(server[0], "GET", f"{MODEL}/versions/1/metadata")
    assert answer["model_spec"] == {"name": "tiny", "signature_name": "", "version": "1"}
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    verbs = ("encode", "decode", "reconstruct", "swap", "generate")
    twins = {verb + suffix for verb in verbs for suffix in ("_uint8", "_bytes")}
    assert {"metadata", "serving_default", *verbs, *twins} <= set(signatures)
    video = signatures["encode"]["inputs"]["video"]
    assert video["dtype"] == "DT_FLOAT"
    assert [size["size"] for size in video["tensor_shape"]["dim"]] == ["-1", "-1", "16", "16", "3"]
    assert signatures["encode"]["method_name"] == "tensorflow/serving/predict"


def test_both_forms_give_the_models_numbers(server, tiny):
    x = np.random.default_rng(1).random((3, 4, 16, 16, 3)).astype(np.float32)
    codes = tiny[0].encode(x)
    expected = {name: np.asarray(code) for name, code in codes._asdict().items()}
    _, rows = rest.predict(server[0], row("encode", *x.tolist()))
    _, columns = rest.predict(server[0], column("encode", video=x.tolist()))
    for name, code in expected.items():
        np.testing.assert_allclose([entry[name] for entry in rows["predictions"]], code, rtol=0, atol=1e-5)
        np.testing.assert_allclose(columns["outputs"][name], code, rtol=0, atol=1e-5)
    levels = np.rint(255 * x).astype(np.uint8)
    images = [[{"b64": base64.b64encode(image).decode()} for image in images] for images in client.to_images(levels)]
    of_levels = tiny[0].encode(levels / np.float32(255))
    for form, body in (("uint8", row("encode_uint8", *levels.tolist())), ("bytes", row("encode_bytes", *images))):
        _, answer = rest.predict(server[0], body)
        for name, code in of_levels._asdict().items():
            np.testing.assert_allclose([entry[name] for entry in answer["predictions"]], code, 0, 1e-5, err_msg=form)
    _, video = rest.predict(server[0], row("swap", *({"content": a, "motion": b} for a, b in zip(
        x.tolist(), x[::-1].tolist(), strict=True))))
    np.testing.assert_allclose(video["predictions"], tiny[0].swap(content=x, motion=x[::-1]), rtol=0, atol=1e-5)


def test_a_seed_draws_the_clip_of_python(server, tiny):
    _, answer = rest.predict(server[0], row("generate", *({**SEED, "seed": seed, "length": 3} for seed in (4, 5))))
    expected = tiny[0].generate(num=2, length=3, seed=4, action=np.eye(ACTIONS, dtype=np.float32)[[0, 0]])
    np.testing.assert_allclose(answer["predictions"], expected, rtol=0, atol=1e-5)


def test_numbers_are_written_as_the_shortest_text_of_a_float32(server):
    _, answer = rest.predict(server[0], row("encode", clip()))
    values = answer["predictions"][0]["z_c"]
    assert all(isinstance(value, float) and float(str(np.float32(value))) == value for value in values)


def test_one_connection_serves_many_requests(server):
    connection = rest.connect(server[0])
    for body in (row("encode", clip()), row("none", clip()), row("encode", clip())):
        connection.request("POST", PREDICT, json.dumps(body))
        response = connection.getresponse()
        assert (response.status == 200) == (body["signature_name"] == "encode")
        response.read()
    connection.close()


def test_requests_at_once_get_their_own_answers(server):
    results = {}

    def ask(k):
        body = row("encode", clip(value=k / 32)) if k % 4 else row("encode", clip(value=2))
        results[k] = rest.predict(server[0], body)

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k, (status, answer) in results.items():
        assert status == (200 if k % 4 else 400)
        if k % 4:
            _, alone = rest.predict(server[0], row("encode", clip(value=k / 32)))
            np.testing.assert_allclose(answer["predictions"][0]["z_c"], alone["predictions"][0]["z_c"], atol=2e-5)


def test_an_oversized_body_harms_nobody(server):
    """40 MB, more than `--max_body_mb` by default; TensorFlow Serving has no such limit, and refuses the spaces."""
    body = b'{"instances": ' + b" " * (40 * 2**20)
    status, answer = rest.ask(server[0], "POST", PREDICT, body)
    assert status in (400, 413) and list(answer) == ["error"]
    assert rest.predict(server[0], row("encode", clip()))[0] == 200


def test_a_slow_client_is_answered(server):
    body = json.dumps(row("encode", clip(1))).encode()
    place = rest.connect(server[0])
    with socket.create_connection((place.host, place.port), timeout=60) as connection:
        connection.sendall(b"POST /v1/models/tiny:predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                           b"Content-Length: %d\r\n\r\n" % len(body))
        for part in (body[:100], body[100:5000], body[5000:]):
            connection.sendall(part)
            threading.Event().wait(0.3)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("sent", [
    b"POST /v1/mod", b"POST /v1/models/tiny:predict HTTP/1.1\r\nContent-Length: 99\r\n\r\n{",
    b"\x16\x03\x01\x00\xee", b"GET /v1/models/tiny HTTP/9.9\r\n\r\n"])
def test_a_connection_that_is_cut_harms_nobody(server, sent):
    place = rest.connect(server[0])
    for _ in range(5):
        with socket.create_connection((place.host, place.port)) as connection:
            connection.sendall(sent)
    assert rest.predict(server[0], row("encode", clip()))[0] == 200


def test_a_new_version_takes_over_without_a_failed_request(server):
    url, folder = server
    stop, statuses = threading.Event(), []

    def ask():
        while not stop.is_set():
            statuses.append(rest.predict(url, row("encode", clip()), "moving")[0])

    def available():
        entries = rest.ask(url, "GET", "/v1/models/moving")[1]["model_version_status"]
        return {entry["version"] for entry in entries if entry["state"] == "AVAILABLE"}

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for version in (2, 3):
        rest.add_version(os.path.join(folder, "moving"), version)
        rest.wait_for(lambda version=version: str(version) in available(), 120)
    rest.wait_for(lambda: available() == {"2", "3"}, 120)
    stop.set()
    for thread in threads:
        thread.join()
    assert statuses and set(statuses) == {200}
    assert rest.predict(url, row("encode", clip()), "moving", "/versions/3")[0] == 200
    assert rest.predict(url, row("encode", clip()), "moving", "/versions/1")[0] == 404
