"""What C-DSVAE adds to a bound: contrastive terms and the mutual information of its codes (Bai et al. 2021)."""

import math
from typing import Sequence

import tensorflow as tf


def info_nce(anchor: tf.Tensor, positive: tf.Tensor, temperature: float) -> tf.Tensor:
    """InfoNCE of codes and those of another view of the same clips; a scalar in nats (van den Oord et al. 2018).

    The logits are cosines divided by `temperature`. The result is the mean of two cross-entropies: of finding the
    positive of each anchor, and of finding the anchor of each positive. ln N minus it is a lower bound of the
    information that the two views share.

    Args:
      anchor, positive: [N, ...], row i of both is of clip i; the other rows are the negatives.
      temperature: positive.
    """
    anchor, positive = (tf.math.l2_normalize(tf.reshape(code, [tf.shape(code)[0], -1]), -1)
                        for code in (anchor, positive))
    logits = tf.matmul(anchor, positive, transpose_b=True) / temperature
    own = tf.linalg.diag_part(logits)
    both = tf.reduce_logsumexp(logits, 0) + tf.reduce_logsumexp(logits, 1)
    return tf.reduce_mean(both / 2 - own)


def mutual_information(content: Sequence[tf.Tensor], motion: Sequence[tf.Tensor]) -> tf.Tensor:
    """The mutual information of z_c and z_m,t under the aggregated posterior, mean over frames; a scalar in nats.

    By weighted sampling in the minibatch (Chen et al. 2018): log q(z) is that of the mixture of the batch's posteriors.
    Their estimate for the whole data adds the logarithm of its size, which changes no gradient. The estimate may fall
    below zero by chance.

    Args:
      content, motion: (sample, loc, scale) of q(z_c|x), [N, D] each, and of q(z_m,t|x), [N, T, D] each. Every code is
        evaluated under the posteriors of all rows.
    """
    of_content = _log_densities(*content)[:, :, None]  # [N, N, 1]
    of_motion = _log_densities(*motion)  # [N, N, T]
    joint, marginals = of_content + of_motion, (of_content, of_motion)
    found = tf.reduce_logsumexp(joint, 1) - tf.add_n([tf.reduce_logsumexp(each, 1) + tf.zeros_like(of_motion[:, 0])
                                                      for each in marginals])
    return tf.reduce_mean(found) + tf.math.log(tf.cast(tf.shape(of_motion)[0], found.dtype))


def _log_densities(z, loc, scale):
    """Entry [i, j, ...]: the log density of code i under the posterior of clip j; codes are [N, ..., D]."""
    deviations = (z[:, None] - loc) / scale
    return -tf.reduce_sum(deviations**2 / 2 + tf.math.log(scale) + math.log(2 * math.pi) / 2, -1)
