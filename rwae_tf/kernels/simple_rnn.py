"""The plain recurrent layer of Keras, its weights and its numbers, with the products with its inputs taken at once."""

import tensorflow as tf
from keras import layers

from rwae_tf.kernels import lstm, matmul


class SimpleRNN(layers.Layer):
    """h_t = tanh(x_t K + h_t-1 R + b), from zeros: inputs [B, T, D] -> h [B, T, units].

    Args:
      units: width of h.
    """

    def __init__(self, units, name=None):
        super().__init__(name=name)
        self.cell = layers.SimpleRNNCell(units)

    def build(self, input_shape):
        self.cell.build((None, input_shape[-1]))

    def call(self, x):
        recurrent = tf.convert_to_tensor(self.cell.recurrent_kernel.value)
        inputs = matmul.of_all(lstm.time_major(x), self.cell.kernel.value, matmul.precision())
        inputs += self.cell.bias.value

        def step(state, row):
            return (tf.tanh(row + state[0] @ recurrent),)

        return lstm.time_major(lstm.scan(step, (tf.zeros_like(inputs[0]),), inputs)[0])
