"""The reconstruction cost c(x, x_hat) of eq. 9 and the decoder's output.

One convention: the decoder network gives logits, `output` turns them into x_hat, and a cost is summed
over the pixels and frames of a sequence and averaged over the batch (Theorem 1: c = sum_t |x_t - x_hat_t|^2).
"""

import numpy as np
import tensorflow as tf


def normalized(x, spec):
    """Clips as the networks see them: of speech, less the means over the deviations of `spec`, a `SequenceSpec`."""
    if spec.normalization is None:
        return x
    mean, deviation = np.asarray(spec.normalization, np.float32)
    return (x - mean) / deviation


def restored(x, spec):
    """The inverse of `normalized`: what the networks give, as the dataset has it."""
    if spec.normalization is None:
        return x
    mean, deviation = np.asarray(spec.normalization, np.float32)
    return x * deviation + mean


def output(logits, modality):
    """x_hat: the sigmoid of the logits for "video", the logits themselves for "speech"."""
    return tf.sigmoid(logits) if modality == "video" else logits


def cost(x, logits, reconstruction, modality):
    """Mean over the batch of the cost of a whole sequence.

    Args:
      x: sequences [B, T, ...], for "bernoulli" in [0, 1].
      logits: the decoder network's output before `output`, shaped like x.
      reconstruction: "squared_error" of `output(logits)`, or "bernoulli", the cross-entropy in nats.
      modality: "video" or "speech".

    Returns:
      A scalar.
    """
    return _SUMS[reconstruction](x, logits, modality) / tf.cast(tf.shape(x)[0], logits.dtype)


def _squared_error(x, logits, modality):
    return 2 * tf.nn.l2_loss(output(logits, modality) - x)


def _bernoulli(x, logits, modality):
    """From logits, so that neither cost nor gradient overflows where the sigmoid saturates."""
    return tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits))


_SUMS = {"squared_error": _squared_error, "bernoulli": _bernoulli}
