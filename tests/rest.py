"""Servers and requests of the tests of REST: a tiny exported model, processes that serve it, raw HTTP."""

import base64
import contextlib
import http.client
import io
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.parse

import numpy as np
from PIL import Image

SIDE, ACTIONS = 16, 3
MODELS = ("tiny", "moving", "sprites")
LABELS = {"stable": 1, "canary": 2}
URL, FOLDER = "RWAE_SERVING_URL", "RWAE_SERVING_DIR"  # of a TensorFlow Serving elsewhere that watches a folder


def build_tiny(actions=ACTIONS):
    """A tiny model, with the same weights in every process."""
    import keras

    from rwae_tf import config, models
    from rwae_tf.types import SequenceSpec

    keras.utils.set_random_seed(1)
    settings = config.Config(
        data=config.DataConfig(dataset="moving_shapes", size=SIDE),
        model=config.ModelConfig(channels=4, feature_size=10, content_size=6, motion_size=3, hidden_size=8,
                                 action_size=actions))
    model = models.build(settings, SequenceSpec((SIDE, SIDE, 3), 4, static=("colour",), factors={
        "shape": ("square", "disc"), "colour": ("red", "blue")}))
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:  # at their initial values all outputs are nearly the same grey
        weight.assign(weight + random.normal(0, 0.3, weight.shape))
    return model


def build_speech():
    """A tiny model of speech, with the same weights in every process."""
    import keras

    from rwae_tf import config, models
    from rwae_tf.types import SequenceSpec

    keras.utils.set_random_seed(1)
    settings = config.Config(
        data=config.DataConfig(dataset="speakers", length=20),
        model=config.ModelConfig(backbone="speech", channels=4, feature_size=10, content_size=6, motion_size=3,
                                 hidden_size=8))
    return models.build(settings, SequenceSpec(
        (200,), 20, "speech", normalization=((-60.0,) * 200, (20.0,) * 200)))


def export_tiny(model, folder):
    """Export it to folder/1."""
    from rwae_tf.serving import saved_model

    saved_model.export(model, str(folder), actions={"factor": "shape", "matching": ["square", "disc", None]})


def lay_out(with_actions, folder, plain):
    """The folders that a server of the tests watches: "tiny" of versions 1 and 2, "moving" and "sprites" of version 1.

    Args:
      with_actions: a SavedModel with actions, of "tiny" and "moving".
      folder: of all these folders.
      plain: one without, of "sprites".

    Warm-up requests, which take half a minute of a busy core, are left to "tiny" of version 1.
    """
    for name in ("tiny/1", "tiny/2", "moving/1", "sprites/1"):
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        cold = shutil.ignore_patterns("tf_serving_warmup_requests") if name != "tiny/1" else None
        shutil.copytree(plain if name == "sprites/1" else with_actions, os.path.join(folder, name), ignore=cold)


def add_version(folder, version):
    """Add a copy of version 1 to the folder of a model as `rwae_tf.export` adds one: whole or not at all."""
    shutil.copytree(os.path.join(folder, "1"), os.path.join(folder, ".part"))
    os.rename(os.path.join(folder, ".part"), os.path.join(folder, str(version)))


@contextlib.contextmanager
def ours(folder, *flags, labels=LABELS):
    """The address of `python -m rwae_tf.serve` with the models in `folder`; the labels are those of "tiny"."""
    models = [f"--model={folder}/{name}" for name in sorted(os.listdir(folder))]
    names = [f"--label=tiny/{label}={version}" for label, version in labels.items()]
    command = [sys.executable, "-m", "rwae_tf.serve", "--port=0", "--num_versions=2", *models, *names, *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().split()[-1].rstrip("/")
    finally:
        process.terminate()
        process.wait(60)


@contextlib.contextmanager
def tensorflow_serving(folder, port):
    """The address of `tensorflow_model_server` with the models in `folder`."""
    labels = "".join(f' version_labels {{ key: "{key}" value: {value} }}' for key, value in LABELS.items())
    config = "".join(f'config {{ name: "{name}" base_path: "{folder}/{name}" model_platform: "tensorflow" '
                     f"model_version_policy {{ latest {{ num_versions: 2 }} }}{labels * (name == 'tiny')} }}\n"
                     for name in MODELS)
    path = os.path.join(folder, "models.config")
    with open(path, "w") as file:
        file.write(f"model_config_list {{\n{config}}}\n")
    process = subprocess.Popen(["tensorflow_model_server", f"--rest_api_port={port}", "--port=0",
                                f"--model_config_file={path}", "--allow_version_labels_for_unavailable_models"])
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def connect(url, timeout=60):
    """An open connection."""
    place = urllib.parse.urlsplit(url)
    return http.client.HTTPConnection(place.hostname, place.port, timeout=timeout)


def ask(url, method, path, body=None, timeout=60):
    """Status and body, an object where it is JSON; a value that is no text is sent as JSON."""
    connection = connect(url, timeout)
    data = body if body is None or isinstance(body, (bytes, str)) else json.dumps(body)
    try:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may answer before it has read all
            connection.request(method, path, data)
        response = connection.getresponse()
        text = response.read()
    finally:
        connection.close()
    try:
        return response.status, json.loads(text)
    except ValueError:
        return response.status, text


def predict(url, body, model="tiny", where=""):
    """Status and answer of a request for a prediction."""
    return ask(url, "POST", f"/v1/models/{model}{where}:predict", body)


def wait_for(condition, seconds=60):
    """Wait until `condition()` holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def clip(frames=2, value=0.5, side=SIDE, channels=3):
    """A clip of numbers as nested lists."""
    return np.full((frames, side, side, channels), value).tolist()


def png(side=SIDE, mode="RGB", colour=(200, 30, 60)):
    """A picture in base64."""
    buffer = io.BytesIO()
    Image.new(mode, (side, side), colour).save(buffer, "PNG")
    return {"b64": base64.b64encode(buffer.getvalue()).decode()}


def row(signature, *instances):
    """A request in row form."""
    return {"signature_name": signature, "instances": list(instances)}


def column(signature, **inputs):
    """A request in column form."""
    return {"signature_name": signature, "inputs": inputs}
