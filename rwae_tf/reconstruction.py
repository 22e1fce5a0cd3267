"""The decoder's likelihood p_theta(x|z) and the reconstruction cost c(x, x_hat) of eq. 9.

One convention: the decoder network gives logits, `output` turns them into x_hat, and a cost is summed
over the pixels and frames of a sequence and averaged over the batch (Theorem 1: c = sum_t |x_t - x_hat_t|^2).
"""

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from rwae_tf.types import SequenceSpec


def normalized(x: tf.Tensor, spec: SequenceSpec) -> tf.Tensor:
    """Clips as the networks see them: of speech, less the means over the deviations of `spec`, a `SequenceSpec`."""
    if spec.normalization is None:
        return x
    mean, deviation = np.asarray(spec.normalization, np.float32)
    return (x - mean) / deviation


def restored(x: tf.Tensor, spec: SequenceSpec) -> tf.Tensor:
    """The inverse of `normalized`: what the networks give, as the dataset has it."""
    if spec.normalization is None:
        return x
    mean, deviation = np.asarray(spec.normalization, np.float32)
    return x * deviation + mean


def output(logits: tf.Tensor, modality: str) -> tf.Tensor:
    """x_hat: the sigmoid of the logits for "video", the logits themselves for "speech"."""
    return tf.sigmoid(logits) if modality == "video" else logits


def likelihood(logits: tf.Tensor, reconstruction: str, modality: str) -> tfd.Distribution:
    """p_theta(x_1:T | z) of sequences: batch shape [B], event shape that of a sequence, [T, ...].

    Args:
      logits: the decoder network's output before `output`, [B, T, ...].
      reconstruction: "squared_error", whose decoder is deterministic (a point, section 3.1); "bernoulli" or "normal",
        independent pixels, the normal ones of standard deviation 1.
      modality: "video" or "speech".
    """
    if reconstruction == "squared_error":
        pixels = tfd.Deterministic(output(logits, modality))
    elif reconstruction == "normal":
        pixels = tfd.Normal(output(logits, modality), 1.0)
    else:  # From logits, so that neither density nor gradient overflows where the sigmoid saturates.
        pixels = tfd.Bernoulli(logits=logits, dtype=tf.float32)
    return tfd.Independent(pixels, reinterpreted_batch_ndims=logits.shape.rank - 1)


def of_data(likelihood: tfd.Distribution, spec: SequenceSpec) -> tfd.Distribution:
    """The `likelihood` of frames as networks see them, as one of frames as the dataset has them."""
    if spec.normalization is None:
        return likelihood
    frames = restored(likelihood.mode(), spec)
    if isinstance(likelihood.distribution, tfd.Normal):
        deviation = np.asarray(spec.normalization[1], np.float32)
        as_given = tfd.Normal(frames, likelihood.distribution.scale * deviation)
    else:
        as_given = tfd.Deterministic(frames)
    return tfd.Independent(as_given, reinterpreted_batch_ndims=frames.shape.rank - 1)


def cost(x: tf.Tensor, likelihood: tfd.Distribution) -> tf.Tensor:
    """Mean over the batch of the cost of a whole sequence; a scalar.

    The squared error to the point of a deterministic decoder, which has no density; else -log p(x|z) in nats,
    which for pixels between 0 and 1 is their cross-entropy.

    Args:
      x: sequences [B, T, ...], for Bernoulli pixels in [0, 1].
      likelihood: result of the function of that name, for the same sequences.
    """
    if isinstance(likelihood.distribution, tfd.Deterministic):
        total = 2 * tf.nn.l2_loss(likelihood.distribution.loc - x)
    else:
        total = -tf.reduce_sum(likelihood.log_prob(x))
    return total / tf.cast(tf.shape(x)[0], total.dtype)
