"""From network outputs to distributions of TensorFlow Probability, and samples of them from given noise.

The only softplus and the only minimum of a scale in the package.

A distribution's own `sample(seed=)` draws one block of noise for all rows at once. Here row i of the global
batch has the same noise on one replica or many and after a resume (`rwae_tf.noise`), so samples are made from
given noise by the distribution's own reparameterization: `sample_normal` and `sample_action`.
"""

from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

SCALE_FLOOR = 1e-4
"""Smallest standard deviation a network can give."""

_SMALLEST_UNIFORM = np.finfo(np.float32).tiny
_LARGEST_UNIFORM = np.nextafter(np.float32(1), np.float32(0))


def scale(raw: tf.Tensor) -> tf.Tensor:
    """The standard deviation of a raw network output: softplus(raw) + SCALE_FLOOR, any shape."""
    return tf.nn.softplus(raw) + SCALE_FLOOR


def scale_slope(raw: tf.Tensor) -> tf.Tensor:
    """The derivative of `scale` at `raw`: sigmoid(raw)."""
    return tf.sigmoid(raw)


def raw_scale(value: Any) -> Any:
    """The raw output whose `scale` is `value`, a number or array above SCALE_FLOOR; for a bias's start.

    The inverse of softplus, log(exp(y) - 1), as y + log(1 - exp(-y)), which does not overflow.
    """
    y = value - SCALE_FLOOR
    return y + np.log(-np.expm1(-y))


def relaxed_action(logits: tf.Tensor, temperature: tf.Tensor) -> tfd.Distribution:
    """The relaxed one-hot distribution of an action (section 3.4), batch shape [...] and event shape [A].

    Args:
      logits: [..., A], not necessarily normalised; cast to float32, the narrowest that TFP accepts.
      temperature: positive scalar, tau.
    """
    return tfd.RelaxedOneHotCategorical(temperature=tf.cast(temperature, tf.float32),
                                        logits=tf.cast(logits, tf.float32))


def sample_normal(q: tfd.Distribution, noise: tf.Tensor) -> tf.Tensor:
    """The sample loc + scale noise of a MultivariateNormalDiag `q`, from standard normal noise [..., D]."""
    return q.bijector.forward(noise)


def sample_action(q: tfd.Distribution, uniform: tf.Tensor) -> tf.Tensor:
    """A sample of a `relaxed_action` from given noise: softmax((log alpha + g) / tau), g Gumbel.

    Section 3.4 prints the Gumbel formula without its division by the sum. In float32 throughout, and
    with the noise clipped just inside (0, 1) so that g stays finite.

    Args:
      q: the distribution, batch shape [B], event shape [A].
      uniform: noise in (0, 1), [B, A].

    Returns:
      Points of the simplex, float32 [B, A].
    """
    uniform = tf.clip_by_value(tf.cast(uniform, tf.float32), _SMALLEST_UNIFORM, _LARGEST_UNIFORM)
    gumbel = -tf.math.log(-tf.math.log(uniform))
    return tf.nn.softmax((tf.nn.log_softmax(q.logits) + gumbel) / q.temperature)
