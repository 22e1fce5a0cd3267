"""Winograd's way against the plain convolutions: numbers, gradients of both orders, products, and where it is taken."""

import contextlib
import functools

import numpy as np
import pytest
import tensorflow as tf
from bench import flops

from rwae_tf.compat import private
from rwae_tf.kernels import conv, winograd


def normal(shape, seed):
    """An array, as no operation may start TensorFlow before the tests run."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def plain_convolved(x, kernel):
    return tf.nn.conv2d(x, kernel, 2, "SAME")


def plain_transposed(y, kernel):
    rows, height, width, _ = tf.unstack(tf.shape(y))
    return tf.nn.conv2d_transpose(y, kernel, [rows, 2 * height, 2 * width, kernel.shape[2]], 2, "SAME")


# Frames 12x8 of 3 channels, features 6x4 of 5.
KERNEL = normal([4, 4, 3, 5], 1)
WAYS = {"convolved": (winograd.convolved, plain_convolved, normal([2, 12, 8, 3], 2)),
        "transposed": (winograd.transposed, plain_transposed, normal([2, 6, 4, 5], 2))}


def with_gradients(way, x, kernel):
    """A way's result, its gradients for a result that weighs every element otherwise, and the gradients of these."""
    x, kernel = tf.convert_to_tensor(x), tf.convert_to_tensor(kernel)
    with tf.GradientTape() as outer:
        outer.watch([x, kernel])
        with tf.GradientTape() as inner:
            inner.watch([x, kernel])
            y = way(x, kernel)
            loss = tf.reduce_sum(tf.sin(y))
        gradients = inner.gradient(loss, [x, kernel])
        penalty = tf.add_n([tf.reduce_sum(gradient**2) for gradient in gradients])
    return [y, *gradients, *outer.gradient(penalty, [x, kernel])]


def test_a_convolution_by_hand():
    """Output (p, q) sums x at row 2 p + k - 1 and column 2 q + l - 1 times tap (k, l), by a loop over all of them."""
    x, kernel = WAYS["convolved"][2].astype(np.float64), KERNEL.astype(np.float64)
    padded, expected = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)]), np.zeros([2, 6, 4, 5])
    for p, q, row, column in np.ndindex(6, 4, 4, 4):
        expected[:, p, q] += padded[:, 2 * p + row, 2 * q + column] @ kernel[row, column]
    # Sums of 48 products of standard normals.
    np.testing.assert_allclose(winograd.convolved(WAYS["convolved"][2], KERNEL), expected, atol=1e-5)


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("rows", ["eager", 2, None])
def test_numbers_and_gradients_are_those_of_the_plain_way(name, rows):
    *ways, x = WAYS[name]
    found, expected = (functools.partial(with_gradients, way) for way in ways)
    if rows != "eager":
        found = tf.function(found, input_signature=[tf.TensorSpec([rows, *x.shape[1:]]), tf.TensorSpec(KERNEL.shape)])
    for a, b in zip(found(x, KERNEL), expected(x, KERNEL), strict=True):
        assert a.shape == b.shape
        # Single precision, 6e-8 of the largest numbers, over sums of some hundred of them.
        np.testing.assert_allclose(a, b, atol=1e-5 * np.abs(b).max())


@pytest.mark.parametrize("name", WAYS)
def test_nine_products_for_sixteen(name):
    way, _, x = WAYS[name]

    def both(x, kernel):
        with tf.GradientTape() as tape:
            tape.watch([x, kernel])
            y = way(x, kernel)
        return [y, *tape.gradient(y, [x, kernel])]

    # Plain: 2 frames of 6x4 outputs, each of 5 channels a sum of 4x4x3 products; forward and to either factor.
    plain = 3 * 2 * (2 * 6 * 4 * 5) * (4 * 4 * 3)
    graph = tf.function(both).get_concrete_function(tf.constant(x), tf.constant(KERNEL)).graph
    assert flops.count(graph) == {"BatchMatMulV2": plain * 9 // 16}


def is_taken(ours, sides, channels=32, filters=32, kernel=4, stride=2, training=True, **options):
    layer = ours(filters, kernel, stride, **options)
    layer.build((None, *sides, channels))
    function = tf.function(functools.partial(layer, training=training))
    graph = function.get_concrete_function(tf.TensorSpec([None, *sides, channels])).graph
    return any("PartitionedCall" in op.type for op in graph.get_operations())


CASES = [({}, True), ({"channels": 31}, False), ({"filters": 31}, False), ({"kernel": 5}, False),
         ({"stride": 1}, False), ({"precision": "bfloat16"}, False), ({"winograd": False}, False)]


@pytest.mark.parametrize("ours,sides,others", [
    (conv.Conv2D, (8, 4), [(6, 4), (8, 6), (8, None)]),
    (conv.Conv2DTranspose, (4, 2), [(3, 2), (4, 1), (None, 2)])])
def test_where_it_is_taken(monkeypatch, ours, sides, others):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    assert not is_taken(ours, sides, training=False), "a model that is not trained needs no XLA"
    assert [is_taken(ours, sides, **case) for case, _ in CASES] == [expected for _, expected in CASES]
    assert not any(is_taken(ours, other) for other in others)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["GPU:0"])
    assert not is_taken(ours, sides)


@pytest.mark.parametrize("ours,sides", [(conv.Conv2D, (8, 8)), (conv.Conv2DTranspose, (4, 4))])
@pytest.mark.parametrize("use_bias", [True, False])
def test_a_layer_is_the_same_in_training(ours, sides, use_bias):
    layer, x = ours(32, 4, 2, use_bias=use_bias), tf.constant(normal([3, *sides, 32], 1))
    layer.build(x.shape)
    layer.set_weights([normal(weight.shape, 3) for weight in layer.weights])
    found = []
    for training in (False, True):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=training)
        dy = tf.constant(normal(y.shape, 2))
        found.append([y, *tape.gradient(y, [x, *(weight.value for weight in layer.weights)], dy)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5 * np.abs(b).max())


def test_without_the_private_call_the_numbers_are_the_same(monkeypatch):
    way, plain, x = WAYS["convolved"]
    monkeypatch.setattr(private, "stop_recording", contextlib.nullcontext)
    graph = tf.function(lambda x, kernel: with_gradients(way, x, kernel))
    for a, b in zip(graph(x, KERNEL), with_gradients(plain, x, KERNEL), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5 * np.abs(b).max())


@pytest.mark.slow
def test_each_of_two_replicas_goes_that_way(two_replicas):
    way, plain, x = WAYS["convolved"]

    def replica():
        index = tf.distribute.get_replica_context().replica_id_in_sync_group
        return with_gradients(way, x + tf.cast(index, tf.float32), KERNEL)

    results = tf.function(lambda: two_replicas.run(replica))()
    for index in (0, 1):
        expected = with_gradients(plain, x + index, KERNEL)
        for a, b in zip(results, expected, strict=True):
            a = two_replicas.experimental_local_results(a)[index]
            np.testing.assert_allclose(a, b, atol=1e-5 * np.abs(b).max())
