"""Layers made of layers: their base, and a stack."""

import inspect
import math
from typing import Any, List

import keras


def apply(layer: keras.layers.Layer, x: Any, training: bool) -> Any:
    """layer(x), with `training` for a layer whose call takes it."""
    told = "training" in inspect.signature(layer.call).parameters
    return layer(x, training=training) if told else layer(x)


class Composite(keras.layers.Layer):
    """The base of layers made of others, whose parts make their weights when they are first called.

    Without `build`, Keras traces the first call of such a layer into a graph that nobody uses, and within it that of
    each part, before it makes the call itself.
    """

    def build(self, input_shape):
        """Make no weights: the parts do."""


class Stack(Composite):
    """The computation of `keras.Sequential`, as a layer to derive from.

    Args:
      parts: layers, each called on the result of the one before.

    Input of the first layer, output of the last; `training` is for those that take it.
    """

    def __init__(self, parts, name=None):
        super().__init__(name=name)
        self.parts = parts

    def call(self, x, training=False):
        for part in self.parts:
            x = apply(part, x, training)
        return x


def widths(size: int, channels: int) -> List[int]:
    """Channels of the convolutions of stride 2 that lead from size x size down to 4x4: c, 2c, 4c, ..."""
    return [channels * 2**i for i in range(int(math.log2(size)) - 2)]
