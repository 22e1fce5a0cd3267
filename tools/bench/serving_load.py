"""Load on a served model: latency and clips a second at 1, 8 and 32 clients, beside the same call without a server.

    python -m rwae_tf.serve --model=export/models/sprites &
    python tools/bench/serving_load.py --export=export/models/sprites/1 --url=http://127.0.0.1:8501 --model=sprites

Each client sends one clip at a time to `encode_bytes` (images) or `encode` (numbers), as fast as it is answered.
"""

import base64
import functools
import http.client
import json
import os
import sys
import threading
import time
import urllib.parse

import numpy as np
from absl import flags as absl_flags

from rwae_tf import entry_point
from rwae_tf.config import flags


def main(argv):
    """Measure as `argv` says and print a table; see the module's docstring."""
    values = flags.new()
    string = functools.partial(absl_flags.DEFINE_string, flag_values=values)
    string("export", "", "Folder of the SavedModel that is served.")
    string("url", "http://127.0.0.1:8501", "Address of the server.")
    string("model", "sprites", "Its name there.")
    absl_flags.DEFINE_enum("signature", "encode_bytes", ["encode_bytes", "encode"], "What is asked.",
                           flag_values=values)
    absl_flags.DEFINE_integer("seconds", 15, "Of each measurement.", 1, flag_values=values)
    absl_flags.DEFINE_multi_integer("clients", [1, 8, 32], "How many ask at a time.", 1, flag_values=values)
    if not flags.parse(values, argv, __doc__):
        return 0
    flags.required(values, "export")
    with open(os.path.join(values.export, "assets.extra", "metadata.json"), encoding="utf-8") as file:
        spec = json.load(file)
    body = json.dumps({"signature_name": values.signature, "instances": [_clip(spec, values.signature)]}).encode()
    print(f"{values.signature}, {len(body)} bytes a request, {values.seconds} s each\n")
    print("| clients | clips/s | p50, ms | p99, ms | errors |\n|---|---|---|---|---|")
    print(_row("none, in process", *_bare(values.export, spec, values.signature, values.seconds)), flush=True)
    for clients in values.clients:
        print(_row(str(clients), *_ask(values, body, clients)), flush=True)
    return 0


def _clip(spec, signature):
    frames = np.random.default_rng(0).integers(0, 256, (spec["length"], *spec["frame_shape"])).astype(np.uint8)
    if signature == "encode":
        return {"video": (frames / 255).astype(np.float32).tolist()}
    import client  # of export/, which makes the images

    return {"video_bytes": [{"b64": base64.b64encode(image).decode()} for image in client.to_images(frames[None])[0]]}


def _bare(export, spec, signature, seconds):
    """Seconds of each call without a server, no errors, seconds that it took."""
    from rwae_tf.serving.server import codec, servable

    model = servable.Servable("bare", 1, export)
    called = model.signature(signature)
    _, inputs = codec.read({"instances": [_clip(spec, signature)]}, called.inputs)
    times, start = [], time.perf_counter()
    while time.perf_counter() < start + seconds:
        begin = time.perf_counter()
        model.run(called, inputs)
        times.append(time.perf_counter() - begin)
    return times, 0, time.perf_counter() - start


def _ask(values, body, clients):
    """Seconds of each answer, number of errors, seconds that it took."""
    times, errors, place = [], [], urllib.parse.urlsplit(values.url)
    end = time.perf_counter() + values.seconds

    def run():
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
        while time.perf_counter() < end:
            begin = time.perf_counter()
            connection.request("POST", f"/v1/models/{values.model}:predict", body)
            response = connection.getresponse()
            response.read()
            times.append(time.perf_counter() - begin)
            if response.status != 200:
                errors.append(response.status)

    begin = time.perf_counter()
    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, len(errors), time.perf_counter() - begin


def _row(name, times, errors, seconds):
    p50, p99 = (1000 * np.percentile(times, share) for share in (50, 99))
    return f"| {name} | {len(times) / seconds:.1f} | {p50:.1f} | {p99:.1f} | {errors} |"


if __name__ == "__main__":
    sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "export"))
    entry_point.run(main)
