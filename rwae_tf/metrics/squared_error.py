"""Squared error per sequence, and its baselines."""

from typing import Any, Callable, Dict, Iterable

import numpy as np


def mean_frame(batches: Iterable[np.ndarray]) -> np.ndarray:
    """The mean frame of sequences.

    Args:
      batches: iterable of x [B, T, ...].

    Returns:
      float64 [...].
    """
    total: Any = 0.0
    frames = 0
    for x in batches:
        total = total + x.sum((0, 1), dtype=np.float64)
        frames += x.shape[0] * x.shape[1]
    return total / frames


def squared_errors(batches: Iterable[np.ndarray], predict: Callable[[np.ndarray], Any]) -> np.ndarray:
    """||x - predict(x)||^2 of every sequence, summed over frames and pixels (Theorem 1's cost).

    Args:
      batches: iterable of x [B, T, ...].
      predict: function x -> x_hat that broadcasts against x.

    Returns:
      float64 [N], one per sequence.
    """
    errors = []
    for x in batches:
        difference = x - np.asarray(predict(x))
        errors.append(np.square(difference, dtype=np.float64).sum(tuple(range(1, x.ndim))))
    return np.concatenate(errors)


def measure_baselines(batches: Callable[[], Iterable[np.ndarray]], mean: np.ndarray) -> Dict[str, float]:
    """Squared error of two baselines: the mean frame, and the first frame repeated.

    Args:
      batches: function () -> iterable of x [B, T, ...].
      mean: the mean frame, of the training sequences.

    Returns:
      {"mean_image": squared error per sequence, "first_frame": likewise}.
    """
    return {"mean_image": float(squared_errors(batches(), lambda x: mean).mean()),
            "first_frame": float(squared_errors(batches(), lambda x: x[:, :1]).mean())}


def summary(batches: Callable[[], Iterable[np.ndarray]], predict: Callable[[np.ndarray], Any],
            mean: np.ndarray) -> Dict[str, Any]:
    """Squared error per sequence of a model, beside its baselines.

    Args:
      batches: function () -> iterable of x [B, T, ...].
      predict: function x -> x_hat.
      mean: the mean frame, of the training sequences.
    """
    errors = squared_errors(batches(), predict)
    return {"squared_error_per_sequence": float(errors.mean()), "squared_error_std": float(errors.std()),
            "baselines": measure_baselines(batches, mean), "test_sequences": len(errors)}
