"""Who computes the layers: Keras's own code, or the faster code of `kernels`. Chosen once, where a model is built.

A model gets a `Policy` and hands it to the constructors of its parts, which hand it to those of their layers. Layers of
both names have the same weights, in the same order and with the same first values, so a checkpoint of one loads in the
other.
"""

import dataclasses
import importlib.util

from rwae_tf.errors import InputError
from rwae_tf.layers import plain


@dataclasses.dataclass(frozen=True)
class Policy:
    """Makes layers and optimizers.

    A layer's argument `training` says whether a call is part of a training step. Only there do `precision` and
    `winograd` count, so that encoding and decoding do not depend on them.

    Attributes:
      name: "fast", or "plain" for Keras's own layers.
      precision: what the convolutions and recurrent layers of "fast" multiply in: "float32" or "bfloat16".
      winograd: whether the convolutions of "fast" may take fewer products than their formula has.
    """

    name: str = "fast"
    precision: str = "float32"
    winograd: bool = True

    def conv(self, filters, kernel_size, strides=1, **options):
        """Convolution with "same" padding: [N, H, W, C] -> [N, H / strides, W / strides, filters]."""
        if self.name == "plain":
            return plain.Conv2D(filters, kernel_size, strides, **options)
        return self._kernels("conv").Conv2D(filters, kernel_size, strides, self.precision, self.winograd, **options)

    def conv_transpose(self, filters, kernel_size, strides=1, **options):
        """Transposed convolution with "same" padding: [N, H, W, C] -> [N, H strides, W strides, filters]."""
        if self.name == "plain":
            return plain.Conv2DTranspose(filters, kernel_size, strides, **options)
        return self._kernels("conv").Conv2DTranspose(
            filters, kernel_size, strides, self.precision, self.winograd, **options)

    def dense(self, units, **options):
        """Linear map [..., D] -> [..., units], with an optional activation."""
        return (plain if self.name == "plain" else self._kernels("dense")).Dense(units, **options)

    def batch_norm(self, affine=True):
        """Batch normalisation over all axes but the last; `affine` for a learned gain and shift."""
        return (plain if self.name == "plain" else self._kernels("batch_norm")).BatchNorm(affine)

    def leaky_relu(self):
        """LeakyReLU of slope 0.2."""
        return (plain if self.name == "plain" else self._kernels("leaky_relu")).LeakyReLU()

    def lstm(self, units, backwards=False, last=False):
        """LSTM [B, T, D] -> [B, T, units]; see `plain.LSTM`."""
        if self.name == "plain":
            return plain.LSTM(units, backwards, last)
        return self._kernels("lstm").LSTM(units, backwards, last, self.precision)

    def simple_rnn(self, units):
        """h_t = tanh(x_t K + h_t-1 R + b): [B, T, D] -> [B, T, units]."""
        if self.name == "plain":
            return plain.SimpleRNN(units)
        return self._kernels("simple_rnn").SimpleRNN(units, self.precision)

    def recurrence(self):
        """What runs a given `LSTMCell` over time; see `plain.Recurrence`."""
        return plain.Recurrence() if self.name == "plain" else self._kernels("lstm").Recurrence(self.precision)

    def adam(self, learning_rate, beta_1, beta_2):
        """The optimizer Adam."""
        kind = (plain if self.name == "plain" else self._kernels("adam")).Adam
        return kind(learning_rate, beta_1=beta_1, beta_2=beta_2)

    @staticmethod
    def _kernels(module):
        """A module of `kernels`, imported here so that "plain" works without that folder."""
        if importlib.util.find_spec("rwae_tf.kernels") is None:
            raise InputError("kernels=fast: this package has no rwae_tf.kernels; give kernels=plain")
        return importlib.import_module(f"rwae_tf.kernels.{module}")
