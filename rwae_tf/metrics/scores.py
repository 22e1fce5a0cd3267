"""Scores of clips from a judge's class probabilities: entropies, inception score, constant identity."""

from typing import Any, Dict, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from rwae_tf.errors import InputError
from rwae_tf.types import Judge


def check_probabilities(probabilities: npt.ArrayLike, name: str = "judge") -> np.ndarray:
    """Check class probabilities and convert them to float64.

    Args:
      probabilities: p(y|v) [N, K], rows that sum to one.
      name: what the error calls them.

    Returns:
      float64 [N, K].

    Raises:
      InputError: wrong rank, no rows, values that are not finite or no probabilities.
    """
    p = np.asarray(probabilities, np.float64)
    if p.ndim != 2 or 0 in p.shape:
        raise InputError(f"{name}: class probabilities of shape {p.shape}; give at least one clip, as [clips, classes]")
    if not np.isfinite(p).all():
        raise InputError(f"{name}: class probabilities that are not finite; look for NaN in the clips that it judged")
    if (p < 0).any() or (abs(p.sum(1) - 1) > 1e-3).any():
        raise InputError(f"{name}: rows that are no probabilities; apply a softmax to its logits first")
    return p


def probabilities(judge: Judge, x: Any) -> Dict[str, np.ndarray]:
    """Class probabilities of clips by a judge.

    Args:
      judge: function x -> {factor: p(y|x) [B, K]}.
      x: clips [B, T, ...].

    Returns:
      {factor: p(y|x), float64 [B, K]}.
    """
    return {factor: check_probabilities(p, f"judge of '{factor}'") for factor, p in judge(x).items()}


def predictions(judge: Judge, x: Any) -> Dict[str, np.ndarray]:
    """The likeliest class of each clip, {factor: int [B]}; arguments are those of `probabilities`."""
    return {factor: p.argmax(1) for factor, p in probabilities(judge, x).items()}


def entropy(p: npt.ArrayLike, axis: int = -1) -> np.ndarray:
    """-sum p ln p in nats, with 0 ln 0 = 0."""
    p = np.asarray(p, np.float64)
    return -(p * np.log(np.where(p > 0, p, 1.0))).sum(axis)


def inception_score(probabilities: npt.ArrayLike) -> Dict[str, float]:
    """Inception score of samples v and the two entropies it is made of, in nats.

    IS = exp(E_v KL(p(y|v) || p(y))) = exp(H(y) - H(y|v)), with p(y) the mean of p(y|v) over the samples.

    Args:
      probabilities: p(y|v) [N, K].

    Returns:
      {"inception_score": 1 to K, "h_y_given_v": intra-entropy, low for sharp samples,
      "h_y": inter-entropy, ln K for samples of all classes alike}.
    """
    from rwae_tf.compat import tfgan  # loads TensorFlow

    p = check_probabilities(probabilities)
    logits = np.log(np.maximum(p, np.finfo(np.float64).tiny))
    return {"inception_score": float(tfgan.classifier_score(logits)), "h_y_given_v": float(entropy(p).mean()),
            "h_y": float(entropy(p.mean(0)))}


def over_repeats(results: Sequence[Mapping[str, float]]) -> Dict[str, float]:
    """Mean and standard deviation of numbers that were measured several times.

    Args:
      results: list of {name: number}, one per repeat.

    Returns:
      {name: mean, name_std: sample standard deviation, 0 for a single repeat}.
    """
    summary = {}
    for name in results[0]:
        values = [result[name] for result in results]
        summary[name] = float(np.mean(values))
        summary[f"{name}_std"] = spread(values)
    return summary


def spread(values: Sequence[float]) -> float:
    """Sample standard deviation over repeats; 0 for a single one, which shows none."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def consistency(clips: np.ndarray, judge: Judge, window: int, factors: Sequence[str]) -> Dict[str, Any]:
    """Measure whether the identity is constant: compare every window of long clips with the first one.

    Args:
      clips: long clips [N, L, ...].
      judge: function x [N, window, ...] -> {factor: p(y|x) [N, K]}.
      window: frames that the judge takes; windows do not overlap, and a shorter rest is left out.
      factors: names of the static factors, which are the identity.

    Returns:
      {"mean": fraction of later windows with the identity of the first, mean over factors,
      "per_factor": {factor: fraction}, "curve": {factor: [fraction of clips for every later window]},
      "last": fraction of clips whose last window has all of the factors of the first}.

    Raises:
      InputError: clips that hold no second window.
    """
    starts = range(0, clips.shape[1] - window + 1, window)
    if len(starts) < 2:
        raise InputError(f"consistency: clips of {clips.shape[1]} frames hold fewer than two windows of {window}; "
                         f"generate at least {2 * window} frames")
    judged = [predictions(judge, clips[:, start:start + window]) for start in starts]
    curve = {factor: [float((later[factor] == judged[0][factor]).mean()) for later in judged[1:]]
             for factor in factors}
    per_factor = {factor: float(np.mean(values)) for factor, values in curve.items()}
    last = np.all([judged[-1][factor] == judged[0][factor] for factor in factors], axis=0)
    return {"mean": float(np.mean(list(per_factor.values()))), "per_factor": per_factor, "curve": curve,
            "last": float(last.mean())}
