"""The ceiling of the machine in float32 under TensorFlow: large products and convolutions. See worker.py.

The fastest of them is the ceiling that tools/benchmark.py measures our step against.
"""

import time

import worker

_TIMES = 3


def build(options):
    """Work that returns GFLOP/s of each operation; `options`: "threads"."""
    import tensorflow as tf

    if options["threads"]:
        tf.config.threading.set_intra_op_parallelism_threads(options["threads"])
        tf.config.threading.set_inter_op_parallelism_threads(options["threads"])

    def normal(*shape):
        return tf.random.stateless_normal(shape, [0, 1])

    side = 2048
    product = normal(side, side)
    # Name -> (operation, FLOPs).
    operations = {"product": (lambda: product @ product, 2 * side**3)}
    for kernel in (3, 4):
        for layout, (batch, size, channels) in {"wide": (64, 32, 64), "deep": (64, 16, 256)}.items():
            x, w = normal(batch, size, size, channels), normal(kernel, kernel, channels, channels)
            y, flops = normal(*x.shape), 2 * batch * size**2 * channels**2 * kernel**2
            name = f"convolution_{kernel}x{kernel}_{layout}"
            raw = {"strides": [1, 1, 1, 1], "padding": "SAME"}
            operations[name] = (lambda x=x, w=w: tf.nn.conv2d(x, w, **raw), flops)  # noqa: B023 - the same in every turn
            operations[name + "_to_input"] = (
                lambda x=x, w=w, y=y: tf.raw_ops.Conv2DBackpropInput(
                    input_sizes=x.shape, filter=w, out_backprop=y, **raw), flops)  # noqa: B023
            operations[name + "_to_filter"] = (
                lambda x=x, w=w, y=y: tf.raw_ops.Conv2DBackpropFilter(
                    input=x, filter_sizes=w.shape, out_backprop=y, **raw), flops)  # noqa: B023
    return lambda: {"gflops": {name: _rate(*of) for name, of in operations.items()}}, {}


def _rate(operation, flops):
    """GFLOP/s: the best of a few calls, as nothing makes an operation too fast."""
    best = float("inf")
    for _ in range(_TIMES):
        begin = time.perf_counter()
        operation().numpy()
        best = min(best, time.perf_counter() - begin)
    return flops / best / 1e9


if __name__ == "__main__":
    worker.serve(build)
