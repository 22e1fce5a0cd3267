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
    """Chi-squared divergence of the aggregated posterior of the action from the uniform prior, a scalar.

    It is A sum_k p_k^2 - 1 with p the mean of q over all clips, in [0, A - 1]: twice the KL divergence to second
    order. `action_kl` falls with every clip whose action is uncertain; this one only where some actions are more
    frequent than others. The estimate A <q_i, q_j> - 1, mean over pairs of clips i != j, is unbiased for any number of
    clips, so it can be negative. (The KL of the batch's mean is about (A - 1) / 2B too large, and that excess rewards
    uncertain clips.) A single clip has no pairs, and gives 0.

    Args:
      logits: of q for the clips of the global batch, [B, A], not necessarily normalised.
    """
    q = tf.nn.softmax(tf.cast(logits, tf.float32))
    count, size = tf.cast(tf.shape(q)[0], tf.float32), tf.cast(tf.shape(q)[1], tf.float32)
    products = tf.reduce_sum(tf.square(tf.reduce_sum(q, axis=0))) - tf.reduce_sum(tf.square(q))
    pairs = count * (count - 1.0)
    return tf.math.divide_no_nan(size * products - pairs, pairs)


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
