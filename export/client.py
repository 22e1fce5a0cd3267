#!/usr/bin/env python3
"""Ask a served model over REST, or over gRPC (--grpc). Needs NumPy and Pillow, nothing else for REST.

    python client.py generate out.gif --seeds 0 1 2 --length 40
    python client.py generate out.gif --seeds 0 1 2 --action 4 6      # of a model with 6 actions: number 4, from 0
    python client.py encode clips.npy codes.npz
    python client.py decode codes.npz out.npy
    python client.py reconstruct clips.npy out.gif
    python client.py swap content.npy motion.npy out.gif
    python client.py reconstruct clips.npy out.mp4 --grpc=localhost:8500
    python client.py swap me.mp4 you.gif mix.gif                      # own files
    python client.py swap voice.wav words.wav mix.wav --model=speech

Clips are .npy files [N, T, H, W, C], uint8 or float in [0, 1], with H, W and C as the model card says, or a folder
of the pictures of one clip, which are turned upright and put on black as the model's own data were. Clips are written
as .npy (uint8), or as a .gif or .mp4 of all clips side by side. Of a model of speech they are .npy files [N, T, F] of
decibels, in and out, or a .wav of all clips, one after the other. Codes are .npz files of z_c, z_m (, action).

Films, GIFs and recordings are read, and .wav files written, by the package rwae_tf, in every form and at the sizes that
its datasets have. An .mp4 needs the package imageio-ffmpeg, gRPC the package tensorflow-serving-api.

Many clips are sent in several requests (--batch), one after the other. What fails because the server has too much to
do or cannot be reached is tried again, after longer and longer waits (--retries).
"""

import argparse
import base64
import contextlib
import functools
import http.client
import importlib.util
import io
import itertools
import json
import os
import random
import re
import sys
import time
import urllib.error
import urllib.request
import zipfile

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
LONGEST = 500  # characters of an error: some of the server's repeat the whole request
LARGEST = 8e6  # bytes of one request, about
FIRST_WAIT, LONGEST_WAIT = 0.5, 30  # seconds before a request is tried again
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
            time.sleep(min(max(wait, getattr(error, "seconds", 0.0)), LONGEST_WAIT))


def batches(instances, most):
    """Lists of at most `most` of the instances, which one request of about `LARGEST` bytes can carry."""
    batch, size = [], 0.0
    for instance in instances:
        more = _size(instance)
        if batch and (len(batch) == most or size + more > LARGEST):
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
        line, after = f"the server answers {error.code}: {_said(error)}", error.headers.get("Retry-After", "")
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
    return line if len(line) <= LONGEST else line[:LONGEST] + "..."


def _said(error):
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


def _load(path):
    """The array in a .npy, or the arrays by name in an .npz."""
    try:
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found
        with found:
            return {name: found[name] for name in found.files}
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: not a .npy or .npz that can be read ({error})") from None


def read_clips(options, path):
    """The clips that `path` names, as `load_clips` gives them, and whether they are one file of the user's own.

    A film, a GIF or a picture is one clip. A recording is one clip of speech for each segment of the model's length.
    """
    if os.path.isdir(path) or path.endswith((".npy", ".npz")):
        return load_clips(path), False
    if not os.path.exists(path):
        raise FileNotFoundError(f"{path}: no such file")
    with _package_for(path):
        from rwae_tf import config, data
        from rwae_tf.types import SequenceSpec
    about = describe(options)
    spec = SequenceSpec(tuple(about["frame_shape"]), about["length"], about["modality"])
    clip = data.read(path, config.from_dict({"data": about["configuration"]["data"]}).data, spec)
    if spec.modality == "speech":
        return clip.reshape(-1, spec.length, *spec.frame_shape), True
    return to_images(clip), True


@contextlib.contextmanager
def _package_for(path):
    """A block that imports rwae_tf, without which `path` is not read or written."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ValueError(f"{path}: needs the package {error.name}, which is not installed; or give and take .npy "
                         "files") from None


def describe(options):
    """What the model says of itself: its signature `metadata`."""
    [text] = _send(options, "metadata", [{"rows": 0}])
    return json.loads(text)


def load_clips(path):
    """The clips in a .npy or a folder of pictures: N lists of T PNG images; of speech, [N, T, F], the array."""
    clips = read_folder(path) if os.path.isdir(path) else _load(path)
    if isinstance(clips, dict):
        raise ValueError(f"{path}: an .npz, expected a .npy of clips")
    if clips.ndim == 3 and clips.dtype.kind == "f":
        return clips
    try:
        return to_images(clips)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def read_folder(path):
    """The pictures of a folder, in the order of the numbers in their names, as one clip: uint8 [1, T, H, W, 3]."""
    names = [name for name in os.listdir(path) if name.lower().endswith(PICTURES) and not name.startswith(".")]
    if not names:
        raise ValueError(f"{path}: holds no pictures ({', '.join(PICTURES)})")
    if len({re.sub("[0-9]+", "#", os.path.splitext(name)[0]) for name in names}) > 1:
        raise ValueError(f"{path}: pictures of several kinds; their names may differ in numbers alone")
    names.sort(key=lambda name: [int(number) for number in re.findall("[0-9]+", name)])
    frames = [_upright(os.path.join(path, name)) for name in names]
    if len({frame.shape for frame in frames}) > 1:
        raise ValueError(f"{path}: pictures of several sizes")
    return np.stack(frames)[np.newaxis]


def _upright(path):
    """A picture as it is shown: uint8 RGB, turned by its Exif orientation, transparent parts black."""
    try:
        with Image.open(path) as picture:
            if picture.mode[0] in "IF":
                raise ValueError(f"{path}: has more than 8 bits to a channel; write it with 8")
            picture = ImageOps.exif_transpose(picture).convert("RGBA")
    except UnidentifiedImageError:
        raise ValueError(f"{path}: not a picture that can be read") from None
    return np.asarray(Image.alpha_composite(Image.new("RGBA", picture.size, (0, 0, 0, 255)), picture).convert("RGB"))


def load_codes(path):
    """The codes in an .npz, a dictionary for each clip."""
    codes = _load(path)
    if not isinstance(codes, dict) or not {"z_c", "z_m"} <= set(codes) <= {"z_c", "z_m", "action"}:
        held = ", ".join(codes) if isinstance(codes, dict) else "one array"
        raise ValueError(f"{path}: holds {held}; expected an .npz of z_c, z_m (, action), as encode writes it")
    _same_counts(path, codes)
    return [dict(zip(codes, row, strict=True)) for row in zip(*codes.values(), strict=True)]


def _same_counts(path, arrays):
    """Refuse arrays of different numbers of clips."""
    counts = {name: len(array) if np.ndim(array) else 1 for name, array in arrays.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(f"{path}: {', '.join(f'{name} has {count}' for name, count in counts.items())} clips; give as "
                         "many of each")


def to_images(clips):
    """Clips [N, T, H, W, C] as N lists of T PNG images."""
    clips = np.asarray(clips)
    if clips.ndim != 5 or clips.shape[-1] not in (1, 3) or 0 in clips.shape:
        raise ValueError(f"clips have shape {clips.shape}, expected [N, T, H, W, 1 or 3], or of speech float [N, T, F]")
    if clips.dtype != np.uint8:
        if not (clips.min() >= 0 and clips.max() <= 1):
            raise ValueError(f"clips have values from {clips.min()} to {clips.max()}, expected 0 to 1, or uint8")
        clips = np.rint(clips * 255).astype(np.uint8)
    return [[_png(frame) for frame in clip] for clip in clips]


def _png(frame):
    buffer = io.BytesIO()
    Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame).save(buffer, "PNG")
    return buffer.getvalue()


def to_clips(predictions):
    """Predictions as clips: N lists of T images as uint8 [N, T, H, W, C]; of speech, float32 [N, T, F]."""
    if not isinstance(predictions[0][0], bytes):
        return np.array(predictions, np.float32)
    clips = np.array([[np.asarray(Image.open(io.BytesIO(image))) for image in clip] for clip in predictions])
    return clips if clips.ndim == 5 else clips[..., np.newaxis]


def save(clips, options):
    """Write clips as .npy, side by side as a .gif or .mp4, or, of speech, one after the other as a .wav."""
    path = options.output
    if path.endswith(".npy"):
        return np.save(path, clips)
    if path.endswith(".wav") != (clips.ndim == 3):
        raise ValueError(f"{path}: " + ("speech is written as a .npy, of decibels, or as a .wav" if clips.ndim == 3
                                        else "videos are written as a .npy, .gif or .mp4"))
    if clips.ndim == 3:
        with _package_for(path):
            from rwae_tf.data.speech import audio, spectra
        spectrum = describe(options)["configuration"]["data"]["spectrum"]
        return audio.write_wav(path, spectra.to_audio(np.concatenate(clips), spectrum))
    frames = np.concatenate(np.pad(clips, [(0, 0), (0, 0), (1, 1), (1, 1), (0, 0)], constant_values=128), axis=2)
    if path.endswith(".mp4"):
        return _write_mp4(frames, path)
    first, *rest = (Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame) for frame in frames)
    first.save(path, save_all=True, append_images=rest, duration=100, loop=0)


def _write_mp4(frames, path):
    """Write frames [T, H, W, C], uint8, as H.264 of 10 frames a second; a grey edge makes odd sizes even."""
    import imageio_ffmpeg

    frames = np.pad(frames, [(0, 0), (0, frames.shape[1] % 2), (0, frames.shape[2] % 2), (0, 0)], constant_values=128)
    frames = np.repeat(frames, 3, axis=-1) if frames.shape[-1] == 1 else frames
    writer = imageio_ffmpeg.write_frames(path, frames.shape[2:0:-1], fps=10, macro_block_size=2)
    writer.send(None)
    for frame in frames:
        writer.send(np.ascontiguousarray(frame))
    writer.close()


def check_output(path, suffixes):
    """Refuse, before the server is asked, an output of another kind, in no folder or that no package here writes."""
    if not path.endswith(suffixes):
        raise ValueError(f"{path}: the output must end in {' or '.join(suffixes)}")
    if path.endswith(".mp4") and not importlib.util.find_spec("imageio_ffmpeg"):
        raise ValueError(f"{path}: imageio-ffmpeg is not installed; pip install imageio-ffmpeg, or write a .gif")
    if not os.path.isdir(os.path.dirname(path) or "."):
        raise ValueError(f"{path}: no such folder")


def ask(options, verb, instances, names):
    """The predictions of a verb: of images where the model has them, else, as of speech, of numbers.

    Args:
      options: of the command line.
      verb: name of a signature without "_bytes".
      instances: inputs of each clip; clips are images (a list) or numbers (an array).
      names: of the inputs that are clips.
    """
    speech = any(isinstance(instance[name], np.ndarray) for instance in instances for name in names)
    if not speech:
        renamed = [{name + "_bytes" * (name in names): value for name, value in row.items()} for row in instances]
        try:
            return _send(options, verb + "_bytes", renamed)
        except Refused as error:
            if "not found" not in str(error) or verb + "_bytes" not in str(error) or names:
                raise
    renamed = [{"speech" if name == "video" else name: value for name, value in row.items()} for row in instances]
    return _send(options, verb, renamed)


def _send(options, signature, instances):
    """The predictions of all instances, of as many requests as they need."""
    def call(batch):
        if options.grpc:
            return predict_grpc(options.grpc, options.model, signature, batch, options.timeout)
        return predict(f"{options.server}/v1/models/{options.model}", signature, batch, options.timeout)

    return [row for batch in batches(instances, options.batch)
            for row in retry(functools.partial(call, batch), options.retries)]


def generate(options):
    """Draw a clip for each seed."""
    instances = [{"seed": seed, "length": options.length} for seed in options.seeds]
    if options.action:
        chosen, actions = options.action
        if not 0 <= chosen < actions:
            raise ValueError(f"--action {chosen} {actions}: of {actions} actions, numbers are from 0 to {actions - 1}")
        for instance in instances:
            instance["action"] = [float(k == chosen) for k in range(actions)]
    # Batched with longer requests of others, a row may come back longer than asked for.
    save(to_clips([clip[: options.length] for clip in ask(options, "generate", instances, ())]), options)


def encode(options):
    """Clips to codes."""
    clips, _ = read_clips(options, options.input[0])
    predictions = _codes(options, clips)
    np.savez(options.output, **{name: np.array([p[name] for p in predictions], np.float32) for name in predictions[0]})


def _codes(options, clips):
    return ask(options, "encode", [{"video": clip} for clip in clips], ("video",))


def decode(options):
    """Codes to clips."""
    save(to_clips(ask(options, "decode", load_codes(options.input[0]), ())), options)


def reconstruct(options):
    """Clips to codes and back."""
    clips, _ = read_clips(options, options.input[0])
    save(to_clips(ask(options, "reconstruct", [{"video": clip} for clip in clips], ("video",))), options)


def swap(options):
    """Content of the one, motion of the other."""
    (content, own), (motion, also_own) = (read_clips(options, path) for path in options.input)
    if own and also_own and isinstance(motion, np.ndarray):
        return save(to_clips(convert_voice(options, content, motion)), options)
    if len(content) != len(motion):
        raise ValueError(f"{options.input[0]} has {len(content)} clips and {options.input[1]} has {len(motion)}; "
                         "give as many of each")
    instances = [{"content": c, "motion": m} for c, m in zip(content, motion, strict=True)]
    save(to_clips(ask(options, "swap", instances, ("content", "motion"))), options)


def convert_voice(options, voice, speech):
    """What is said in the segments `speech` [K, T, F], with the mean z_c of those of `voice`, as rwae_tf does it."""
    codes = _codes(options, speech)
    own = np.mean([row["z_c"] for row in codes], axis=0)
    target = np.mean([row["z_c"] for row in _codes(options, voice)], axis=0)
    return ask(options, "decode", [{**row, "z_c": np.add(row["z_c"], target - own)} for row in codes], ())


def _count(least):
    """The type of a command-line argument that is a whole number of at least `least`."""
    def count(text):
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text}: expected a whole number from {least} on")
        return int(text)

    return count


def _parser():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, inputs in ((generate, 0), (encode, 1), (decode, 1), (reconstruct, 1), (swap, 2)):
        sub = verbs.add_parser(verb.__name__, help=verb.__doc__)
        sub.set_defaults(run=verb, suffixes=(".npz",) if verb is encode else (".npy", ".gif", ".mp4", ".wav"))
        sub.add_argument("--server", default="http://localhost:8501", help="where the server listens")
        sub.add_argument("--grpc", metavar="HOST:PORT", help="ask there, over gRPC, and not over REST at --server")
        sub.add_argument("--model", default="sprites", help="its name in models.config")
        sub.add_argument("--timeout", type=float, default=60, help="seconds to wait for an answer")
        sub.add_argument("--retries", type=_count(0), default=4, help="how often a request is tried again")
        sub.add_argument("--batch", type=_count(1), default=16, help="clips of one request, at most")
        if inputs:
            sub.add_argument("input", nargs=inputs)
        sub.add_argument("output")
        if verb is generate:
            sub.add_argument("--seeds", type=int, nargs="+", default=[0])
            sub.add_argument("--length", type=int, default=20, help="frames")
            sub.add_argument("--action", type=int, nargs=2, metavar=("K", "A"),
                             help="action K, from 0, of the model's A")
    return parser


def main(argv=None):
    """Parse the command line and run its verb; returns the exit status."""
    options = _parser().parse_args(argv)
    try:
        check_output(options.output, options.suffixes)
        options.run(options)
    except TimeoutError:
        print(f"error: {options.grpc or options.server}: no answer within {options.timeout:g} s; give a larger "
              "--timeout, or fewer or shorter clips", file=sys.stderr)
    except urllib.error.URLError as error:
        waited = isinstance(error.reason, TimeoutError)
        print(f"error: {options.server}: {'no connection within the --timeout' if waited else error.reason}; is the "
              "server up, and this its REST port?", file=sys.stderr)
    except (OSError, ValueError, http.client.HTTPException) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
