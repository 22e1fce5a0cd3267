"""The convolutions against Keras's, forward and backward, and what bfloat16 does to them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rwae_tf.kernels import conv, matmul

# (kernel, stride): every kind of the backbones.
KINDS = [(1, 1), (3, 1), (4, 2), (5, 1), (5, 2)]


def pair(ours, kerass, x, filters, kernel, stride):
    """Our layer and Keras's with the same weights."""
    layers = [ours(filters, kernel, stride), kerass(filters, kernel, stride, padding="same")]
    for layer in layers:
        layer.build(x.shape)
    generator = np.random.default_rng(0)
    values = [generator.normal(size=weight.shape).astype(np.float32) for weight in layers[0].weights]
    for layer in layers:
        layer.set_weights(values)
    return layers


def forward_and_backward(layer, x, dy=None, training=False):
    """y, dx and the gradients of the weights for a random dy."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=training) if training else layer(x)
    dy = normal(y.shape, 2) if dy is None else dy
    return [y, *tape.gradient(y, [x, *(weight.value for weight in layer.weights)], dy)]


def normal(shape, seed):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


@pytest.mark.parametrize("kernel,stride", KINDS)
@pytest.mark.parametrize("filters", [3, 6])
@pytest.mark.parametrize("ours,kerass", [(conv.Conv2D, keras.layers.Conv2D),
                                         (conv.Conv2DTranspose, keras.layers.Conv2DTranspose)])
def test_equals_keras(ours, kerass, filters, kernel, stride):
    x = normal([5, 8, 8, 4], 1)
    found, expected = (forward_and_backward(layer, x) for layer in pair(ours, kerass, x, filters, kernel, stride))
    for a, b in zip(found, expected, strict=True):
        # Sums of up to 5 * 64 products of standard normals: 1e-4 is 1e-6 of the largest.
        np.testing.assert_allclose(a, b, atol=1e-4)


@pytest.mark.parametrize("rows", [2, None])
def test_four_products_are_the_gradient_of_a_kernel(rows):
    x, dy = normal([2, 8, 8, 6], 1), normal([2, 4, 4, 7], 2)
    shapes = [tf.TensorSpec([rows, *array.shape[1:]]) for array in (x, dy)]
    found = tf.function(lambda x, dy: conv._to_kernel_by_products(x, dy, [4, 4, 6, 7]), input_signature=shapes)
    expected = tf.raw_ops.Conv2DBackpropFilter(
        input=x, filter_sizes=[4, 4, 6, 7], out_backprop=dy, strides=[1, 2, 2, 1], padding="SAME")
    # Sums of 32 products of standard normals.
    np.testing.assert_allclose(found(x, dy), expected, atol=1e-4)


@pytest.mark.parametrize("width", [1000, 1024])
def test_a_product_of_rows_a_page_apart_is_the_same(width):
    x, y = normal([30, 20], 1), normal([30, width], 2)
    found = matmul.transposed_times(x, y)
    assert found.shape == [20, width]
    # Sums of 30 products of standard normals.
    np.testing.assert_allclose(found, x.numpy().T.astype(np.float64) @ y.numpy(), atol=1e-4)


def test_times_transposed():
    x, kernel = normal([5, 7], 1), normal([3, 7], 2)
    np.testing.assert_allclose(matmul.times_transposed(x, kernel), x.numpy() @ kernel.numpy().T, atol=1e-5)


def test_the_pixels_of_a_block_come_from_one_convolution():
    """A transposed convolution of one point by hand: output q takes weight k = q - 2 p + 1."""
    layer = conv.Conv2DTranspose(1, 4, 2, use_bias=False)
    layer.build((None, 3, 3, 1))
    kernel = np.arange(1.0, 17.0, dtype=np.float32).reshape(4, 4, 1, 1)
    layer.set_weights([kernel])
    x = np.zeros((1, 3, 3, 1), np.float32)
    x[0, 1, 1] = 1
    expected = np.zeros((6, 6), np.float32)
    expected[1:5, 1:5] = kernel[..., 0, 0]  # p = 1: q = k + 1
    np.testing.assert_array_equal(layer(x)[0, ..., 0], expected)


@pytest.mark.parametrize("ours,size,channels,filters", [
    (conv.Conv2D, 8, 64, 64), (conv.Conv2D, 32, 2, 128), (conv.Conv2DTranspose, 4, 64, 64),
    (conv.Conv2DTranspose, 8, 6, 12), (conv.Conv2D, 8, 3, 8)])
def test_bfloat16_rounds_factors_and_results_and_no_more(ours, size, channels, filters):
    x = normal([3, size, size, channels], 1)
    layer = ours(filters, 4, 2, precision="bfloat16", use_bias=False)
    layer.build(x.shape)
    layer.set_weights([normal(layer.kernel.shape, 3)])
    y = layer(x)
    dy = normal(y.shape, 2)
    found = forward_and_backward(layer, x, dy, training=True)

    def rounded(values):
        return tf.cast(tf.cast(values, tf.bfloat16), tf.float32)

    layer.set_weights([rounded(layer.kernel.value)])
    expected = forward_and_backward(layer, rounded(x), rounded(dy))
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == tf.float32
        # A rounded sum is off by half of a last place, 2^-9 of it. The four products of a gradient are each one sum.
        np.testing.assert_allclose(a, b, rtol=2**-8, atol=2**-8 * np.abs(b).max() / 4)
        assert not np.array_equal(a, b)


@pytest.mark.parametrize("size,channels,filters", [(8, 64, 64), (8, 3, 8)])
def test_bfloat16_is_the_same_where_the_processor_has_none(monkeypatch, size, channels, filters):
    if not matmul._has_bfloat16():
        pytest.skip("this processor has no bfloat16 to compare with; the test above measures what stands in for it")
    x, layer = normal([3, size, size, channels], 1), conv.Conv2D(filters, 4, 2, precision="bfloat16", use_bias=False)
    layer.build(x.shape)
    expected = forward_and_backward(layer, x, training=True)
    monkeypatch.setattr(matmul, "_has_bfloat16", lambda: False)
    found = forward_and_backward(layer, x, training=True)
    for a, b in zip(found, expected, strict=True):
        # Sums in float32, in another order, may round to the neighbour: 2^-8 of a value, and of the largest part.
        np.testing.assert_allclose(a, b, rtol=2**-8, atol=2**-8 * np.abs(b).max() / 4)


@pytest.mark.parametrize("said,option,expected", [
    ({"avx512bw"}, "1", True), ({"avx512bw"}, "0", False), ({"avx2"}, "1", False)])
def test_who_has_bfloat16(monkeypatch, said, option, expected):
    monkeypatch.setattr(matmul.cpu_info, "instructions", lambda: frozenset(said))
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", option)
    assert matmul._has_bfloat16() == expected


def test_without_bfloat16_factors_are_multiplied_in_float32(monkeypatch):
    monkeypatch.setattr(matmul, "_has_bfloat16", lambda: False)
    ones = tf.ones([1, 256 + 2], tf.bfloat16)
    seen = []
    found = matmul.taken(lambda x, y: seen.append(x.dtype) or tf.matmul(x, y), ones, tf.transpose(ones))
    # A sum in bfloat16 stands still at 256, where its last place is 2; 258 has 7 bits and a place of 2.
    assert seen == [tf.float32] and found.dtype == tf.bfloat16 and float(found[0, 0]) == 258


def test_float32_is_what_is_outside_of_training():
    x = normal([3, 8, 8, 4], 1)
    rounded, exact = conv.Conv2D(5, 4, 2, precision="bfloat16"), conv.Conv2D(5, 4, 2)
    for layer in (rounded, exact):
        layer.build(x.shape)
    exact.set_weights(rounded.get_weights())
    np.testing.assert_array_equal(rounded(x), exact(x))
    assert not np.array_equal(rounded(x, training=True), exact(x, training=True))


@pytest.mark.parametrize("ours", [conv.Conv2D, conv.Conv2DTranspose])
def test_any_number_of_rows_in_a_graph(ours):
    layer = ours(3, 4, 2)
    layer.build((None, 8, 8, 4))
    graph = tf.function(layer, input_signature=[tf.TensorSpec([None, 8, 8, 4])])
    for rows in (1, 3):
        x = normal([rows, 8, 8, 4], rows)
        assert graph(x).shape[1:] == layer(x).shape[1:]
        np.testing.assert_allclose(graph(x), layer(x), atol=1e-5)
