"""From network outputs to distributions: the package's only softplus and its only floor of a scale.

TensorFlow Probability takes seconds to import, so the functions that return its objects import it.
"""

import numpy as np
import tensorflow as tf

SCALE_FLOOR = 1e-4
"""Smallest standard deviation a network can give."""

_SMALLEST_UNIFORM = np.finfo(np.float32).tiny
_LARGEST_UNIFORM = np.nextafter(np.float32(1), np.float32(0))


def scale(raw):
    """The standard deviation of a raw network output: softplus(raw) + SCALE_FLOOR, any shape."""
    return tf.nn.softplus(raw) + SCALE_FLOOR


def scale_slope(raw):
    """The derivative of `scale` at `raw`: sigmoid(raw)."""
    return tf.sigmoid(raw)


def raw_scale(value):
    """The raw output whose `scale` is `value`, a number or array above SCALE_FLOOR; for a bias's start.

    The inverse of softplus, log(exp(y) - 1), as y + log(1 - exp(-y)), which does not overflow.
    """
    y = value - SCALE_FLOOR
    return y + np.log(-np.expm1(-y))


def normal(loc, scale):
    """The diagonal Gaussian with mean `loc` and standard deviation `scale`, both [..., D].

    Returns:
      A TFP distribution with batch shape [...] and event shape [D].
    """
    from tensorflow_probability import distributions as tfd
    return tfd.MultivariateNormalDiag(loc=loc, scale_diag=scale)


def relaxed_action(logits, temperature):
    """The relaxed one-hot distribution of an action (section 3.4), as TFP has it.

    Args:
      logits: [..., A], not necessarily normalised; cast to float32, the narrowest that TFP accepts.
      temperature: positive scalar, tau.
    """
    from tensorflow_probability import distributions as tfd
    return tfd.RelaxedOneHotCategorical(temperature=tf.cast(temperature, tf.float32),
                                        logits=tf.cast(logits, tf.float32))


def sample_action(logits, temperature, uniform):
    """A sample of `relaxed_action` from given noise: softmax((log alpha + g) / tau), g Gumbel.

    Section 3.4 prints the Gumbel formula without its division by the sum. In float32 throughout, and
    with the noise clipped just inside (0, 1) so that g stays finite.

    Args:
      logits: [B, A], not necessarily normalised.
      temperature: positive scalar, tau.
      uniform: noise in (0, 1), [B, A].

    Returns:
      Points of the simplex, float32 [B, A].
    """
    uniform = tf.clip_by_value(tf.cast(uniform, tf.float32), _SMALLEST_UNIFORM, _LARGEST_UNIFORM)
    gumbel = -tf.math.log(-tf.math.log(uniform))
    log_alpha = tf.nn.log_softmax(tf.cast(logits, tf.float32))
    return tf.nn.softmax((log_alpha + gumbel) / tf.cast(temperature, tf.float32))
