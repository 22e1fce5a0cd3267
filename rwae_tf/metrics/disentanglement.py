"""Disentanglement: the factors that each code preserves when the other code comes from its prior.

With z_c of a clip and z_m from its prior, static factors must be preserved ("static kept") and dynamic factors must
not; with z_m of a clip and z_c ~ N(0, I) the reverse holds ("dynamic kept"). A factor that is preserved by the wrong
code leaks into it.
"""

from typing import Any, Callable, Collection, Dict, Iterable

import numpy as np
import numpy.typing as npt

from rwae_tf.errors import InputError
from rwae_tf.metrics import scores
from rwae_tf.metrics.ahead import ahead
from rwae_tf.metrics.scores import predictions, spread
from rwae_tf.types import Batch, Judge


def chance(labels: npt.ArrayLike, answers: npt.ArrayLike) -> float:
    """Accuracy of answers that are independent of the labels: sum_k p(label = k) p(answer = k).

    It is 1/K for balanced labels of K classes, and the exact accuracy of constant answers. Accuracy minus chance
    is therefore zero without information, whether classes are balanced or not.

    Args:
      labels: int classes [N].
      answers: int classes [..., N].
    """
    labels, answers = np.ravel(labels), np.ravel(answers)
    classes = 1 + max(labels.max(), answers.max())
    return float((np.bincount(labels, minlength=classes) / labels.size)
                 @ (np.bincount(answers, minlength=classes) / answers.size))


def majority(labels: np.ndarray) -> float:
    """Accuracy of always naming the commonest class, the best answer without a look at the clip.

    Args:
      labels: int classes [N].
    """
    return float(np.bincount(labels).max() / len(labels))


def measure_kept(batches: Iterable[Batch], judge: Judge, resample_motion: Callable[[Any, int], Any],
         resample_content: Callable[[Any, int], Any], static: Collection[str], repeats: int = 5) -> Dict[str, Any]:
    """Static kept, dynamic kept and leakage, over all clips, mean and standard deviation over repeats.

    Goes through the clips once: for every batch all repeats of `resample_motion`, then all of
    `resample_content`, are called with the same array `x`, so that its codes need computing only once.

    Args:
      batches: iterable of {"x": clips [B, T, ...], "labels": {factor: int class [B]}}; B may vary.
      judge: function x -> {factor: p(y|x) [B, K]}; only factors that it and the labels name are measured.
      resample_motion: function (x, repeat) -> x with its z_c and another z_m ~ p_psi, free-running. Must draw
        afresh for every batch and repeat.
      resample_content: function (x, repeat) -> x with its z_m (and action) and another z_c ~ N(0, I).
      static: names of the factors that belong to the content; the others belong to the motion.
      repeats: draws per clip.

    Returns:
      "static_kept", "dynamic_kept": None without such factors, else {"accuracy" against the labels,
        "agreement" with the judge's answer on the real clip, both means over factors and repeats,
        "per_factor": {factor: as below}, "mean" and "std" over repeats of the accuracy};
      "leakage": {factor: "code" into which it would leak, "excess" = accuracy - chance, and as below};
      "judge_on_real": {factor: the judge's accuracy on the real clips}; "clips": how many there were.
      For a factor: "accuracy", "agreement", "h_y_given_v", "h_y" and "inception_score" of the changed clips
        (`scores.inception_score`), their "_std" over repeats; "chance", "majority".

    Raises:
      InputError: no clips, or no factor that both the labels and the judge name.
    """
    changes = {"z_c": resample_motion, "z_m": resample_content}
    labels, real, read = _read(batches, judge, changes, repeats)
    rows = {code: {factor: _row(labels[factor], real[factor], p) for factor, p in read[code].items()}
            for code in changes}
    hits = {code: {factor: (p.argmax(-1) == labels[factor]).mean(1) for factor, p in read[code].items()}
            for code in changes}
    groups = {"z_c": [factor for factor in labels if factor in static],
              "z_m": [factor for factor in labels if factor not in static]}
    leakage = {factor: {"code": code, "excess": rows[code][factor]["accuracy"] - rows[code][factor]["chance"],
                        **rows[code][factor]}
               for code, other in (("z_m", "z_c"), ("z_c", "z_m")) for factor in groups[other]}
    return {
        "static_kept": _group(rows["z_c"], hits["z_c"], groups["z_c"]),
        "dynamic_kept": _group(rows["z_m"], hits["z_m"], groups["z_m"]),
        "leakage": leakage,
        "judge_on_real": {factor: float((real[factor] == labels[factor]).mean()) for factor in labels},
        "clips": len(next(iter(labels.values()))),
    }


def _read(batches, judge, changes, repeats):
    """Labels, the judge's answers on real clips {factor: [N]}, p(y|v) of changed ones {code: {factor: [R, N, K]}}."""
    labels, real, changed = [], [], {code: [[] for _ in range(repeats)] for code in changes}
    for batch in batches:
        x = batch["x"]
        seen = predictions(judge, x)
        labels.append({factor: np.asarray(value) for factor, value in batch["labels"].items() if factor in seen})
        real.append(seen)
        clips = ((code, repeat, np.asarray(change(x, repeat)))
                 for code, change in changes.items() for repeat in range(repeats))
        for code, repeat, clip in ahead(clips):
            changed[code][repeat].append(scores.probabilities(judge, clip))
    if not labels or not labels[0]:
        raise InputError("disentanglement: no clips whose labelled factors the judge knows; "
                         "give clips with labels and a judge of the same dataset")

    def joined(parts):
        return {factor: np.concatenate([part[factor] for part in parts]) for factor in labels[0]}

    read = {}
    for code, runs in changed.items():
        runs = [joined(run) for run in runs]
        read[code] = {factor: np.stack([run[factor] for run in runs]) for factor in labels[0]}
    return joined(labels), joined(real), read


def _row(labels, real, read):
    """The numbers of one factor under one code; read [repeats, N, K]."""
    answers = read.argmax(-1)
    repeats = [{"accuracy": (answer == labels).mean(), "agreement": (answer == real).mean(),
                **scores.inception_score(p)} for answer, p in zip(answers, read, strict=True)]
    return {**scores.over_repeats(repeats), "chance": chance(labels, answers), "majority": majority(labels)}


def _group(rows, hits, factors):
    """Means over the factors of a group; hits {factor: accuracy of every repeat}."""
    if not factors:
        return None
    per_repeat = np.mean([hits[factor] for factor in factors], 0)
    mean = float(per_repeat.mean())
    return {"accuracy": mean, "agreement": float(np.mean([rows[factor]["agreement"] for factor in factors])),
            "per_factor": {factor: rows[factor] for factor in factors}, "mean": mean, "std": spread(per_repeat)}
