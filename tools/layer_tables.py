"""Tables of frame encoders and decoders: output, parameters and FLOPs of each layer for one frame.

    python tools/layer_tables.py                                  # the paper's networks, and a small one
    python tools/layer_tables.py --flagfile=tools/sprites.flags   # the one of these flags

Prints Markdown. Parameters are trainable ones; FLOPs, 2 for each multiplication and addition, are those of
convolutions and matrix products. Only shapes are computed, so large networks need no memory.
"""

import functools
import math
from typing import Any, NamedTuple, Tuple

from rwae_tf import config as config_lib
from rwae_tf import entry_point
from rwae_tf.config import flags

NETWORKS = {
    "Tables 5 and 6: Sprites and SM-MNIST, C": {"backbone": "biggan"},
    "Tables 7 and 8: MUG, C": {"backbone": "biggan", "decoder_channels": 96, "feature_size": 180},
    "Table 9: Moving-Shape, BigGAN": {"backbone": "biggan", "channels": 32},
    "Table 9: Moving-Shape, TFGAN": {"backbone": "text_filter", "channels": 32},
    "S of Li and Mandt (2018)": {"backbone": "ds_vae256"},
    "S of later systems": {"backbone": "dcgan"},
    "C at 32x32": {"size": 32, "backbone": "biggan", "channels": 16, "feature_size": 60},
}


class Stage(NamedTuple):
    """A layer with parameters: its kind, its output for one frame, how many parameters and FLOPs."""

    kind: str
    output: Tuple[int, ...]
    parameters: int
    flops: int


def config(size=64, **model):
    """The configuration of one of `NETWORKS`."""
    return config_lib.from_dict({"data": {"size": size}, "model": model})


def stages(network, input_shape):
    """The stages of a frame encoder or decoder, in the order of their calls.

    Args:
      network: a layer that has not been called; not to be used afterwards, as its weights have no values.
      input_shape: of one frame, or of its features.
    """
    import keras
    import tensorflow as tf

    found = {}

    def watch(part):
        call = part.call

        def watched(*args, **kwargs):
            graph = tf.compat.v1.get_default_graph()
            begin = len(graph.get_operations())
            output = call(*args, **kwargs)
            found.pop(part, None)  # Keras calls a layer once more, before, to build it
            found[part] = output.shape, _flops(graph, graph.get_operations()[begin:])
            return output

        part.call = watched

    for part in network._layers:
        watch(part)
    with keras.StatelessScope(initialize_variables=False):  # weights have shapes in it, and no values
        tf.function(network, autograph=False).get_concrete_function(tf.TensorSpec([1, *input_shape]))
    keras.utils.clear_session()  # or Keras would give them values yet
    made = [Stage(_kind(part), tuple(output[1:]), _parameters(part), flops) for part, (output, flops) in found.items()]
    return [stage for stage in made if stage.parameters]


def _flops(graph, operations):
    from bench import flops

    return sum(flops.count(graph, operations).values())


def _parameters(part):
    return sum(math.prod(variable.shape) for variable in part.trainable_variables)


def _kind(part: Any):
    """What a layer is, in a word or two."""
    kind = type(part).__name__.lstrip("_")
    if hasattr(part, "kernel_size"):
        kind += " {}x{}".format(*part.kernel_size) + (f", stride {part.strides[0]}" if part.strides[0] > 1 else "")
    return kind


def frame_shape(config):
    """The frames of a configuration, as far as flags determine them."""
    if config.model.backbone == "speech" or config.model.model == "fhvae":  # a model of speech alone
        return (200 if config.data.spectrum == "linear" else 80,)
    grey = config.data.grey or config.data.dataset == "sm_mnist"
    return config.data.size, config.data.size, 1 if grey else 3


@functools.cache
def both(config):
    """The stages of the encoder and of the decoder of a configuration, each traced once in a process."""
    from rwae_tf import backbones
    from rwae_tf.layers.policy import Policy

    shape = frame_shape(config)
    encoder, decoder = backbones.build(Policy(), config.model, shape)
    return stages(encoder, shape), stages(decoder, (config.model.feature_size,))


def table(config):
    """Both tables of a configuration, as lines of Markdown."""
    lines = []
    for name, rows, given in zip(("encoder", "decoder"), both(config),
                                 (frame_shape(config), (config.model.feature_size,)), strict=True):
        lines += [f"| {name}: {_shown(given)} | output | parameters | MFLOPs |", "|---|---|---:|---:|"]
        lines += [_row(row.kind, _shown(row.output), row.parameters, row.flops) for row in rows]
        lines += [_row("all", "", sum(row.parameters for row in rows), sum(row.flops for row in rows)), ""]
    return lines


def _row(kind, output, parameters, flops):
    return f"| {kind} | {output} | {parameters:,} | {flops / 1e6:,.1f} |"


def _shown(shape):
    return "×".join(map(str, shape))


def main(argv):
    """Print the tables that `argv` asks for; see the module's docstring."""
    values = flags.new()
    flags.define_config(values)
    if not flags.parse(values, argv, __doc__):
        return 0
    if len(argv) > 1:
        print("\n".join(table(flags.to_config(values))))
        return 0
    for title, changes in NETWORKS.items():
        print("\n".join([f"**{title}** ({', '.join(f'--{name}={value}' for name, value in changes.items())})", "",
                         *table(config(**changes))]))
    return 0


if __name__ == "__main__":
    entry_point.run(main)
