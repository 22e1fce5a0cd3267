"""A judge in closed form, trained in seconds: a `kernel_probe.Reader` of all factors, for simple data."""

import numpy as np

from rwae_tf.errors import InputError
from rwae_tf.metrics import kernel_probe

MOST_CLIPS = 2000  # that it is fitted to: the kernel is between all pairs of them


class RidgeJudge:
    """Reads the factors of clips by kernel ridge regressions. It answers as `networks.Judge` does.

    Args:
      spec: `SequenceSpec` of the clips; frames are squares of a multiple of 16 pixels.
    """

    def __init__(self, spec):
        self.spec, self._reader = spec, None

    def fit(self, batches, held_out, seed=0):
        """Fit it to `batches` of {"x", "labels"}; `held_out` choose the view that each factor is read by.

        Raises:
          InputError: for fewer held out clips than a choice needs.
        """
        self._reader = kernel_probe.fit(batches, held_out, self.spec, seed, least=0.0)
        if self._reader is None:
            raise InputError(
                f"--architecture=ridge: fewer than {kernel_probe.FEWEST} clips to check it on; "
                "take --architecture=linear or convolutional"
            )

    def read(self, x):
        """Clips [B, T, H, W, C] -> {factor: p(y|x) [B, K]} and features [B, D], the estimates of all classes.

        What is above zero of an estimate of the one-hot classes stands for their probabilities.
        """
        estimates = self._reader.estimates(np.asarray(x))
        above = {factor: np.maximum(estimate, 1e-6) for factor, estimate in estimates.items()}
        probabilities = {factor: estimate / estimate.sum(1, keepdims=True) for factor, estimate in above.items()}
        return probabilities, np.concatenate(list(estimates.values()), 1)

    def __call__(self, x):
        """Clips [B, T, H, W, C] -> {factor: p(y|x) [B, K]}."""
        return self.read(x)[0]

    def weights(self):
        """What it has learned, by name, fit for `np.savez`."""
        return self._reader.state

    def set_weights(self, weights):
        """Take what `weights` gave; ValueError if it is of another judge."""
        self._reader = kernel_probe.Reader.restored(weights, self.spec.factors)
