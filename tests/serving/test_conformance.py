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

import client_files
import numpy as np
import pytest
import rest
from rest import ACTIONS, clip, column, row
from rest_cases import BAD, GOOD, MODEL, PREDICT, SEED

pytestmark = pytest.mark.slow
ROOT = pathlib.Path(__file__).resolve().parents[2]


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


@pytest.mark.parametrize("case", GOOD)
def test_is_answered(server, case):
    method, path, body = GOOD[case]
    status, answer = rest.ask(server[0], method, path, body)
    assert status == 200, answer
    if method == "POST":
        assert list(answer) == ["outputs" if "inputs" in (body if isinstance(body, dict) else {}) else "predictions"]


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
    images = [[{"b64": base64.b64encode(image).decode()} for image in clip_images]
              for clip_images in client_files.to_images(levels)]
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
