"""One operation per weight against Keras's Adam and a NumPy loop."""

import keras
import numpy as np
import tensorflow as tf

from rwae_tf.compat import private
from rwae_tf.kernels.adam import Adam

OPTIONS = {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.9}


def after(optimizer_class, gradients):
    """The weight and the optimizer's variables after all steps."""
    weight = keras.Variable(np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4))
    optimizer = optimizer_class(**OPTIONS)
    optimizer.build([weight])
    step = tf.function(lambda gradient: optimizer.apply([gradient], [weight]))
    for gradient in gradients:
        step(tf.constant(gradient))
    return [weight.numpy(), *(variable.value.numpy() for variable in optimizer.variables)]


def test_equals_keras_and_the_formula():
    gradients = np.random.default_rng(0).normal(size=(5, 3, 4)).astype(np.float32)
    found, expected = after(Adam, gradients), after(keras.optimizers.Adam, gradients)
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)

    x, m, v = np.linspace(-1, 1, 12).reshape(3, 4), 0.0, 0.0
    for t, g in enumerate(gradients.astype(np.float64), 1):
        m, v = 0.5 * m + 0.5 * g, 0.9 * v + 0.1 * g * g
        # Kingma & Ba's form before section 2's end: epsilon, Keras's 1e-7, beside the root of v without its correction.
        x = x - 0.01 * np.sqrt(1 - 0.9**t) / (1 - 0.5**t) * m / (np.sqrt(v) + 1e-7)
    np.testing.assert_allclose(found[0], x, rtol=1e-5)


def test_without_the_private_attributes_keras_moves_the_weight(monkeypatch):
    gradients = np.random.default_rng(0).normal(size=(3, 3, 4)).astype(np.float32)
    monkeypatch.setattr(private, "_SLOTS", ("an_attribute_that_is_gone",))
    for a, b in zip(after(Adam, gradients), after(keras.optimizers.Adam, gradients), strict=True):
        np.testing.assert_array_equal(a, b)
