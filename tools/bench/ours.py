"""Our side of tools/benchmark.py: a phase of training, or one of the verbs, on random clips. See worker.py."""

import dataclasses
import functools
import os
import sys

import worker


def build(options):
    """Work and facts of `options`: "config" (sections), "what" (a phase, or a verb), "batch", "length", "threads".

    "tree" may name another checkout, whose package works then; of the configuration it gets what it knows. "onednn"
    tells whether oneDNN's kernels work, as they do unless it is false.
    """
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = str(int(options.get("onednn", True)))
    sys.path.insert(0, options.get("tree") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    import tensorflow as tf

    if options["threads"]:
        tf.config.threading.set_intra_op_parallelism_threads(options["threads"])
        tf.config.threading.set_inter_op_parallelism_threads(options["threads"])

    from rwae_tf.runs import run_dir
    from rwae_tf.training import distribution
    from rwae_tf.training.trainer import Trainer
    from rwae_tf.types import SequenceSpec

    config = _configuration(options["config"])
    size, length = config.data.size, options["length"]
    strategy = distribution.strategy(1)
    spec = SequenceSpec((size, size, 3), length)
    with strategy.scope():
        model = run_dir.build(config, spec)
    x = tf.random.stateless_uniform([options["batch"], length, size, size, 3], [0, 1])
    facts = {"tensorflow": tf.__version__, "weights": sum(v.value.shape.num_elements() for v in model.variables)}
    if options["what"] == "generate":
        return functools.partial(_quietly, model.generate, num=options["batch"], length=length, seed=0), facts
    if options["what"] == "encode":
        return functools.partial(_quietly, model.encode, x.numpy()), facts
    trainer = Trainer(model, strategy)
    trainer.follow_schedules(0)
    phase = next(phase for phase in trainer.phases if phase.name == options["what"])
    if options.get("count"):
        import flops

        from rwae_tf.layers.policy import Policy

        with strategy.scope():
            exact = Trainer(run_dir.build(config, spec, Policy(winograd=False)), strategy)
        facts["flops"], facts["flops_taken"] = (flops.count(made.graph(phase, x)) for made in (exact, trainer))

    def step():
        float(trainer.step(phase, x, 0)["objective"])  # which waits for the step

    return step, facts


def _configuration(sections):
    """The `Config` of {section: {option: value}}, without the options that this checkout does not know."""
    from rwae_tf import config as config_lib

    known = {name: {field.name: field for field in dataclasses.fields(kind)}
             for name, kind in config_lib.SECTIONS.items()}
    return config_lib.from_dict({
        name: {key: _fitting(value, known[name][key]) for key, value in section.items() if key in known[name]}
        for name, section in sections.items()})


def _fitting(value, field):
    """The value of an option; a schedule by its first value, for another checkout whose option is a number."""
    number = isinstance(field.default, float) and not field.metadata.get("schedule")
    return value[0][1] if number and isinstance(value, (list, tuple)) else value


def _quietly(verb, *args, **kwargs):
    """Call a verb, which returns arrays, and say nothing of them."""
    verb(*args, **kwargs)


if __name__ == "__main__":
    worker.serve(build)
