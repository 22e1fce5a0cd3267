"""The cost of a flagfile: memory of its first steps, FLOPs of a step and of the whole training.

    python tools/cost.py                                                 # the table of docs/experiments.md
    python tools/cost.py --flagfile=tools/sprites.flags --clips=9000     # N clips in an epoch; 0: no schedule

Builds the model at full size, takes one step of each phase on two clips of two frames of noise, and prints the peak
memory of the process. FLOPs, 2 for each multiplication and addition of convolutions and matrix products, are counted on
the graphs of the steps at the batch and length of the flags, which are not executed.
"""

import contextlib
import math
import multiprocessing
import resource
import sys
from unittest import mock

from absl import flags as absl_flags
from layer_tables import frame_shape

from rwae_tf import entry_point
from rwae_tf.config import flags

SMALL = (2, 2)
"""Clips and frames of the steps that are taken; of a model without an encoder, whose discriminator wants whole clips,
the frames of training."""
UTTERANCES = 4620  # of the training part of TIMIT
CLIPS = {"sprites": 9000, "sprites_gan": 9000, "sprites_c": 9000, "sprites_c_gan": 9000,
         "sm_mnist": 60000, "sm_mnist_gan": 60000, "sm_mnist_c": 60000, "sm_mnist_c_gan": 60000,
         "mug": 826, "mug_gan": 826,  # of the stand-in of docs/data.md
         "timit_paper": 18000,  # an hour of speech
         "moving_shapes_text_filter": 9000, "moving_shapes_biggan": 9000}
"""The paper's flagfiles, and how many clips they train on."""
_SCALES = ("", "k", "M", "G", "T", "P", "E", "Z")


def build(config, **policy):
    """The model of a configuration; its first weights repeat a few numbers, which is quick, and as large.

    `policy`: fields of the `Policy` that makes its layers; none for the one that the configuration says.
    """
    from rwae_tf.layers.policy import Policy
    from rwae_tf.runs import run_dir
    from rwae_tf.types import SequenceSpec

    spec = SequenceSpec(frame_shape(config), config.data.length)
    if len(spec.frame_shape) == 1:
        bins = spec.frame_shape[0]
        spec = spec._replace(modality="speech", normalization=((0.0,) * bins, (1.0,) * bins), sequences=UTTERANCES)
    with _quick_weights():
        return run_dir.build(config, spec, Policy(**policy) if policy else None)


@contextlib.contextmanager
def _quick_weights():
    """Without it a hundred million weights take up to a minute of random numbers and decompositions."""
    import keras
    import numpy as np

    few = np.random.default_rng(0).uniform(-0.02, 0.02, 65_521).astype(np.float32)  # a prime: no two rows are alike
    with contextlib.ExitStack() as stack:
        for kind in (keras.initializers.GlorotUniform, keras.initializers.Orthogonal):
            stack.enter_context(mock.patch.object(
                kind, "__call__", lambda self, shape, dtype=None: np.resize(few, shape)))
        yield


def parameters(model):
    """How many numbers training moves."""
    return sum(_size(part) for part in model.parts().values())


def gradient_bytes(model):
    """Bytes of the gradients of a step of each phase, by its name: what replicas send each other."""
    return {phase.name: 4 * sum(_size(model.parts()[update.part]) for update in phase.updates)
            for phase in model.phases()}


def _size(part):
    """How many numbers a part of a model, a list of layers, learns."""
    return sum(math.prod(variable.shape) for layer in part for variable in layer.trainable_variables)


def _trainer(model):
    import tensorflow as tf

    from rwae_tf.training.trainer import Trainer

    made = Trainer(model, tf.distribute.get_strategy())
    made.follow_schedules(0)
    return made


def steps(model):
    """Take a step of each phase on noise of the size `SMALL`; name of the phase -> its terms."""
    import tensorflow as tf

    trainer = _trainer(model)
    length = SMALL[1] if model.has_encoder else model.config.data.length
    x = tf.random.stateless_uniform([SMALL[0], length, *model.spec.frame_shape], [0, 1])
    return {phase.name: {name: float(term) for name, term in trainer.step(phase, x, number).items()}
            for number, phase in enumerate(trainer.phases)}


def counted(model):
    """FLOPs of a step of each phase, by its name, at the batch and length of the model's configuration.

    A model of `build(config, winograd=False)` takes every product of its formulas.
    """
    import tensorflow as tf
    from bench import flops

    trainer = _trainer(model)
    x = tf.TensorSpec([model.config.training.batch_size, model.config.data.length, *model.spec.frame_shape])
    return {phase.name: sum(flops.count(trainer.graph(phase, x)).values()) for phase in trainer.phases}


def schedule(model, clips):
    """(iterations, name of a phase -> its steps) of all epochs over so many clips, as `training.loop` counts them."""
    training, repeats = model.config.training, {phase.name: phase.repeats for phase in model.phases()}
    batches = training.epochs * (clips // training.batch_size)
    iterations = math.ceil(batches / (1 if training.reuse_batch else sum(repeats.values())))
    return iterations, {name: count * iterations for name, count in repeats.items()}


def measure(config, clips):
    """All of that for a configuration: parameters, peak in bytes, FLOPs and gradients' bytes by phase, iterations."""
    model = build(config)
    steps(model)
    peak, numbers, (iterations, taken) = _peak(), parameters(model), schedule(model, clips)
    gradients = gradient_bytes(model)
    del model
    per_step = counted(build(config, winograd=False))
    return {"parameters": numbers, "peak": peak, "flops": per_step, "gradients": gradients, "iterations": iterations,
            "all": sum(taken[name] * count for name, count in per_step.items())}


def _peak():
    """The most memory that this process has held so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def shown(number):
    """A number with three digits and a prefix: 5.98 E."""
    power = min(int(math.log10(max(number, 1))) // 3, len(_SCALES) - 1)
    return f"{float(f'{number / 1000**power:.3g}'):g} {_SCALES[power]}"


def _row(name):
    """A flagfile's line of the table."""
    clips = CLIPS[name]
    config = flags.configuration(f"--preset={name}")
    found = measure(config, clips)
    cells = (name, f"{found['parameters'] / 1e6:.1f} M", *(f"{shown(count)}FLOP" for count in found["flops"].values()),
             f"{config.training.epochs} × {clips:,}", f"{found['iterations']:,}", f"{shown(found['all'])}FLOP",
             f"{found['peak'] / 1e9:.1f} GB")
    return f"| {' | '.join(cells)} |"


def table():
    """Lines of Markdown, one for each flagfile of `CLIPS`, each measured in a process of its own."""
    import tensorflow  # noqa: F401 - once for all of the processes

    yield ("| flagfile | parameters | encoders, critic | decoder, prior | epochs × clips | iterations "
           "| all steps | memory |")
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        yield from pool.imap(_row, CLIPS)


def main(argv):
    """Print what `argv` asks for; see the module's docstring."""
    values = flags.new()
    flags.define_config(values)
    absl_flags.DEFINE_integer("clips", 0, "Training clips of the data; 0 leaves the schedule out.", 0,
                              flag_values=values)
    if not flags.parse(values, argv, __doc__):
        return 0
    if len(argv) == 1:
        for line in table():
            print(line, flush=True)
        return 0
    config = flags.to_config(values)
    found = measure(config, values.clips)
    print(f"{found['parameters']:,} parameters; a step of each phase, B = {SMALL[0]}, T = {SMALL[1]}: "
          f"{found['peak'] / 1e9:.1f} GB at most")
    for name, count in found["flops"].items():
        print(f"{name}: {shown(count)}FLOP a step, B = {config.training.batch_size}, T = {config.data.length}; "
              f"gradients of {shown(found['gradients'][name])}B")
    if values.clips:
        print(f"{config.training.epochs} epochs of {values.clips} clips: {found['iterations']} iterations, "
              f"{shown(found['all'])}FLOP")
    return 0


if __name__ == "__main__":
    entry_point.run(main)
