#!/usr/bin/env python3
"""Ask a served model over REST. Needs NumPy and Pillow, nothing else.

    python client.py generate out.gif --seeds 0 1 2 --length 40
    python client.py encode clips.npy codes.npz
    python client.py decode codes.npz out.npy
    python client.py reconstruct clips.npy out.gif
    python client.py swap content.npy motion.npy out.gif

Clips are .npy files [N, T, H, W, C], uint8 or float in [0, 1], with H, W and C as the model card says; clips
are written as .npy (uint8) or as a .gif of all clips side by side. Codes are .npz files of z_c, z_m (, action).
"""

import argparse
import base64
import io
import json
import sys
import urllib.error
import urllib.request

import numpy as np
from PIL import Image


def predict(url, signature, instances):
    """The answers of a signature, one for each of `instances` (name -> value); bytes go and come as base64."""
    body = json.dumps({"signature_name": signature, "instances": instances}, default=_encode).encode()
    request = urllib.request.Request(f"{url}:predict", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        return json.load(response, object_hook=_decode)["predictions"]


def _encode(value):
    """JSON of what is no JSON by itself: bytes and arrays."""
    return {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value.tolist()


def _decode(value):
    return base64.b64decode(value["b64"]) if set(value) == {"b64"} else value


def to_images(clips):
    """Clips [N, T, H, W, C] as N lists of T PNG images."""
    clips = np.asarray(clips)
    if clips.ndim != 5 or clips.shape[-1] not in (1, 3):
        raise ValueError(f"clips have shape {clips.shape}, expected [N, T, H, W, 1 or 3]")
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
    """N lists of T images as clips, uint8 [N, T, H, W, C]."""
    clips = np.array([[np.asarray(Image.open(io.BytesIO(image))) for image in clip] for clip in predictions])
    return clips if clips.ndim == 5 else clips[..., np.newaxis]


def save(clips, path):
    """Write clips as .npy, or side by side as a .gif."""
    if not path.endswith(".gif"):
        return np.save(path, clips)
    frames = np.concatenate(np.pad(clips, [(0, 0), (0, 0), (1, 1), (1, 1), (0, 0)], constant_values=128), axis=2)
    first, *rest = (Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame) for frame in frames)
    first.save(path, save_all=True, append_images=rest, duration=100, loop=0)


def generate(url, options):
    """Draw a clip for each seed."""
    instances = [{"seed": seed, "length": options.length} for seed in options.seeds]
    if options.action:
        chosen, actions = options.action
        for instance in instances:
            instance["action"] = [float(k == chosen) for k in range(actions)]
    # Batched with longer requests of others, a row may come back longer than asked for.
    save(to_clips(predict(url, "generate_bytes", instances))[:, : options.length], options.output)


def encode(url, options):
    """Clips to codes."""
    instances = [{"video_bytes": clip} for clip in to_images(np.load(options.input[0]))]
    predictions = predict(url, "encode_bytes", instances)
    np.savez(options.output, **{name: np.array([p[name] for p in predictions], np.float32) for name in predictions[0]})


def decode(url, options):
    """Codes to clips."""
    with np.load(options.input[0]) as codes:
        instances = [dict(zip(codes, row, strict=True)) for row in zip(*codes.values(), strict=True)]
    save(to_clips(predict(url, "decode_bytes", instances)), options.output)


def reconstruct(url, options):
    """Clips to codes and back."""
    instances = [{"video_bytes": clip} for clip in to_images(np.load(options.input[0]))]
    save(to_clips(predict(url, "reconstruct_bytes", instances)), options.output)


def swap(url, options):
    """Content of the one, motion of the other."""
    content, motion = (to_images(np.load(path)) for path in options.input)
    instances = [{"content_bytes": c, "motion_bytes": m} for c, m in zip(content, motion, strict=True)]
    save(to_clips(predict(url, "swap_bytes", instances)), options.output)


def main(argv=None):
    """Parse the command line and run its verb; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, inputs in ((generate, 0), (encode, 1), (decode, 1), (reconstruct, 1), (swap, 2)):
        sub = verbs.add_parser(verb.__name__, help=verb.__doc__)
        sub.set_defaults(run=verb)
        sub.add_argument("--server", default="http://localhost:8501", help="where the server listens")
        sub.add_argument("--model", default="sprites", help="its name in models.config")
        if inputs:
            sub.add_argument("input", nargs=inputs)
        sub.add_argument("output")
        if verb is generate:
            sub.add_argument("--seeds", type=int, nargs="+", default=[0])
            sub.add_argument("--length", type=int, default=20, help="frames")
            sub.add_argument("--action", type=int, nargs=2, metavar=("K", "A"), help="action K of the model's A")
    options = parser.parse_args(argv)
    try:
        options.run(f"{options.server}/v1/models/{options.model}", options)
    except urllib.error.HTTPError as error:
        print(f"error: the server answers {error.code}: {error.read().decode(errors='replace')}", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
