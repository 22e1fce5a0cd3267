"""What changes with the epoch: learning rates, the weights of the KLs and the action's temperature."""

import math

import numpy as np

LOWEST_TEMPERATURE = 0.1


def learning_rate_factor(training, epoch):
    """Product of the `decay_factors` whose `decay_epochs` have passed (Appendix G: x0.5 at 50, x0.2 at 80)."""
    return math.prod(f for at, f in zip(training.decay_epochs, training.decay_factors, strict=True) if epoch >= at)


def kl_weights(objective, epoch):
    """(eta, eta_c, kappa) at an epoch.

    As given until `kl_change_epochs` begin, the later ones once they end; eta instead as `motion_kl_epochs` and
    `motion_kl_weights` say, where there are any.
    """
    share = 0.0
    if objective.kl_change_epochs and epoch >= objective.kl_change_epochs[0]:
        begin, end = objective.kl_change_epochs
        share = 1.0 if epoch >= end else (epoch - begin) / (end - begin)
    eta, eta_c, kappa = ((1 - share) * first + share * later for first, later in (
        (objective.motion_kl_weight, objective.later_motion_kl_weight),
        (objective.content_kl_weight, objective.later_content_kl_weight),
        (objective.action_weight, objective.later_action_weight)))
    if objective.motion_kl_epochs:
        eta = float(np.interp(epoch, objective.motion_kl_epochs, objective.motion_kl_weights))
    return eta, eta_c, kappa


def temperature(model, epoch):
    """Temperature of the relaxed action at an epoch."""
    if not model.temperature_anneal:
        return model.temperature
    return max(LOWEST_TEMPERATURE, model.temperature * math.exp(-model.temperature_anneal * epoch))
