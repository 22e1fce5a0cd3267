"""Information in the codes: linear probes, and DCI (Eastwood and Williams, 2018)."""

from typing import Any, Dict, Mapping, Tuple

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rwae_tf.metrics.disentanglement import chance, majority
from rwae_tf.metrics.scores import entropy

HELD_OUT = 0.3  # fraction of the clips to measure a probe on
# All features compete for every split: with a random subset, splits without an informative one would hand
# importance to noise.
FOREST = {"n_estimators": 20, "max_features": None, "min_samples_leaf": 5, "n_jobs": -1}


def linear_probes(codes: Mapping[str, np.ndarray], labels: Mapping[str, np.ndarray],
                  seed: int = 0) -> Dict[str, Any]:
    """Held-out accuracy of a logistic regression from every code to every factor.

    Codes are standardized first, so a probe works at any scale. Give samples of the posterior rather than its
    means to measure only what exceeds the posterior's noise.

    Args:
      codes: {code: [N, Dc] or [N, T, Dm]}; time is flattened into features.
      labels: {factor: int class [N]}.
      seed: of the split into clips to fit and clips to measure.

    Returns:
      {code: {factor: {"accuracy", "chance", "majority"}}}, on the held-out clips.
    """
    fit, held = _split(len(next(iter(labels.values()))), seed)
    accuracies: Dict[str, Any] = {}
    for code, values in codes.items():
        features = np.asarray(values).reshape(len(values), -1)
        accuracies[code] = {}
        for factor, classes in labels.items():
            probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
            answers = _fitted(probe, features[fit], classes[fit]).predict(features[held])
            accuracies[code][factor] = _measured(classes[held], answers)
    return accuracies


def importances(codes: Mapping[str, np.ndarray], labels: Mapping[str, np.ndarray],
                seed: int = 0) -> Tuple[np.ndarray, Dict[str, Any]]:
    """Importances of code dimensions in random forests that predict the factors.

    Forests, because the weights of a linear probe are not sparse and do not show single dimensions.

    Args:
      codes: {code: [N, Dc] or [N, T, Dm]}; importances of a dimension are summed over time, so what
        a forest wrongly sees in noise counts T times for a dimension of z_m.
      labels: {factor: int class [N]}.
      seed: of the split and of the forests.

    Returns:
      Importances float [D, F], D over all codes in order; every column sums to one, or to zero for a factor
      that nothing predicts. And {factor: {"accuracy", "chance", "majority"}} on the held-out clips.
    """
    fit, held = _split(len(next(iter(labels.values()))), seed)
    features = np.concatenate([np.asarray(values).reshape(len(values), -1) for values in codes.values()], 1)
    columns, measured = [], {}
    for factor, classes in labels.items():
        forest = _fitted(RandomForestClassifier(random_state=seed, **FOREST), features[fit], classes[fit])
        measured[factor] = _measured(classes[held], forest.predict(features[held]))
        columns.append(_per_dimension(forest.feature_importances_, codes))
    return np.stack(columns, 1), measured


def dci_scores(matrix: npt.ArrayLike) -> Dict[str, Any]:
    """Disentanglement and completeness of an importance matrix.

    Disentanglement: 1 - H_F of a dimension's shares in the F factors, mean over dimensions weighted by their
    importance; completeness: 1 - H_D of a factor's shares in the D dimensions, mean over factors.

    Args:
      matrix: importances [D, F], not negative.

    Returns:
      {"disentanglement", "completeness"}, 0 to 1; None where one factor, or one dimension, has no other.
    """
    matrix = np.asarray(matrix, np.float64)
    dimensions, factors = matrix.shape
    rows, columns = matrix[matrix.sum(1) > 0], matrix.T[matrix.sum(0) > 0]

    def one_hotness(shares):
        return 1 - entropy(shares / shares.sum(1, keepdims=True)) / np.log(shares.shape[1])

    if not len(rows):
        return {"disentanglement": 0.0, "completeness": 0.0}
    return {
        "disentanglement": float(np.average(one_hotness(rows), weights=rows.sum(1))) if factors > 1 else None,
        # A factor that no dimension predicts is complete in none.
        "completeness": float(one_hotness(columns).sum() / factors) if dimensions > 1 else None,
    }


def dci(codes: Mapping[str, np.ndarray], labels: Mapping[str, np.ndarray], seed: int = 0) -> Dict[str, Any]:
    """Disentanglement, completeness and informativeness of codes, dimension by dimension.

    Args:
      codes, labels, seed: as for `importances`.

    Returns:
      "disentanglement" and "completeness" of `dci_scores`; "informativeness": mean held-out accuracy of the
      forests; "per_factor": {factor: {"accuracy", "chance", "majority", "share": {code: part of the
      importance that lies in its dimensions}}}.
    """
    matrix, measured = importances(codes, labels, seed)
    ends = np.cumsum([np.shape(values)[-1] for values in codes.values()])[:-1]
    for column, (_, row) in zip(matrix.T, measured.items(), strict=True):
        row["share"] = {code: float(part.sum()) for code, part in zip(codes, np.split(column, ends), strict=True)}
    return {**dci_scores(matrix), "informativeness": float(np.mean([row["accuracy"] for row in measured.values()])),
            "per_factor": measured}


class _Constant:
    """The probe of a factor of which only one class was seen; scikit-learn's refuse it."""

    def __init__(self, features, label):
        self.feature_importances_, self.label = np.zeros(features), label

    def predict(self, features):
        return np.full(len(features), self.label)


def _fitted(probe, features, classes):
    if (classes == classes[0]).all():
        return _Constant(features.shape[1], classes[0])
    return probe.fit(features, classes)


def _split(size, seed):
    """Rows to fit and rows held out, at least one of each."""
    order = np.random.default_rng(seed).permutation(size)
    held = min(max(1, round(HELD_OUT * size)), size - 1)
    return order[held:], order[:held]


def _measured(labels, answers):
    return {"accuracy": float((answers == labels).mean()), "chance": chance(labels, answers),
            "majority": majority(labels)}


def _per_dimension(flat, codes):
    """Importances of flattened features, summed over time: [D]."""
    sizes = [int(np.prod(np.shape(values)[1:])) for values in codes.values()]
    parts = np.split(flat, np.cumsum(sizes)[:-1])
    return np.concatenate([part.reshape(-1, np.shape(values)[-1]).sum(0)
                           for part, values in zip(parts, codes.values(), strict=True)])
