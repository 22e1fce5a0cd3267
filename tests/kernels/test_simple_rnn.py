"""The plain recurrent layer: Keras's numbers and gradients, of lengths written out, scanned and unknown."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rwae_tf.kernels.simple_rnn import SimpleRNN


@pytest.mark.parametrize("length", [3, 40])
def test_numbers_and_gradients_are_those_of_keras(length):
    x = tf.constant(np.random.default_rng(0).normal(size=(2, length, 4)).astype(np.float32))
    ours, keras_layer = SimpleRNN(5), keras.layers.SimpleRNN(5, return_sequences=True)
    ours(x)
    keras_layer(x)
    keras_layer.set_weights(ours.get_weights())
    results = []
    for layer in (ours, keras_layer):
        with tf.GradientTape() as tape:
            tape.watch(x)
            h = layer(x)
            loss = tf.reduce_sum(h**2 * tf.range(5.0))
        results.append([h, *tape.gradient(loss, [x, *layer.trainable_weights])])
    for mine, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)
    free = tf.function(ours, input_signature=[tf.TensorSpec([None, None, 4])], autograph=False)
    np.testing.assert_allclose(free(x), results[0][0], atol=1e-6)
