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
    change = objective.kl_change_epochs
    eta = _between(epoch, change, (objective.motion_kl_weight, objective.later_motion_kl_weight))
    eta_c = _between(epoch, change, (objective.content_kl_weight, objective.later_content_kl_weight))
    kappa = _between(epoch, change, (objective.action_weight, objective.later_action_weight))
    if objective.motion_kl_epochs:
        eta = _between(epoch, objective.motion_kl_epochs, objective.motion_kl_weights)
    return eta, eta_c, kappa


def _between(epoch, epochs, values):
    """The values at `epochs`, straight lines between; the first of them without epochs, and before."""
    return float(np.interp(epoch, epochs, values)) if epochs else values[0]


def temperature(model, epoch):
    """Temperature of the relaxed action at an epoch."""
    if not model.temperature_anneal:
        return model.temperature
    return max(LOWEST_TEMPERATURE, model.temperature * math.exp(-model.temperature_anneal * epoch))
