import keras
import numpy as np
import pytest
import tensorflow as tf

from rwae_tf.layers.spectral_dense import SpectralDense

RNG = np.random.default_rng(0)


def built(units=5, size=7, dtype="float64", seed=3):
    layer = SpectralDense(units, seed=seed, dtype=dtype)
    layer.build((None, size))
    return layer


def norm(layer):
    """Largest singular value of W."""
    return np.linalg.svd(layer.kernel.numpy())[1][0]


@pytest.mark.parametrize("size, units", [(120, 256), (256, 128), (128, 1)])
def test_sigma_is_right_from_the_start(size, units):
    layer = built(units, size, dtype="float32")
    assert float(layer.sigma()) == pytest.approx(norm(layer), rel=1e-4)


def test_sigma_is_right_when_a_model_builds_its_layers_symbolically():
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.layer = SpectralDense(9)

        def call(self, x):
            return self.layer(x)

    model = Model()
    model(tf.zeros([2, 6]))
    assert float(model.layer.sigma()) == pytest.approx(norm(model.layer), rel=1e-4)


def test_output_is_the_normalised_map_with_gain_and_bias():
    layer = built()
    layer.gain.assign(1.7)
    layer.bias.assign(RNG.normal(size=5))
    x = RNG.normal(size=(2, 3, 7))
    expected = x @ layer.kernel.numpy() * 1.7 / norm(layer) + layer.bias.numpy()
    np.testing.assert_allclose(layer(x), expected, rtol=1e-9)
    np.testing.assert_allclose(tf.function(layer)(x), expected, rtol=1e-9)


def test_gradient_includes_that_of_sigma():
    # Central differences in float64 (u, v stay where they are): error of order step^2 = 1e-10.
    layer, x, weight = built(), RNG.normal(size=(4, 7)), RNG.normal(size=(4, 5))
    layer.kernel.assign_add(0.3 * RNG.normal(size=(7, 5)))  # u and v no longer exact

    def value():
        return tf.reduce_sum(tf.square(layer(x)) * weight)

    with tf.GradientTape() as tape:
        loss = value()
    gradient = tape.gradient(loss, layer.kernel.value).numpy()
    start, step, numeric = layer.kernel.numpy(), 1e-5, np.zeros((7, 5))
    for index in np.ndindex(7, 5):
        for sign in (1, -1):
            moved = start.copy()
            moved[index] += sign * step
            layer.kernel.assign(moved)
            numeric[index] += sign * float(value()) / (2 * step)
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-8)
    # W / sigma does not change with the length of W: the gradient has no part along it.
    assert np.sum(gradient * start) == pytest.approx(0, abs=1e-9)


def test_only_power_iteration_moves_u_and_v():
    layer, x = built(), RNG.normal(size=(4, 7))
    layer.kernel.assign(RNG.normal(size=(7, 5)))
    before = [layer.left.numpy(), layer.right.numpy()]
    layer(x)
    np.testing.assert_array_equal(layer.left.numpy(), before[0])
    np.testing.assert_array_equal(layer.right.numpy(), before[1])

    right = layer.kernel.numpy().T @ before[0]
    right /= np.linalg.norm(right)
    left = layer.kernel.numpy() @ right
    left /= np.linalg.norm(left)
    tf.function(layer.power_iteration)()
    np.testing.assert_allclose(layer.right.numpy(), right, rtol=1e-9)
    np.testing.assert_allclose(layer.left.numpy(), left, rtol=1e-9)


def test_power_iteration_follows_a_changed_kernel():
    layer = built()
    layer.kernel.assign(RNG.normal(size=(7, 5)))
    assert float(layer.sigma()) != pytest.approx(norm(layer), rel=1e-2)
    for _ in range(200):
        layer.power_iteration()
    assert float(layer.sigma()) == pytest.approx(norm(layer), rel=1e-6)


def test_what_is_trained_and_what_the_seed_fixes():
    layer = built()
    assert [v.name for v in layer.trainable_variables] == ["kernel", "bias", "gain"]
    assert [v.name for v in layer.non_trainable_variables] == ["left", "right"]
    for ours, same in zip(layer.weights, built().weights, strict=True):
        np.testing.assert_array_equal(ours.numpy(), same.numpy())
    assert not np.array_equal(layer.kernel.numpy(), built(seed=4).kernel.numpy())
