"""Match: whether codes of data have the distribution of the priors, as eq. 9 requires.

A classifier and an MMD compare samples of q(z_c|x) with N(0, I), and sampled trajectories of q(z_m,1:T|x) with
roll-outs of the motion prior.
"""

from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np
import threadpoolctl

WORST_AUC = 0.75  # of a classifier, above which a code does not match its prior
LOWEST_DEVIATIONS = -3.0  # below it, an estimate cannot be that of a divergence
LEAST_SHARE = 0.01  # of the largest gradient on the encoders, below which a term hardly moves them
HELD_OUT = 0.3  # part of the samples that the classifier is measured on and never fitted to
BANDWIDTHS = (1.0, 2.0, 4.0, 8.0, 16.0)  # of the sum of Gaussian kernels (Li et al. 2017), per dimension 1 / sqrt(12)
MOST, COMPARED = 4000, 1000  # samples of each side for the classifier, and for the MMD, whose cost is quadratic
FEWEST = 50  # samples of each side; fewer are not measured
_UNIT = 12  # dimensions for which the bandwidths are meant: squared distances count per dimension


def measure(posterior: Mapping[str, np.ndarray], prior: Mapping[str, np.ndarray],
            seed: int = 0) -> Dict[str, Dict[str, float]]:
    """Measure how well samples of the posterior match samples of the prior.

    Args:
      posterior, prior: {"z_c": [N, Dc], "z_m": [N, T, Dm]}; rows of the posterior are of N different clips.
      seed: of the classifier and its split.

    Returns:
      {"z_c" and "z_m": {"auc": held-out area under the curve of a classifier, 0.5 for a match; "mmd2": unbiased
      squared MMD; "mmd2_null_sd": its standard deviation where both are alike; "null_deviations": the former in
      units of the latter; "samples": how many of each side, evenly spread}}. Trajectories are compared whole.
      Fit for JSON. Empty with fewer than FEWEST samples.
    """
    rows: Dict[str, Dict[str, float]] = {}
    if len(posterior["z_c"]) < FEWEST:
        return rows
    for code in ("z_c", "z_m"):
        q, p = (_spread(side[code], MOST) for side in (posterior, prior))
        value, deviation = mmd2(_spread(q, COMPARED), _spread(p, COMPARED))
        rows[code] = {"auc": auc(q, p, seed), "mmd2": value, "mmd2_null_sd": deviation,
                       "null_deviations": value / deviation if deviation else 0.0, "samples": len(q)}
    return rows


def _spread(rows, most):
    """At most `most` of the rows, evenly spread, each as one float64 vector."""
    chosen = np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(int)
    return np.asarray(rows, np.float64)[chosen].reshape(len(chosen), -1)


def verdicts(matches: Optional[Mapping[str, Any]] = None, terms: Optional[Mapping[str, Any]] = None) -> List[str]:
    """Describe what these numbers show to be wrong with the divergences.

    Args:
      matches: result of `measure`, or None.
      terms: result of `shares`, or None.

    Returns:
      Lines such as "z_c does not match its prior: AUC 0.93 (0.5 is a match)"; empty where nothing is wrong.
    """
    lines = [f"{code} does not match its prior: AUC {row['auc']:.2f} (0.5 is a match)"
             for code, row in (matches or {}).items() if row["auc"] > WORST_AUC]
    terms = terms or {}
    lines += [f"{term} is no divergence: {row['null_deviations']:.1f} standard deviations below zero"
              .replace("-", "") for term, row in terms.items()
              if row.get("null_deviations") is not None and row["null_deviations"] < LOWEST_DEVIATIONS]
    gradients = {term: row["gradient"] for term, row in terms.items() if row.get("gradient") is not None}
    largest = max(gradients.values(), default=0)
    lines += [f"{term} hardly moves the encoders: its gradient is {100 * norm / largest:.1f} % of the largest"
              for term, norm in gradients.items() if norm < LEAST_SHARE * largest]
    return lines


def shares(values: Mapping[str, float], weights: Mapping[str, float], gradients: Mapping[str, float]) -> Dict[str, Any]:
    """Compute the contribution of each term of the objective.

    Args:
      values: {term: value before its weight}; "NAME_null_sd" is the standard deviation that the estimate of the term
        NAME has where its two distributions are alike.
      weights: {term: weight}.
      gradients: {term: norm of weight * gradient on the encoders}; may lack terms.

    Returns:
      {term: {"weight", "value", "weighted": their product, "gradient": the norm or None, "null_deviations":
      value / null_sd, or None}} for the terms whose weight is not 0. Fit for JSON.
    """
    rows = {}
    for term, weight in weights.items():
        if weight and term in values:
            deviation = values.get(f"{term}_null_sd")
            rows[term] = {"weight": weight, "value": values[term], "weighted": weight * values[term],
                           "gradient": gradients.get(term),
                           "null_deviations": values[term] / deviation if deviation else None}
    return rows


def auc(q: np.ndarray, p: np.ndarray, seed: int = 0) -> float:
    """Held-out area under the ROC curve of a small network that separates q from p.

    Args:
      q, p: samples [N, D] and [M, D], at least FEWEST of each.
      seed: of the split and of the network.

    Returns:
      A number in [0, 1]: 0.5 for equal distributions, 1 for separable ones.
    """
    from sklearn.neural_network import MLPClassifier  # here: a training begins without it, and looks at codes later

    rng, fit, held = np.random.default_rng(seed), [], []
    for side in (q, p):
        order = rng.permutation(len(side))
        count = max(1, round(HELD_OUT * len(side)))
        held.append(side[order[:count]])
        fit.append(side[order[count:]])
    mean, deviation = np.concatenate(fit).mean(0), np.concatenate(fit).std(0) + 1e-12
    (x, y), (x_held, y_held) = (((np.concatenate(sides) - mean) / deviation, np.repeat([1, 0], list(map(len, sides))))
                                for sides in (fit, held))
    network = MLPClassifier((64, 64), alpha=1e-2, early_stopping=True, n_iter_no_change=10, max_iter=100,
                            random_state=seed)
    # One thread is faster than several for products of this size.
    with threadpoolctl.threadpool_limits(1):
        return area_under_curve(network.fit(x, y).predict_proba(x_held)[:, 1], y_held == 1)


def area_under_curve(scores: np.ndarray, positive: np.ndarray) -> float:
    """P(score of a positive > that of a negative), ties counting half (Mann and Whitney, 1947).

    Args:
      scores: [N]; positive: bool [N], some true and some false.
    """
    from scipy.stats import rankdata

    ranks, count = rankdata(scores), positive.sum()
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(scores) - count)))


def mmd2(q: np.ndarray, p: np.ndarray) -> Tuple[float, float]:
    """Unbiased squared MMD of independent samples, and its standard deviation where both are alike.

    The standard deviation is that of the U-statistic with the second moment of the centred kernel, estimated from
    both samples together: sqrt(4 V / (n (n - 1)) + 4 V / n^2) for n = m (Gretton et al. 2012).

    Args:
      q, p: samples [N, D] each.

    Returns:
      (value, standard deviation), floats. Squared distances count as in 12 dimensions, so that the bandwidths
      fit codes of any width and trajectories of any length.
    """
    n, m = len(q), len(p)
    k = _kernel(np.concatenate([q, p]))
    outside = 1 - np.eye(n + m)
    within = [(block.sum() - np.trace(block)) / (len(block) * (len(block) - 1)) for block in (k[:n, :n], k[n:, n:])]
    rows = (k * outside).sum(1) / (n + m - 1)
    centred = (k - rows[:, None] - rows + rows.mean()) * outside
    moment = np.square(centred).sum() / ((n + m) * (n + m - 1))
    variance = 2 * moment / (n * (n - 1)) + 2 * moment / (m * (m - 1)) + 4 * moment / (n * m)
    return float(sum(within) - 2 * k[:n, n:].mean()), float(np.sqrt(variance))


def _kernel(x):
    squares = np.square(x).sum(1)
    distances = np.maximum(squares[:, None] + squares - 2 * x @ x.T, 0) * (_UNIT / x.shape[1])
    return sum(np.exp(distances / (-2 * sigma**2)) for sigma in BANDWIDTHS)
