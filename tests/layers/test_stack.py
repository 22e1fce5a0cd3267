"""A stack against its layers called by hand, and the first call of a layer made of others."""

import numpy as np
import tensorflow as tf
from keras import layers

from rwae_tf.kernels.batch_norm import BatchNorm
from rwae_tf.layers.stack import Composite, Stack


def test_layers_are_called_in_their_order_and_batch_norms_told_of_training():
    x = tf.constant(np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32))
    first, norm, last = layers.Dense(4), BatchNorm(), layers.LeakyReLU(negative_slope=0.2)
    stack = Stack([first, norm, last])
    np.testing.assert_allclose(stack(x), last(norm(first(x))))
    y = first(x).numpy()
    normed = (y - y.mean(0)) / np.sqrt(y.var(0) + 1e-5)
    np.testing.assert_allclose(stack(x, training=True), np.where(normed > 0, normed, 0.2 * normed), atol=1e-5)
    assert [variable.path for variable in stack.variables] == [v.path for v in (*first.variables, *norm.variables)]


def test_parts_make_their_weights_in_the_one_first_call():
    lengths = []

    class Pair(Composite):
        def __init__(self):
            super().__init__()
            self.parts = Stack([layers.Dense(4), layers.Dense(2)])

        def call(self, x, z):
            lengths.append(len(x))
            return self.parts(x + z)

    pair, x = Pair(), tf.zeros([6, 3])
    assert pair(x, x).shape == (6, 2) and lengths == [6]
    assert [tuple(weight.shape) for weight in pair.trainable_variables] == [(3, 4), (4,), (4, 2), (2,)]
