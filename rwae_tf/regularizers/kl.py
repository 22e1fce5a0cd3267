"""Kullback-Leibler divergences in closed form (eq. 9 and section 3.4), and the action's by Monte Carlo."""

from typing import Optional

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from rwae_tf.config import ObjectiveConfig

_SMALLEST_ACTION = 1e-30


def motion_kl(q: tfd.Distribution, p: tfd.Distribution) -> tf.Tensor:
    """sum_t KL(q(z_t) || p(z_t | past)), mean over the batch; q and p are distributions of batch shape [B, T]."""
    return tf.reduce_mean(tf.reduce_sum(tfd.kl_divergence(q, p), axis=-1))


def content_kl(q: tfd.Distribution, p: tfd.Distribution) -> tf.Tensor:
    """KL(q(z_c|x) || p(z_c)), mean over the batch; q is of batch shape [B]. The first term of eq. 13."""
    return tf.reduce_mean(tfd.kl_divergence(q, p))


def action_kl(q: tfd.Distribution, objective: ObjectiveConfig, action: Optional[tf.Tensor] = None) -> tf.Tensor:
    """KL of the action's posterior from the uniform prior, mean over the batch; a scalar in nats.

    `objective.action_kl` chooses which:

    - "categorical": log A - H(q), between the categorical distributions behind the relaxed ones; it
      lies in [0, log A].
    - "monte_carlo": log q(action) - log p(action) between the relaxed densities, at a sample. On
      average it does not depend on the temperature (the sample is an invertible map of logits + Gumbel
      noise up to a shift), is never below the categorical KL and has no upper bound.

    Args:
      q: RelaxedOneHotCategorical of batch shape [B].
      objective: an ObjectiveConfig.
      action: for "monte_carlo", a sample of q, [B, A]; p has the temperature of q.
    """
    if objective.action_kl == "monte_carlo":
        return tf.reduce_mean(_relaxed_log_ratio(tf.nn.log_softmax(q.logits), action, q.temperature))
    return tf.reduce_mean(_kl_from_uniform(q.logits))


def action_divergence(logits: tf.Tensor) -> tf.Tensor:
    """KL of the aggregated posterior of the action from the uniform prior: log A - H(mean of q), a scalar in nats.

    `action_kl` falls with every clip whose action is uncertain; this one only with actions that more, or fewer, clips
    take than others. They differ by the information of the action about the clip (Theorem 3).

    Args:
      logits: of q for the clips of the global batch, [B, A], not necessarily normalised.
    """
    log_alpha = tf.nn.log_softmax(tf.cast(logits, tf.float32))
    count = tf.cast(tf.shape(log_alpha)[0], tf.float32)
    return _kl_from_uniform(tf.reduce_logsumexp(log_alpha, axis=0) - tf.math.log(count))


def _kl_from_uniform(logits):
    """log A - H of categorical distributions [..., A] -> [...], in nats."""
    return tfd.kl_divergence(tfd.Categorical(logits=logits), tfd.Categorical(logits=tf.zeros_like(logits)))


def _relaxed_log_ratio(log_alpha, action, temperature):
    """log q(a) - log p(a) of relaxed one-hot densities, q with log_alpha and p uniform, both [B, A] -> [B].

    The difference of TFP's densities loses its digits where a component of a is tiny; this form keeps them.

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
