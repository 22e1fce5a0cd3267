"""Options of the objective: its divergences, and the weights of its terms. Imports no TensorFlow."""

import dataclasses
from typing import Tuple

from rwae_tf.config.fields import option, weight
from rwae_tf.config.schedule import Schedule


@dataclasses.dataclass(frozen=True)
class ObjectiveConfig:
    """The objective (eq. 9) and its regularizers."""

    reconstruction: str = option(
        "squared_error", "Cost c(x, x_hat), summed over pixels and frames: squared error, or -log p(x|z) of Bernoulli "
        "pixels, of normal pixels with standard deviation 1 or (FHVAE) with learned ones.",
        choices=("squared_error", "bernoulli", "normal", "learned_normal"))
    content_divergence: str = option(
        "scaled_mmd", "D(Q, P) on z_c in eq. 9: the scaled MMD of R-WAE(MMD), or the adversarial Jensen-Shannon "
        "divergence of R-WAE(GAN).", choices=("scaled_mmd", "adversarial"))
    content_weight: Schedule = weight(10.0, "beta_1, the weight of the divergence on z_c in eq. 9.")
    motion_weight: Schedule = weight(60.0, "beta_2, the weight of the MMD on z_m in eq. 9.")
    motion_kl_weight: Schedule = weight(
        1.0, "eta, the weight of the KL of q(z_m,t|x) from the motion prior, which stabilizes training.")
    content_kl_weight: Schedule = weight(
        0.0, "eta_c, the weight of the KL divergence of q(z_c|x) from N(0, I). Eq. 9 has none (0); a positive weight "
        "removes motion from z_c.")
    motion_kl_prior: str = option(
        "teacher_forced", "DS-VAE, C-DSVAE: motion prior in the KL of z_m, given samples of q, or its own roll-out "
        "(free).",
        choices=("teacher_forced", "free"))
    action_weight: Schedule = weight(50.0, "kappa, the weight of the KL divergence of q(a|x) from the uniform prior.")
    action_kl: str = option(
        "categorical", "KL divergence of the action: log A - H(q) in closed form, or a Monte Carlo estimate between "
        "relaxed densities.", choices=("categorical", "monte_carlo"))
    action_divergence_weight: Schedule = weight(
        0.0, "Weight of the chi-squared divergence of the aggregated posterior of the action from the uniform prior. "
        "The paper has none (0); a positive weight makes the model use all actions.")
    mmd_cross_coefficient: float = option(
        2.0, "Coefficient of the cross term of the MMD. 1 is eqs 21 and 22 as printed.", low=0.0, high=4.0)
    mmd_estimator: str = option(
        "unbiased", "Pairs of samples in the MMD: i != j, all pairs, or i != j within each side and all pairs across "
        "(as_printed).", choices=("unbiased", "biased", "as_printed"))
    motion_kernel: str = option("rbf", "Kernel k of the MMD on z_m.", choices=("rbf", "imq"))
    motion_bandwidths: Tuple[float, ...] = option(
        (1.0, 2.0, 4.0, 8.0, 16.0), "Bandwidths sigma of the kernels that the MMD on z_m sums.", low=1e-6)
    motion_bandwidth_rule: str = option(
        "fixed", "Use the bandwidths as given, or multiply them by the median distance of the batch.",
        choices=("fixed", "median"))
    motion_samples: str = option(
        "teacher_forced", "Samples in the MMD on z_m: z_m,t against teacher-forced prior samples, roll-outs (free) or "
        "both (mixture); pairs of frames (pair); all frames at once (pool_time); or whole trajectories against "
        "roll-outs.", choices=("teacher_forced", "free", "mixture", "pair", "pool_time", "trajectory"))
    motion_given_action: bool = option(
        False, "Compare z_m of every action with the motion prior in the MMD, so that z_m cannot tell the action. The "
        "paper compares z_m of all actions at once.")
    motion_horizon: int = option(
        0, "Frames of roll-outs, of which any T successive ones are compared with clips. Eq. 9 has none (0).", low=0,
        high=1000)
    horizon_weight: Schedule = weight(
        0.0, "Weight of the MMD on T successive frames up to --motion_horizon. Eq. 9 has none (0).")
    mmd_scope: str = option(
        "global", "Compute the MMD over the batch of all replicas, or over that of each replica.",
        choices=("global", "replica"))
    scale_weight: float = option(10.0, "Scaled MMD: weight of the gradient norm in the scale S.", low=0.0)
    scale_samples: str = option(
        "prior", "Scaled MMD: samples at which S takes the gradient of the feature map f_gamma.",
        choices=("prior", "posterior", "both"))
    critic_features: int = option(
        1, "Scaled MMD: outputs of the feature map f_gamma. The paper has 1.", low=1, high=64)
    gradient_penalty_weight: float = option(
        10.0, "R-WAE(GAN): lambda, the weight of the gradient penalty of eq. 24.", low=0.0)
    gradient_penalty_of: str = option(
        "logit", "R-WAE(GAN): output of D_gamma that eq. 24 differentiates.", choices=("logit", "probability"))
    gradient_penalty_at: str = option(
        "interpolate", "R-WAE(GAN): points of the gradient in eq. 24: interpolates, prior samples, or both sides.",
        choices=("interpolate", "prior", "both"))
    encoder_loss: str = option(
        "non_saturating", "R-WAE(GAN): loss of the encoders in eq. 23.", choices=("non_saturating", "saturating"))
    content_contrast_weight: Schedule = weight(
        1.0, "C-DSVAE: weight of InfoNCE on z_c. The positives are the same clips with their frames shuffled.")
    motion_contrast_weight: Schedule = weight(
        1.0, "C-DSVAE: weight of InfoNCE on z_m. The positives are the same clips recoloured and blurred.")
    mutual_information_weight: Schedule = weight(
        1.0, "C-DSVAE: weight of the mutual information of z_c and z_m.")
    contrast_temperature: float = option(
        0.5, "C-DSVAE: temperature of the cosines in InfoNCE.", low=1e-3, high=100.0)
    discriminative_weight: Schedule = weight(
        10.0, "FHVAE: alpha, weight of -log p(utterance | z_2); 0 for the bound alone.")
    category_weight: Schedule = weight(1.0, "MoCoGAN: weight of the cross-entropy of the category.")
    l2_weight: Schedule = weight(
        0.0, "MoCoGAN, FHVAE: weight of half the sum of squared weights, for each optimizer of its own.")
