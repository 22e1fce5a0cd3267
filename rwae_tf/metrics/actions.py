"""Learned actions and known classes: which is which, and whether clips of an action show its class.

A weakly supervised model knows how many actions there are, not which is which (section 3.4 of the paper). Its
categories are matched to the classes of a factor on the training clips, one to one, and judged by that.
"""

import numpy as np

from rwae_tf.metrics import collapse, disentanglement, scores

UNUSED = 0.1  # of its even share of the clips: a category that takes fewer is not used
BATCH = 100


def choose_factor(spec, size):
    """The factor of the motion that `size` categories are matched to: the one with most nearly as many classes.

    Returns:
      Its name, the first one's among equals; None where the clips have no factor of the motion.
    """
    moving = [factor for factor in spec.factors if factor not in spec.static]
    return min(moving, key=lambda factor: abs(len(spec.factors[factor]) - size), default=None)


def find_categories(action):
    """The category of a relaxed one-hot action, its largest entry: [B, A] -> int [B]."""
    return np.asarray(action).argmax(-1)


def count(batches, encode, factor, shape):
    """How many clips of each class take each category.

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
        classes = batch["labels"][factor] if factor else 0
        np.add.at(counts, (find_categories(encode(batch["x"]).action), classes), 1)
    return counts


def match(counts):
    """A class for each category, none twice, so that as many clips as can be are of their category's class.

    Args:
      counts: clips by category and class, int [A, K].

    Returns:
      int [A]; -1 for those A - K categories that are left over where there are more of them than classes. A category
      without clips gets what the others leave.
    """
    from scipy.optimize import linear_sum_assignment

    classes_of = np.full(len(counts), -1)
    categories, classes = linear_sum_assignment(counts, maximize=True)
    classes_of[categories] = classes
    return classes_of


def record(counts, factor=None, classes=()):
    """What the training clips tell about the categories, fit for JSON.

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


def list_matched_classes(matching):
    """The class number of each category of a `record`, int [A], -1 for one that has none."""
    return np.array([-1 if name is None else matching["classes"].index(name) for name in matching["matching"]])


def conditional(judge, functions, spec, matching, clips, repeats, seeds):
    """Clips of a given action, all else from the priors: does a judge see the class of the action?

    Every category in turn is asked for. One without a class is never right: where there are more categories than
    classes, no more than K / A can be.

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


def verdicts(matching):
    """What is wrong by a `record`, in plain words; with "conditional" in it, what is not obeyed too."""
    lines = []
    if matching["unused"]:
        lines += [f"a leaves {len(matching['unused'])} of {len(matching['matching'])} categories unused: H(a) "
                  f"{matching['entropy']:.2f} of {matching['entropy_at_most']:.2f} nats"]
    accuracy = matching.get("conditional", {}).get("accuracy", 1.0)
    if accuracy < collapse.KEPT_ACCURACY:
        lines += [f"a loses: {matching['factor']} {100 * accuracy:.0f} %"]
    return lines
