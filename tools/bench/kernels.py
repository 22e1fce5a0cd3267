"""Alternative computations of the expensive parts of a training step. See worker.py.

They reproduce the comparisons of docs/performance.md:
`python tools/benchmark.py --suite=kernels`.
"""

import functools
import os
import sys
import time

import worker

_FRAMES, _CLIPS, _LENGTH, _UNITS = 480, 60, 8, 256
_LAYERS = [(32, 3, 32), (16, 32, 64), (8, 64, 128), (64, 3, 64), (32, 64, 128), (16, 128, 256), (8, 256, 512)]
"""Side, channels and filters of the stride-2 convolutions at 32x32 and at 64x64."""
_TURNS = 2


def build(options):
    """Work that returns the milliseconds of every computation; `options`: "threads", "side": which of the layers."""
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    import tensorflow as tf

    if options["threads"]:
        tf.config.threading.set_intra_op_parallelism_threads(options["threads"])
        tf.config.threading.set_inter_op_parallelism_threads(options["threads"])
    ways = {**_norm_and_activation(tf), **_recurrence(tf), **_weight_gradient(tf)}
    for layer in _LAYERS:
        ways.update(_convolution(tf, *layer))
    return lambda: {"milliseconds": {name: _milliseconds(way) for name, way in ways.items()}}, {}


def _milliseconds(way):
    """The best of a few calls."""
    function, arguments = way
    best = float("inf")
    function(*arguments)
    for _ in range(_TURNS):
        begin = time.perf_counter()
        function(*arguments).numpy()
        best = min(best, time.perf_counter() - begin)
    return 1000 * best


def _corner(tf, function, **options):
    """`function` in a graph; of its result only a corner comes back, but all of it is computed."""
    def whole(*arguments):
        results = tf.nest.flatten(function(*arguments))
        with tf.control_dependencies(results):
            return tf.add_n([tf.cast(tf.reshape(result, [-1])[0], tf.float32) for result in results])

    return tf.function(whole, **options)


def _convolution(tf, side, channels, filters):
    """Forward, and the gradients to the input and to the kernel, 4x4 and stride 2."""
    from rwae_tf.kernels import cpu_info

    half, raw = side // 2, {"strides": [1, 2, 2, 1], "padding": "SAME"}
    valid = {"strides": [1, 1, 1, 1], "padding": "VALID"}
    x, dy = _normal(tf, _FRAMES, side, side, channels), _normal(tf, _FRAMES, half, half, filters)
    w, found = _normal(tf, 4, 4, channels, filters), {}

    def blocks(x):
        return tf.nn.space_to_depth(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), 2)

    def parts(x):
        found = blocks(x)
        return [found[:, i : i + half, j : j + half] for i in (0, 1) for j in (0, 1)]

    def rows(x):
        return tf.reshape(x, [-1, x.shape[-1]])

    by = {
        "forward": lambda x, w, dy: tf.nn.conv2d(x, w, 2, "SAME"),
        "forward as 2x2 on blocks": lambda x, w, dy: tf.nn.conv2d(
            blocks(x), tf.reshape(w, [2, 2, 4 * channels, filters]), 1, "VALID"),
        "forward as a product": lambda x, w, dy: rows(tf.concat(parts(x), -1)) @ tf.reshape(w, [-1, filters]),
        "to input": lambda x, w, dy: tf.raw_ops.Conv2DBackpropInput(
            input_sizes=x.shape, filter=w, out_backprop=dy, **raw),
        "to input as 2x2 to blocks": lambda x, w, dy: tf.nn.depth_to_space(tf.nn.conv2d(
            tf.pad(dy, [[0, 0], [1, 1], [1, 1], [0, 0]]), tf.reshape(w, [2, 2, filters, 4 * channels]), 1, "VALID"),
            2)[:, 1:-1, 1:-1],
        "to kernel": lambda x, w, dy: tf.raw_ops.Conv2DBackpropFilter(
            input=x, filter_sizes=w.shape, out_backprop=dy, **raw),
        "to kernel as 2x2 on blocks": lambda x, w, dy: tf.raw_ops.Conv2DBackpropFilter(
            input=blocks(x), filter_sizes=[2, 2, 4 * channels, filters], out_backprop=dy, **valid),
        "to kernel as four products": lambda x, w, dy: [
            tf.matmul(rows(part), rows(dy), transpose_a=True) for part in parts(x)],
        "all three": lambda x, w, dy: [by[one](x, w, dy) for one in ("forward", "to input", "to kernel")],
    }
    for precision in (tf.float32, tf.bfloat16)[: 1 + cpu_info.bfloat16_is_fast()]:
        arguments = [tf.cast(array, precision) for array in (x, w, dy)]
        for name, way in by.items():
            found[f"{side}x{side}x{channels} -> {filters}, {precision.name}: {name}"] = (_corner(tf, way), arguments)
    if channels > 3:
        found[f"{side}x{side}x{channels} -> {filters}, float32: all three by Winograd's way"] = (
            _corner(tf, functools.partial(_by_winograd, tf)), [x, w, dy])
    return found


def _by_winograd(tf, x, w, dy):
    """A convolution of stride 2 and its gradients by Winograd's algorithm."""
    from rwae_tf.kernels import winograd

    with tf.GradientTape() as tape:
        tape.watch([x, w])
        y = winograd.convolved(x, w)
    return [y, *tape.gradient(y, [x, w], dy)]


def _norm_and_activation(tf):
    """Batch norm and LeakyReLU forward and backward: TensorFlow's kernels, and by XLA from the formula."""
    x, dy, gain = _normal(tf, _FRAMES, 16, 16, 32), _normal(tf, _FRAMES, 16, 16, 32), _normal(tf, 32)

    def kernels(x, gain):
        return tf.compat.v1.nn.fused_batch_norm(x, gain, gain, epsilon=1e-5)[0]

    def formula(x, gain):
        mean, variance = tf.nn.moments(x, [0, 1, 2])
        return (x - mean) * (gain * tf.math.rsqrt(variance + 1e-5)) + gain

    def both(norm):
        def work(x, gain, dy):
            with tf.GradientTape() as tape:
                tape.watch([x, gain])
                y = tf.nn.leaky_relu(norm(x, gain))
            return [y, *tape.gradient(y, [x, gain], dy)]

        return work

    arguments = [x, gain, dy]
    return {"norm and LeakyReLU: kernels": (_corner(tf, both(kernels)), arguments),
            "norm and LeakyReLU: XLA": (_corner(tf, both(formula), jit_compile=True), arguments)}


def _recurrence(tf):
    """An LSTM forward and backward: ours, ours by XLA, and TensorFlow's block."""
    from rwae_tf.kernels import recurrence

    x, dh = _normal(tf, _LENGTH, _CLIPS, _UNITS // 2), _normal(tf, _LENGTH, _CLIPS, _UNITS)
    w, nothing = 0.05 * _normal(tf, _UNITS // 2 + _UNITS, 4 * _UNITS), tf.zeros([_CLIPS, _UNITS])
    bias, no_peephole = tf.zeros([4 * _UNITS]), tf.zeros([_UNITS])

    def ours(x, w):
        return recurrence.run(tf.tensordot(x, w[: x.shape[-1]], 1) + bias, w[x.shape[-1] :])

    def block(x, w):
        return tf.raw_ops.BlockLSTMV2(
            seq_len_max=tf.constant(_LENGTH, tf.int64), x=x, cs_prev=nothing, h_prev=nothing, w=w, wci=no_peephole,
            wcf=no_peephole, wco=no_peephole, b=bias, cell_clip=0.0, use_peephole=False)[-1]

    def both(recurrence):
        def work(x, w, dh):
            with tf.GradientTape() as tape:
                tape.watch([x, w])
                h = recurrence(x, w)
            return [h, *tape.gradient(h, [x, w], dh)]

        return work

    arguments = [x, w, dh]
    return {"LSTM: ours": (_corner(tf, both(ours)), arguments),
            "LSTM: ours by XLA": (_corner(tf, both(ours), jit_compile=True), arguments),
            "LSTM: TensorFlow's block": (_corner(tf, both(block)), arguments)}


def _weight_gradient(tf):
    """An LSTM's recurrent kernel's gradient: what reaches its gates has rows of 4 KB, which share lines of a cache."""
    h, gates = _normal(tf, _LENGTH * _CLIPS, _UNITS), _normal(tf, _LENGTH * _CLIPS, 4 * _UNITS)
    return {
        "LSTM, weight gradient": (_corner(tf, lambda x, y: tf.matmul(x, y, transpose_a=True)), [h, gates]),
        "LSTM, weight gradient, 16 columns added": (_corner(tf, lambda x, y: tf.matmul(
            x, tf.pad(y, [[0, 0], [0, 16]]), transpose_a=True)[:, : 4 * _UNITS]), [h, gates]),
    }


def _normal(tf, *shape):
    return tf.random.stateless_normal(shape, [0, 1])


if __name__ == "__main__":
    worker.serve(build)
