"""Swaps between clips: whether a code means the same beside the other code of every clip.

Two codes can each match their prior, and each be free of the other's factors, and yet depend on each other: the same
z_c may mean another garment beside each action. No measure of one code shows it, since z_c then tells nothing of the
action. Swaps show it: the garment stays between clips of one action and changes between others.
"""

from typing import Any, Callable, Collection, Dict, List, Mapping, Tuple

import numpy as np

from rwae_tf.metrics.scores import predictions
from rwae_tf.types import Codes, Judge

CLIPS = 1000  # at most, evenly spread
FEWEST = 30  # swaps of either kind, below which two factors are not compared
DEPENDENT = 0.10  # difference of accuracies above which a factor depends on another
CERTAIN = 4  # standard errors that it must exceed, too: the largest of several differences is taken


def measure(codes: Mapping[str, np.ndarray], labels: Mapping[str, np.ndarray], decode: Callable[[Codes], Any],
            judge: Judge, static: Collection[str], seed: int = 0, batch: int = 100) -> Dict[str, Any]:
    """Decode z_c of every clip with z_m (and action) of another one, and compare swaps that share a factor with others.

    Args:
      codes: {name in `Codes`: [N, ...]} of real clips, "action" only of models that have one.
      labels: {factor: int class [N]} of the same clips.
      decode: function `Codes` -> clips.
      judge: function x -> {factor: p(y|x) [B, K]}.
      static: names of the factors that belong to the content; the others belong to the motion.
      seed: of the partners.
      batch: clips to decode at a time.

    Returns:
      {factor: {"accuracy": against the label of the clip whose code should determine it, "beside": the factor of the
      other code on which this depends most, "shared", "other": the accuracy in swaps of clips that have the same class
      of that factor, and in those that do not; "error": the standard error of their difference, where there is
      none}}. Factors without one to compare with are left out. Fit for JSON.
    """
    rows, partners = _pairs(len(codes["z_c"]), seed)
    given = {name: code[rows if name == "z_c" else partners] for name, code in codes.items()}
    read = _read(given, decode, judge, batch)
    measured = {}
    for factor in (factor for factor in labels if factor in read):
        own = rows if factor in static else partners
        right = read[factor] == labels[factor][own]
        others = [(name, labels[name][rows] == labels[name][partners]) for name in labels
                  if (name in static) != (factor in static)]
        compared = [{"accuracy": float(right.mean()), "beside": name, "shared": float(right[same].mean()),
                     "other": float(right[~same].mean()), "error": _error(right, same)}
                    for name, same in others if min(same.sum(), (~same).sum()) >= FEWEST]
        if compared:
            measured[factor] = max(compared, key=_difference)
    return measured


def verdicts(measured: Mapping[str, Any]) -> List[str]:
    """Name the factors that depend on the other code.

    Args:
      measured: result of `measure`.

    Returns:
      Lines such as "bottom depends on action: 99 % right in swaps of one action, 61 % in others".
    """
    return [f"{factor} depends on {row['beside']}: {100 * row['shared']:.0f} % right in swaps of one {row['beside']}, "
            f"{100 * row['other']:.0f} % in others"
            for factor, row in measured.items() if _difference(row) > max(DEPENDENT, CERTAIN * row["error"])]


def _difference(row: Mapping[str, Any]) -> float:
    return abs(row["shared"] - row["other"])


def _error(right: np.ndarray, same: np.ndarray) -> float:
    """Standard error of the difference of two proportions that are equal: sqrt(p (1 - p) (1/n + 1/m))."""
    return float(right.std() * np.sqrt(1 / same.sum() + 1 / (~same).sum()))


def _pairs(size: int, seed: int) -> Tuple[np.ndarray, np.ndarray]:
    """Clips, evenly spread, and for each another one of them: along a random cycle, so no clip is its own partner."""
    chosen = np.linspace(0, size - 1, min(size, CLIPS)).astype(int)
    cycle = np.random.default_rng(seed).permutation(chosen)
    return cycle, np.roll(cycle, 1)


def _read(given, decode, judge, batch):
    """The judge's answers {factor: [N]} on the decoded codes `given`."""
    parts = []
    for start in range(0, len(given["z_c"]), batch):
        codes = {name: code[start:start + batch] for name, code in given.items()}
        parts.append(predictions(judge, np.asarray(decode(Codes(codes["z_c"], codes["z_m"], codes.get("action"))))))
    return {factor: np.concatenate([part[factor] for part in parts]) for factor in parts[0]}
