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

Copy this file together with client_files.py and client_protocol.py, which lie beside it.
"""

import argparse
import functools
import http.client
import json
import os
import sys
import urllib.error

import client_files as files
import client_protocol as protocol
import numpy as np


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
        except protocol.Refused as error:
            if "not found" not in str(error) or verb + "_bytes" not in str(error) or names:
                raise
    renamed = [{"speech" if name == "video" else name: value for name, value in row.items()} for row in instances]
    return _send(options, verb, renamed)


def _send(options, signature, instances):
    """The predictions of all instances, of as many requests as they need."""
    def call(batch):
        if options.grpc:
            return protocol.predict_grpc(options.grpc, options.model, signature, batch, options.timeout)
        return protocol.predict(f"{options.server}/v1/models/{options.model}", signature, batch, options.timeout)

    return [row for batch in protocol.batches(instances, options.batch)
            for row in protocol.retry(functools.partial(call, batch), options.retries)]


def describe(options):
    """What the model says of itself: its signature `metadata`."""
    [text] = _send(options, "metadata", [{"rows": 0}])
    return json.loads(text)


def read_clips(options, path):
    """The clips that `path` names, and whether they are one file of the user's own.

    Clips are as `client_files.load_clips` gives them. A film, a GIF or a picture is one clip. A recording is one clip
    of speech for each segment of the model's length.
    """
    if os.path.isdir(path) or path.endswith((".npy", ".npz")):
        return files.load_clips(path), False
    if not os.path.exists(path):
        raise FileNotFoundError(f"{path}: no such file")
    with files.package_for(path):
        from rwae_tf import config, data
        from rwae_tf.types import SequenceSpec
    about = describe(options)
    spec = SequenceSpec(tuple(about["frame_shape"]), about["length"], about["modality"])
    clip = data.read(path, config.from_dict({"data": about["configuration"]["data"]}).data, spec)
    if spec.modality == "speech":
        return clip.reshape(-1, spec.length, *spec.frame_shape), True
    return files.to_images(clip), True


def _save(predictions, options):
    files.save(files.to_clips(predictions), options.output, functools.partial(describe, options))


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
    _save([clip[: options.length] for clip in ask(options, "generate", instances, ())], options)


def encode(options):
    """Clips to codes."""
    clips, _ = read_clips(options, options.input[0])
    predictions = _codes(options, clips)
    np.savez(options.output, **{name: np.array([p[name] for p in predictions], np.float32) for name in predictions[0]})


def _codes(options, clips):
    return ask(options, "encode", [{"video": clip} for clip in clips], ("video",))


def decode(options):
    """Codes to clips."""
    _save(ask(options, "decode", files.load_codes(options.input[0]), ()), options)


def reconstruct(options):
    """Clips to codes and back."""
    clips, _ = read_clips(options, options.input[0])
    _save(ask(options, "reconstruct", [{"video": clip} for clip in clips], ("video",)), options)


def swap(options):
    """Content of the one, motion of the other."""
    (content, own), (motion, also_own) = (read_clips(options, path) for path in options.input)
    if own and also_own and isinstance(motion, np.ndarray):
        return _save(convert_voice(options, content, motion), options)
    if len(content) != len(motion):
        raise ValueError(f"{options.input[0]} has {len(content)} clips and {options.input[1]} has {len(motion)}; "
                         "give as many of each")
    instances = [{"content": c, "motion": m} for c, m in zip(content, motion, strict=True)]
    _save(ask(options, "swap", instances, ("content", "motion")), options)


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
        files.check_output(options.output, options.suffixes)
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
