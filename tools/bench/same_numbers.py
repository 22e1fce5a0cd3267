"""Whether a GPU computes what the CPU does: codes, clips and steps of training.

    python tools/bench/same_numbers.py               # fails where numbers differ, or TensorFlow finds no GPU
    python tools/bench/same_numbers.py --dry_run     # the CPU beside the CPU

Two processes compute the same, one on the GPU in float32 without TF32, one on the CPU. Codes, reconstructions and clips
are of the models in pretrained/, which see random clips; the terms of the objective are of three steps on random clips
by the flagfiles `TRAINED`. After the first step they depend on the gradients too.
"""

import os
import subprocess
import sys
import tempfile

import numpy as np
from absl import flags as absl_flags

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from rwae_tf import entry_point
from rwae_tf.config import flags
from rwae_tf.errors import InputError

LOADED = ("sprites_32", "librispeech")
TRAINED = ("quickstart", "cpu/sprites_gan", "cpu/sprites_ds_vae")
TOLERANCES = {"verbs": 1e-4, "terms": 1e-3}
"""Largest difference of what verbs give, and of terms, as a share of the number or of 1 if that is larger."""
_CLIPS, _STEPS = 8, 3


def main(argv):
    """Compare as `argv` says, or compute: the processes are this file too, with `--compute`."""
    values = flags.new()
    absl_flags.DEFINE_bool("dry_run", False, "Compare the CPU with itself.", flag_values=values)
    absl_flags.DEFINE_string("compute", "", "File for the numbers of this process alone.", flag_values=values)
    if not flags.parse(values, argv, __doc__):
        return 0
    if values.compute:
        np.savez(values.compute, **numbers())
        return 0
    with tempfile.TemporaryDirectory() as folder:
        cpu, _ = _computed(folder, "cpu", {"CUDA_VISIBLE_DEVICES": "-1"})
        other, name = _computed(folder, "other", {"CUDA_VISIBLE_DEVICES": "-1"} if values.dry_run else {})
    if name == "CPU" and not values.dry_run:
        raise InputError("TensorFlow finds no GPU: install the extra cuda and look at nvidia-smi; --dry_run does "
                         "without")
    found = differences(cpu, other)
    print("\n".join(f"{what}, {name} and CPU: {least:.1e} at most" for what, least in found.items()))
    if wrong := [what for what, most in found.items() if not most <= TOLERANCES[what.split("/")[0]]]:
        raise InputError(f"{name}: computes other {', '.join(wrong)} than the CPU")
    return 0


def _computed(folder, name, environment):
    """The numbers that a process computes in this environment, and on what."""
    path = os.path.join(folder, f"{name}.npz")
    command = [sys.executable, os.path.abspath(__file__), f"--compute={path}"]
    if subprocess.run(command, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment}).returncode:
        raise InputError(f"the process on {name} failed, see above")
    with np.load(path) as file:
        arrays = dict(file)
    return arrays, str(arrays.pop("device"))


def differences(cpu, other):
    """What was computed -> its largest difference, as a share of the CPU's number or of 1 if that is larger."""
    return {what: float(np.max(np.abs(other[what] - expected) / np.maximum(1, np.abs(expected))))
            for what, expected in cpu.items()}


def numbers():
    """Name -> array of this process."""
    import tensorflow as tf

    import rwae_tf

    tf.config.experimental.enable_tensor_float_32_execution(False)
    gpus = tf.config.list_physical_devices("GPU")
    device = tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU") if gpus else "CPU"
    found = {"device": np.array(device)}
    for name in LOADED:
        model = rwae_tf.load(f"pretrained/{name}")
        found |= {f"verbs/{name}/{verb}": array for verb, array in verbs(model).items()}
    for name in TRAINED:
        found[f"terms/{name}"] = terms(flags.configuration(f"--preset={name}"))
    return found


def verbs(model):
    """What the verbs of a model give for random sequences."""
    spec = model.spec
    low, high = (-3, 3) if len(spec.frame_shape) == 1 else (0, 1)
    shape = (_CLIPS, model.config.data.length, *spec.frame_shape)
    x = np.random.default_rng(0).uniform(low, high, shape).astype(np.float32)
    codes = model.encode(x)
    return {"z_c": codes.z_c, "z_m": codes.z_m, "decode": model.decode(codes),
            "generate": model.generate(num=_CLIPS, seed=0)}


def terms(config):
    """Values of all terms in three steps of all phases on random clips, [terms]."""
    import tensorflow as tf

    from rwae_tf.runs import run_dir
    from rwae_tf.training import distribution
    from rwae_tf.training.trainer import Trainer
    from rwae_tf.types import SequenceSpec

    size, length, strategy = config.data.size, config.data.length, distribution.strategy(1)
    with strategy.scope():
        model = run_dir.build(config, SequenceSpec((size, size, 3), length))
    trainer = Trainer(model, strategy)
    trainer.follow_schedules(0)
    x = tf.constant(np.random.default_rng(0).uniform(size=(_CLIPS, length, size, size, 3)), tf.float32)
    return np.array([float(value) for number in range(_STEPS) for phase in trainer.phases
                     for _, value in sorted(trainer.step(phase, x, number).items())])


if __name__ == "__main__":
    entry_point.run(main)
