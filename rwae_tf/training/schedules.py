"""What changes with the epoch: learning rates and the temperature of the action."""

import math

LOWEST_TEMPERATURE = 0.1


def learning_rate_factor(training, epoch):
    """Product of the `decay_factors` whose `decay_epochs` have passed (Appendix G: x0.5 at 50, x0.2 at 80)."""
    return math.prod(f for at, f in zip(training.decay_epochs, training.decay_factors, strict=True) if epoch >= at)


def temperature(model, epoch):
    """Temperature of the relaxed action at an epoch."""
    if not model.temperature_anneal:
        return model.temperature
    return max(LOWEST_TEMPERATURE, model.temperature * math.exp(-model.temperature_anneal * epoch))
