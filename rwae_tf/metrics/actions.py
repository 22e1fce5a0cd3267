"""Match learned actions to known classes, and measure whether clips of an action show its class.

A weakly supervised model knows the number of actions only (section 3.4 of the paper). Its categories are matched to
the classes of a factor on the training clips, one to one.
"""

from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from rwae_tf.metrics import collapse, disentanglement, interventions, scores
from rwae_tf.types import Batch, Codes, Judge, SequenceSpec

UNUSED = 0.1  # of its even share of the clips: a category with fewer counts as unused
BATCH = 100


def choose_factor(spec: SequenceSpec, size: int) -> Optional[str]:
    """The motion factor to match `size` categories to: the one whose number of classes is closest to it.

    Returns:
      Its name, the first one's among equals; None where the clips have no factor of the motion.
    """
    moving = [factor for factor in spec.factors if factor not in spec.static]
    return min(moving, key=lambda factor: abs(len(spec.factors[factor]) - size)) if moving else None


def find_categories(action: Any) -> np.ndarray:
    """The category of a relaxed one-hot action, its largest entry: [B, A] -> int [B]."""
    return np.asarray(action).argmax(-1)


def count(batches: Iterable[Batch], encode: Callable[[Any], Codes], factor: Optional[str],
          shape: Tuple[int, int]) -> np.ndarray:
    """Count the clips of each class in each category.

    Args:
      batches: iterable of {"x", "labels": {factor: int class [B]}}.
      encode: function x -> `Codes` with an action [B, A].
      factor: name in the labels; None counts all clips as one class.
      shape: (A, K).

    Returns:
      int [A, K].
    """
    counts = np.zeros(shape, int)
    for batch in batches:
        classes: Any = batch["labels"][factor] if factor else 0
        np.add.at(counts, (find_categories(encode(batch["x"]).action), classes), 1)
    return counts


def match(counts: np.ndarray) -> np.ndarray:
    """Match each category to a class, one to one, for the highest accuracy (Hungarian method).

    Args:
      counts: clips by category and class, int [A, K].

    Returns:
      int [A]; -1 for the A - K unmatched categories where A > K. A category without clips gets a remaining class.
    """
    from scipy.optimize import linear_sum_assignment

    classes_of = np.full(len(counts), -1)
    categories, classes = linear_sum_assignment(counts, maximize=True)
    classes_of[categories] = classes
    return classes_of


def record(counts: np.ndarray, factor: Optional[str] = None, classes: Sequence[str] = ()) -> Dict[str, Any]:
    """Describe the categories by the training clips, fit for JSON.

    Args:
      counts: clips by category and class, int [A, K]; K = 1 without a factor.
      factor, classes: of the labels; None and () without.

    Returns:
      "factor", "classes"; "matching": the name of each category's class, None for one that has none; "counts";
      "clips": their number; "accuracy": share of them that are of their category's class, None without a factor;
      "entropy": H(a) of the categories that clips take, in nats, and "entropy_at_most", ln A; "unused": the numbers of
      categories that take less than `UNUSED` of their even share.
    """
    size, clips = len(counts), int(counts.sum())
    matched = match(counts) if factor else np.full(size, -1)
    right = sum(int(counts[category, kind]) for category, kind in enumerate(matched) if kind >= 0)
    use = counts.sum(1) / clips
    return {"factor": factor, "classes": list(classes),
            "matching": [classes[kind] if kind >= 0 else None for kind in matched], "counts": counts.tolist(),
            "clips": clips, "accuracy": right / clips if factor else None,
            "entropy": abs(float(scores.entropy(use))), "entropy_at_most": float(np.log(size)),
            "unused": np.flatnonzero(use < UNUSED / size).tolist()}


def list_matched_classes(matching: Mapping[str, Any]) -> np.ndarray:
    """The class number of each category of a `record`, int [A], -1 for one that has none."""
    return np.array([-1 if name is None else matching["classes"].index(name) for name in matching["matching"]])


def conditional(judge: Judge, functions: interventions.ModelFunctions, spec: SequenceSpec, matching: Mapping[str, Any],
                clips: int, repeats: int, seeds: interventions.Seeds) -> Dict[str, Any]:
    """Accuracy of a judge on clips of a given action, with all else from the priors.

    Every category is generated in turn. Unmatched categories count as errors: if A > K, accuracy is at most K / A.

    Args:
      judge: function x -> {factor: p(y|x) [B, K]}.
      functions: `interventions.ModelFunctions` of the model.
      spec: `SequenceSpec` of the clips.
      matching: a `record` with a factor.
      clips: how many to draw in each of the `repeats`.
      seeds: an `interventions.Seeds`.

    Returns:
      "accuracy" (with "_std"), "at_most", "chance" of `disentanglement.chance`, "per_category": accuracies, None for a
      category that `clips` are too few for; of the same clips "h_y_given_v", "h_y", "inception_score" (with "_std").
    """
    asked, wanted = np.arange(clips) % len(matching["matching"]), list_matched_classes(matching)
    one_hot = np.eye(len(wanted), dtype=np.float32)
    runs = []
    for _ in range(repeats):
        parts = np.array_split(asked, -(-clips // BATCH))
        runs.append(np.concatenate([
            scores.probabilities(judge, functions.generate(
                num=len(part), length=spec.length, seed=seeds(len(part)), action=one_hot[part]))[matching["factor"]]
            for part in parts]))
    answers = np.stack([p.argmax(1) for p in runs])
    right = answers == wanted[asked]
    known = wanted[asked] >= 0
    chance = disentanglement.chance(wanted[asked][known], answers) if known.any() else 0.0
    return {
        **scores.over_repeats([{"accuracy": float(hits.mean()), **scores.inception_score(p)}
                               for hits, p in zip(right, runs, strict=True)]),
        "at_most": float(known.mean()),
        "chance": float(known.mean()) * chance,
        "per_category": [float(right[:, asked == category].mean()) if (asked == category).any() else None
                         for category in range(len(wanted))]}


def verdicts(matching: Mapping[str, Any]) -> List[str]:
    """Describe what a `record` shows to be wrong, its "conditional" accuracy included where it has one."""
    lines = []
    if matching["unused"]:
        lines += [f"a leaves {len(matching['unused'])} of {len(matching['matching'])} categories unused: H(a) "
                  f"{matching['entropy']:.2f} of {matching['entropy_at_most']:.2f} nats"]
    accuracy = matching.get("conditional", {}).get("accuracy", 1.0)
    if accuracy < collapse.KEPT_ACCURACY:
        lines += [f"a loses: {matching['factor']} {100 * accuracy:.0f} %"]
    return lines
