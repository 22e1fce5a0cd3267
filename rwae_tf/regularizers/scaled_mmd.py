"""R-WAE(MMD): scaled MMD on z_c with a learned feature map (eq. 11, Appendix D; Arbel et al. 2018)."""

import tensorflow as tf

from rwae_tf.regularizers.mmd import mmd2, rbf

SPECTRAL = True


def terms(critic, z_q, z_p, alpha, objective):
    """MMD^2 of f_gamma's scalar features over their scale S = 1 + scale_weight E|grad f_gamma|^2.

    The kernel is a Gaussian of bandwidth 1 on f_gamma (eq. 22). The encoders descend on
    "content_divergence", f_gamma descends on "critic", its negative; both differentiate through S. With
    `scale_samples` "prior", as printed, S does not depend on z_q and for the encoders it is a constant;
    with "posterior" or "both" it is part of what they descend on.

    Take each term's gradient only with respect to its own side's variables: nothing is stopped here.

    Args:
      critic: f_gamma, [B, D] -> [B].
      z_q: samples of the posterior [B, D].
      z_p: samples of the prior [B, D].
      alpha: not used; the adversarial divergence's interpolation.
      objective: an ObjectiveConfig.

    Returns:
      Scalars "content_divergence", "critic" and "critic_scale" (S).
    """
    f_q, slope_q = _features_and_slope(critic, z_q)
    f_p, slope_p = _features_and_slope(critic, z_p)
    slopes = {"prior": slope_p, "posterior": slope_q, "both": tf.concat([slope_q, slope_p], axis=0)}
    scale = 1 + objective.scale_weight * tf.reduce_mean(slopes[objective.scale_samples])
    divergence = mmd2(f_q[:, None], f_p[:, None], lambda d2: rbf(d2, (1.0,)),
                      objective.mmd_cross_coefficient, objective.mmd_estimator) / scale
    return {"content_divergence": divergence, "critic": -divergence, "critic_scale": scale}


def _features_and_slope(critic, z):
    """f_gamma(z) [B] and |grad f_gamma(z)|^2 [B]."""
    with tf.GradientTape() as tape:
        tape.watch(z)
        features = critic(z)
    return features, tf.reduce_sum(tf.square(tape.gradient(features, z)), axis=-1)
