"""R-WAE(MMD): scaled MMD on z_c with a learned feature map (eq. 11, Appendix D; Arbel et al. 2018)."""

from typing import Dict

import tensorflow as tf

from rwae_tf.config import ObjectiveConfig
from rwae_tf.regularizers import mmd
from rwae_tf.regularizers.critic import Critic

SPECTRAL = True


def terms(critic: Critic, z_q: tf.Tensor, z_p: tf.Tensor, alpha: tf.Tensor,
          objective: ObjectiveConfig) -> Dict[str, tf.Tensor]:
    """MMD^2 of the features f_gamma over their scale S = 1 + scale_weight E|grad f_gamma|^2.

    The kernel is a Gaussian of bandwidth 1 on f_gamma (eq. 22); of K features, |grad f_gamma|^2 is the sum over
    features (Arbel et al. 2018). The encoders descend on "content_divergence", f_gamma descends on "critic", its
    negative; both differentiate through S. With `scale_samples` "prior", as printed, S does not depend on z_q and
    for the encoders it is a constant; with "posterior" or "both" it is part of what they descend on.

    Take each term's gradient only with respect to its own side's variables: nothing is stopped here.

    Args:
      critic: f_gamma, [B, D] -> [B, K].
      z_q: samples of the posterior [B, D].
      z_p: samples of the prior [B, D].
      alpha: unused; the adversarial divergence needs it.
      objective: an ObjectiveConfig.

    Returns:
      Scalars "content_divergence", "critic", "critic_scale" (S) and "content_divergence_null_sd", the standard
      deviation of "content_divergence" where q = p.
    """
    (f_q, slope_q), (f_p, slope_p) = (_features_and_slope(critic, z, objective.critic_features) for z in (z_q, z_p))
    slopes = {"prior": slope_p, "posterior": slope_q, "both": tf.concat([slope_q, slope_p], axis=0)}
    scale = 1 + objective.scale_weight * tf.reduce_mean(slopes[objective.scale_samples])
    k = mmd.grams(f_q, f_p, lambda d2: mmd.rbf(d2, (1.0,)))
    divergence = mmd.mmd2(k, objective.mmd_cross_coefficient, objective.mmd_estimator) / scale
    deviation = tf.stop_gradient(mmd.null_sd(k) / scale)
    return {"content_divergence": divergence, "critic": -divergence, "critic_scale": scale,
            "content_divergence_null_sd": deviation}


def _features_and_slope(critic, z, size):
    """f_gamma(z) [B, K] and |grad f_gamma(z)|^2, summed over the K = `size` features, [B]."""
    copies = tf.repeat(z, size, axis=0)  # one for each feature, so that one gradient takes all
    with tf.GradientTape() as tape:
        tape.watch(copies)
        features = critic(copies)
        own = tf.linalg.diag_part(tf.reshape(features, [-1, size, size]))  # copy k gives feature k
    squares = tf.reduce_sum(tf.square(tape.gradient(own, copies)), axis=-1)
    return features[::size], tf.reduce_sum(tf.reshape(squares, [-1, size]), axis=-1)
