"""Dense against Keras's, and the product of all frames whose gradients are written out."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rwae_tf.kernels import dense, matmul


def normal(shape, seed):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


# Rows of 1024 and 2048 numbers are a page or two wide.
@pytest.mark.parametrize("shape,units,options", [
    ([5, 7], 3, {}), ([5, 1024], 6, {"activation": "tanh"}), ([5, 6], 2048, {"use_bias": False}), ([2, 3, 7], 4, {})])
def test_equals_keras(shape, units, options):
    x, dy, found = normal(shape, 1), normal([*shape[:-1], units], 2), []
    for kind in (dense.Dense, keras.layers.Dense):
        layer = kind(units, **options)
        layer.build(x.shape)
        layer.set_weights([normal(weight.shape, 3 + i) for i, weight in enumerate(layer.weights)])
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        found.append([y, *tape.gradient(y, [x, *(weight.value for weight in layer.weights)], dy)])
    for a, b in zip(*found, strict=True):
        # Sums of up to 2048 products of standard normals, some 45 large: 1e-3 is 2e-5 of that.
        np.testing.assert_allclose(a, b, atol=1e-3 if 2048 in (units, shape[-1]) or 1024 in shape else 1e-5)


def test_the_gradients_of_a_product_of_all_have_gradients():
    x, kernel = normal([2, 3, 4], 1), normal([4, 5], 2)
    found = []
    for way in (matmul.of_all, lambda x, kernel: tf.tensordot(x, kernel, 1)):
        with tf.GradientTape() as outer:
            outer.watch([x, kernel])
            with tf.GradientTape() as inner:
                inner.watch([x, kernel])
                loss = tf.reduce_sum(tf.sin(way(x, kernel)))
            penalty = tf.add_n([tf.reduce_sum(gradient**2) for gradient in inner.gradient(loss, [x, kernel])])
        found.append(outer.gradient(penalty, [x, kernel]))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_the_shape_of_a_product_of_all_is_known_in_a_graph():
    graph = tf.function(matmul.of_all).get_concrete_function(tf.TensorSpec([None, 3, 4]), tf.TensorSpec([4, 5]))
    assert graph.output_shapes.as_list() == [None, 3, 5]


def test_a_product_of_all_rounds_its_factors_in_bfloat16():
    x, kernel = normal([3, 4], 1), normal([4, 5], 2)
    found = matmul.of_all(x, kernel, "bfloat16")
    expected = tf.cast(tf.cast(x, tf.bfloat16), tf.float32) @ tf.cast(tf.cast(kernel, tf.bfloat16), tf.float32)
    assert found.dtype == tf.float32 and not np.array_equal(found, x @ kernel)
    # The sum is rounded once more: half of a last place, 2^-9.
    np.testing.assert_allclose(found, expected, rtol=2**-8, atol=2**-8)
