"""R-WAE(GAN): Jensen-Shannon divergence on z_c through a discriminator (eqs 10, 23 and 24)."""

import math
from typing import Dict

import tensorflow as tf

from rwae_tf.compat import tfgan
from rwae_tf.config import ObjectiveConfig
from rwae_tf.regularizers.critic import Critic

SPECTRAL = False


def terms(critic: Critic, z_q: tf.Tensor, z_p: tf.Tensor, alpha: tf.Tensor,
          objective: ObjectiveConfig) -> Dict[str, tf.Tensor]:
    """Eq. 23, L = E log D(z_p) + E log(1 - D(z_q)), with the penalty of eq. 24.

    The encoders descend on "content_divergence": -log D(z_q), or log(1 - D(z_q)) as printed with `encoder_loss`
    "saturating", to which TensorFlow-GAN's function adds a constant. D_gamma descends on "critic" = -L + lambda
    penalty.

    Take each term's gradient only with respect to its own side's variables: nothing is stopped here.

    Args:
      critic: the logit of D_gamma, [B, D] -> [B, 1].
      z_q: samples of the posterior [B, D].
      z_p: samples of the prior [B, D].
      alpha: uniform noise in (0, 1), [B, 1].
      objective: an ObjectiveConfig.

    Returns:
      Scalars "content_divergence", "critic", "gradient_penalty" (without lambda) and "jensen_shannon",
      the lower bound (L + log 4) / 2 in nats.
    """
    logit_q, logit_p = critic(z_q), critic(z_p)
    loss = tfgan.discriminator_loss(logit_p, logit_q)  # -L: samples of the prior are the real ones
    penalty = gradient_penalty(critic, z_q, z_p, alpha, objective)
    saturating = objective.encoder_loss == "saturating"
    return {
        "content_divergence": (
            -tf.reduce_mean(tf.nn.softplus(logit_q)) if saturating else tfgan.generator_loss(logit_q)),
        "critic": loss + objective.gradient_penalty_weight * penalty,
        "gradient_penalty": penalty,
        "jensen_shannon": (math.log(4) - loss) / 2,
    }


def gradient_penalty(critic: Critic, z_q: tf.Tensor, z_p: tf.Tensor, alpha: tf.Tensor,
                     objective: ObjectiveConfig) -> tf.Tensor:
    """Mean squared norm of D_gamma's gradient (eq. 24), zero-centred; a scalar.

    Of the logit or the probability; at alpha z_p + (1 - alpha) z_q, as printed, at z_p (R1 of Mescheder et al. 2018)
    or at z_p and z_q alike.
    """
    points = {"interpolate": alpha * z_p + (1 - alpha) * z_q, "prior": z_p, "both": tf.concat([z_p, z_q], axis=0)}
    z = points[objective.gradient_penalty_at]
    with tf.GradientTape() as tape:
        tape.watch(z)
        logit = critic(z)
        value = {"logit": logit, "probability": tf.sigmoid(logit)}[objective.gradient_penalty_of]
    return tf.reduce_mean(tf.reduce_sum(tf.square(tape.gradient(value, z)), axis=-1))
