"""The plain recurrent layer of Keras, its weights and its numbers, with the products with its inputs taken at once."""

import tensorflow as tf
from keras import layers

from rwae_tf.kernels import matmul, recurrence


class SimpleRNN(layers.Layer):
    """h_t = tanh(x_t K + h_t-1 R + b), from zeros: inputs [B, T, D] -> h [B, T, units].

    Args:
      units: width of h.
      precision: what the product with the inputs of a training step is taken in, "float32" or "bfloat16".
    """

    def __init__(self, units, precision="float32"):
        super().__init__()
        self.precision = precision
        self.cell = layers.SimpleRNNCell(units)

    def build(self, input_shape):
        self.cell.build((None, input_shape[-1]))

    def call(self, x, training=False):
        recurrent = tf.convert_to_tensor(self.cell.recurrent_kernel.value)
        precision = self.precision if training else "float32"
        inputs = matmul.of_all(recurrence.time_major(x), self.cell.kernel.value, precision)
        inputs += self.cell.bias.value

        def step(state, row):
            return (tf.tanh(row + state[0] @ recurrent),)

        return recurrence.time_major(recurrence.scan(step, (tf.zeros_like(inputs[0]),), inputs)[0])
