"""The LSTM of Keras, its weights and its numbers, with its inputs multiplied by one product over all frames.

The rest is `recurrence`. In a step of training products are taken in the `precision` of the layer, but for those of the
heads.
"""

import tensorflow as tf
from keras import layers

from rwae_tf.kernels import matmul, recurrence
from rwae_tf.kernels.recurrence import time_major


class LSTM(layers.Layer):
    """Inputs [B, T, D] -> all outputs h [B, T, units].

    Args:
      units: width of h.
      backwards: whether it begins at the last frame; the outputs are in the order of the inputs all the same.
      last: whether it gives nothing but h at the frame that it reads last, [B, units].
      precision: what a step of training multiplies in, "float32" or "bfloat16".
    """

    def __init__(self, units, backwards=False, last=False, precision="float32"):
        super().__init__()
        self.cell = layers.LSTMCell(units)
        self.backwards, self.last, self.precision = backwards, last, precision

    def build(self, input_shape):
        self.cell.build((None, input_shape[-1]))

    def call(self, x, training=False):
        h = _outputs(self.cell, self._in_order(time_major(x)), self.precision if training else "float32")
        return h[-1] if self.last else time_major(self._in_order(h))

    def _in_order(self, x):
        """[T, ...] in the order of reading, and back."""
        return tf.reverse(x, [0]) if self.backwards else x


class Recurrence:
    """Runs a `keras.layers.LSTMCell` over time, from zeros.

    Args:
      precision: what a step of training multiplies in, "float32" or "bfloat16".
    """

    def __init__(self, precision="float32"):
        self._precision = precision

    def outputs(self, cell, x, training=False):
        """All outputs h [B, T, H] for inputs x [B, T, D]."""
        return time_major(_outputs(cell, time_major(x), self._precision if training else "float32"))

    def sampled(self, cell, heads, noise, x=None, training=False):
        """The numbers of `layers.plain.Recurrence.sampled`; in a step of training, in the precision asked for."""
        precision, noise, (loc, raw_scale) = self._precision if training else "float32", time_major(noise), heads
        of_x, of_z = tf.split(cell.kernel.value, [-1, loc.units])
        if x is None:
            gates = tf.zeros_like(noise[..., :1]) + cell.bias.value
        else:
            gates = matmul.of_all(time_major(x), of_x, precision)
            gates = tf.ensure_shape(gates, [*noise.shape[:2], None])
            gates += cell.bias.value
        found = recurrence.run_sampled(
            gates, noise, tf.concat([cell.recurrent_kernel.value, of_z], 0),
            tf.concat([loc.kernel.value, raw_scale.kernel.value], 1),
            tf.concat([loc.bias.value, raw_scale.bias.value], 0), precision)
        return [time_major(array) for array in found]


def _outputs(cell, x, precision):
    """h [T, B, H] of an `LSTMCell` for x [T, B, D]."""
    gates = matmul.of_all(x, cell.kernel.value, precision) + cell.bias.value
    return recurrence.run(gates, tf.convert_to_tensor(cell.recurrent_kernel.value), precision)
