"""Processes that take turns, for tools/benchmark.py, and the configurations that they get."""

import contextlib
import json
import os
import statistics
import subprocess
import sys

from rwae_tf import config as config_lib
from rwae_tf.config import flags
from rwae_tf.errors import InputError

_HERE = os.path.dirname(os.path.abspath(__file__))


class Contender:
    """A process that works when told to: see bench/worker.py.

    Args:
      script: file beside this one.
      options: for it, as JSON.
      python: interpreter.
    """

    def __init__(self, script, options, python=sys.executable):
        self.script, self.times, self.answers = script, [], []
        self._process = subprocess.Popen(
            [python, os.path.join(_HERE, script), json.dumps(options)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
        self.first = self._answer()

    def turn(self, calls=1):
        """One more measured turn of so many calls."""
        self._process.stdin.write(f"{calls}\n")
        self._process.stdin.flush()
        self.answers.append(self._answer())
        self.times.append(self.answers[-1]["seconds"])

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            raise InputError(f"{self.script}: ended with status {self._process.wait()}; run it by hand to see why")
        return json.loads(line)

    def close(self):
        """End the process."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


@contextlib.contextmanager
def contenders(made):
    """Name -> `Contender`, one after the other made by the functions in `made`; ended with the block."""
    running = {}
    try:
        for name, make in made.items():
            print(f"  {name} ...", file=sys.stderr, flush=True)
            running[name] = make()
        yield running
    finally:
        for contender in running.values():
            contender.close()


def take_turns(running, repeats, calls=1):
    """Each contender in turn, `repeats` times, after one that does not count."""
    for repeat in range(repeats + 1):
        for contender in running.values():
            contender.turn(calls)
            if not repeat:
                contender.times.clear()
                contender.answers.clear()


def ratio(slower, faster):
    """Median over the turns of how many times as long `slower` takes, with the least and the most."""
    found = [a / b for a, b in zip(slower.times, faster.times, strict=True)]
    return {"median": statistics.median(found), "least": min(found), "most": max(found)}


def described(contender):
    """Median and extremes of a contender's seconds a call, its first call and its memory."""
    return {"seconds": statistics.median(contender.times), "least": min(contender.times), "most": max(contender.times),
            "first_call_s": contender.first["seconds"], "peak_mb": contender.answers[-1]["peak_mb"]}


def preset(name):
    """The configuration of a flagfile of tools/."""
    return flags.configuration(f"--preset={name.replace('cpu_', 'cpu/', 1)}")


def dcgan64():
    """The paper's Sprites settings at 64x64 with the backbone `dcgan`, in one joint step."""
    values = config_lib.to_dict(preset("sprites"))
    values["model"]["backbone"] = "dcgan"
    return with_training(config_lib.from_dict(values), joint_update=True, inference_steps=1)


def presets(values):
    """Name -> configuration of --presets."""
    return {name: dcgan64() if name == "dcgan64" else preset(name) for name in values.presets}


def with_training(config, **changes):
    """`config` with other values in its section of the training."""
    values = config_lib.to_dict(config)
    values["training"].update(changes)
    return config_lib.from_dict(values)


def ours(config, what, values, **more):
    """Makes our contender for a phase or verb `what`."""
    options = {"config": config_lib.to_dict(config), "what": what, "threads": values.threads,
               "batch": config.training.batch_size, "length": config.data.length, **more}
    return lambda: Contender("ours.py", options)


def peer(config, loss, variant, values):
    """Makes the contender in PyTorch with the sizes of `config`."""
    model = config.model
    options = {"batch": config.training.batch_size, "length": config.data.length, "size": config.data.size,
               "channels": model.channels, "features": model.feature_size, "content": model.content_size,
               "motion": model.motion_size, "hidden": model.hidden_size, "decoder": model.decoder,
               "content_encoder": model.content_encoder, "loss": loss, "variant": variant, "threads": values.threads}
    return lambda: Contender("torch_peer.py", options, values.peer_python or sys.executable)


def of_size(config, size):
    """`config` with frames of another size."""
    values = config_lib.to_dict(config)
    values["data"]["size"] = size
    return config_lib.from_dict(values)
