"""Kullback-Leibler divergences in closed form (eq. 9 and section 3.4), and the action's by Monte Carlo."""

import math

import tensorflow as tf

_SMALLEST_ACTION = 1e-30


def normal_kl(loc_q, scale_q, loc_p, scale_p):
    """KL(q || p) between diagonal Gaussians, all [..., D]; summed over D -> [...], in nats."""
    ratio = tf.square(scale_q / scale_p)
    shift = tf.square((loc_q - loc_p) / scale_p)
    return 0.5 * tf.reduce_sum(ratio + shift - 1 - tf.math.log(ratio), axis=-1)


def motion_kl(q, p):
    """sum_t KL(q(z_t) || p(z_t | past)), mean over the batch; q and p are (loc, scale) of [B, T, D]."""
    return tf.reduce_mean(tf.reduce_sum(normal_kl(*q, *p), axis=-1))


def content_kl(q):
    """KL(q(z_c|x) || N(0, I)), mean over the batch; q is (loc, scale) of [B, D]. The first term of eq. 13."""
    loc, scale = q
    return tf.reduce_mean(normal_kl(loc, scale, tf.zeros_like(loc), tf.ones_like(scale)))


def action_kl(logits, objective, action=None, temperature=None):
    """KL of the action's posterior from the uniform prior, mean over the batch; a scalar in nats.

    `objective.action_kl` chooses which:

    - "categorical": log A - H(q), between the categorical distributions behind the relaxed ones; it
      lies in [0, log A].
    - "monte_carlo": log q(action) - log p(action) between the relaxed densities, at a sample. On
      average it does not depend on the temperature (the sample is an invertible map of logits + Gumbel
      noise up to a shift), is never below the categorical KL and has no upper bound.

    Args:
      logits: of q, [B, A], not necessarily normalised.
      objective: an ObjectiveConfig.
      action: for "monte_carlo", a relaxed one-hot sample of q, [B, A].
      temperature: for "monte_carlo", the temperature it was drawn with, of q and p alike.
    """
    log_alpha = tf.nn.log_softmax(tf.cast(logits, tf.float32))  # half precision has too few digits near 0 and log A
    if objective.action_kl == "monte_carlo":
        return tf.reduce_mean(_relaxed_log_ratio(log_alpha, action, temperature))
    return tf.reduce_mean(_kl_from_uniform(log_alpha))


def action_divergence(logits):
    """KL of the aggregated posterior of the action from the uniform prior: log A - H(mean of q), a scalar in nats.

    `action_kl` falls with every clip whose action is uncertain; this one only with actions that more, or fewer, clips
    take than others. They differ by the information of the action about the clip (Theorem 3).

    Args:
      logits: of q for the clips of the global batch, [B, A], not necessarily normalised.
    """
    log_alpha = tf.nn.log_softmax(tf.cast(logits, tf.float32))
    count = tf.cast(tf.shape(log_alpha)[0], tf.float32)
    return _kl_from_uniform(tf.reduce_logsumexp(log_alpha, axis=0) - tf.math.log(count))


def _kl_from_uniform(log_alpha):
    """log A - H of categorical distributions [..., A] -> [...], in nats."""
    return math.log(log_alpha.shape[-1]) + tf.reduce_sum(tf.exp(log_alpha) * log_alpha, axis=-1)


def _relaxed_log_ratio(log_alpha, action, temperature):
    """log q(a) - log p(a) of relaxed one-hot densities, q with log_alpha and p uniform, both [B, A] -> [B].

    In log space, where x = log a has the density (Maddison et al. 2017, ExpConcrete)

      log q(x) = log (A-1)! + (A-1) log tau + sum_k y_k - A logsumexp_k(y_k),  y_k = log alpha_k - tau x_k.

    Everything but two terms cancels against the same with equal alpha_k. The map from a to x has the same
    Jacobian under q and p, so the ratio is that of the densities of a.
    """
    size = log_alpha.shape[-1]
    # Below the floor a and its reciprocal leave float32; the gradient there is 0.
    x = -temperature * tf.math.log(tf.maximum(action, _SMALLEST_ACTION))
    return (tf.reduce_sum(log_alpha, axis=-1) + size * tf.reduce_logsumexp(x, axis=-1)
            - size * tf.reduce_logsumexp(log_alpha + x, axis=-1))
