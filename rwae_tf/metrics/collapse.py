"""Collapse and leakage: whether a code is used, and for the factors that it should contain."""

from typing import Any, Callable, Dict, List, Mapping, Optional

import numpy as np
import numpy.typing as npt

from rwae_tf.errors import InputError

ACTIVE_VARIANCE = 0.01  # of posterior means over the data; Burda et al. (2016)
DEAD_NATS = float(np.log(2))  # one bit: a code with less information cannot separate two classes
DEAD_INFLUENCE = 0.01  # fraction of the change of the decoder's output
LEAK_EXCESS = 0.10  # accuracy above chance from which a factor counts as following a code
PROBE_EXCESS = 0.15  # accuracy of a linear probe above chance from which a code contains a factor
KEPT_IDENTITY = 0.90  # part of long samples, below which the identity does not last
KEPT_ACCURACY = 0.90  # below, a code loses a factor that it should keep


def code_usage(mean: npt.ArrayLike, variance: npt.ArrayLike, prior_mean: npt.ArrayLike = 0.0,
               prior_variance: npt.ArrayLike = 1.0) -> Dict[str, Any]:
    """Measure how a Gaussian posterior uses each dimension of a code.

    Args:
      mean, variance: of q(z|x), [N, D] or [N, T, D].
      prior_mean, prior_variance: of the prior at the same places, broadcastable; for a motion prior p_psi
        those it has with the codes before as its input.

    Both "kl" and "information" are upper bounds of the mutual information of z and its clip. KL counts a
    posterior that is much narrower than its prior, even where it is equal for all clips; information does not.
    It is the KL to the best Gaussian prior, (ln(V + E v) - E ln v) / 2 for means of variance V and variances v.

    Returns:
      Lists over D: "variance_of_means", over clips, mean over frames (what all clips share frame by frame is
      no information about a clip); "mean_variance"; "kl" and "information", nats per clip, summed over
      frames. And "kl_total" and "information_total", their sums; "active_units", the dimensions whose means
      vary by more than ACTIVE_VARIANCE, which is meant for priors of variance one; "dimensions".
    """
    mean, variance = np.asarray(mean, np.float64), np.asarray(variance, np.float64)
    prior_mean, prior_variance = (np.asarray(p, np.float64) for p in (prior_mean, prior_variance))
    kl = 0.5 * (np.log(prior_variance / variance) + (variance + (mean - prior_mean) ** 2) / prior_variance - 1)
    information = 0.5 * (np.log(mean.var(0) + variance.mean(0)) - np.log(variance).mean(0))

    def frames(values):  # [T, D], whether the code has frames or not
        return values.reshape(-1, values.shape[-1])

    spread, nats, carried = frames(mean.var(0)).mean(0), frames(kl.mean(0)).sum(0), frames(information).sum(0)
    return {"variance_of_means": spread.tolist(), "mean_variance": frames(variance).mean(0).tolist(),
            "kl": nats.tolist(), "kl_total": float(nats.sum()),
            "information": carried.tolist(), "information_total": float(carried.sum()),
            "active_units": int((spread > ACTIVE_VARIANCE).sum()), "dimensions": len(spread)}


def influence(decode: Callable[[Any, Any], Any], z_c: np.ndarray, z_m: np.ndarray) -> Dict[str, float]:
    """Measure how much of the decoder's output each code changes; needs no judge and no labels.

    Every clip takes one code of its neighbour in the batch. The squared change of the output is divided by the
    change when it takes both codes.

    Args:
      decode: function (z_c, z_m) -> x.
      z_c, z_m: codes of at least two clips, [B, Dc] and [B, T, Dm], in random order: neighbours that share
        their content or their motion would hide its code.

    Returns:
      {"z_c": fraction, "z_m": fraction}; both 0 where the decoder ignores both. They need not sum to one.

    Raises:
      InputError: fewer than two clips.
    """
    if len(z_c) < 2:
        raise InputError("influence: one clip has no neighbour to take a code of; give at least two")
    z_c, z_m = np.asarray(z_c), np.asarray(z_m)
    other_c, other_m = np.roll(z_c, 1, 0), np.roll(z_m, 1, 0)
    x = np.asarray(decode(z_c, z_m), np.float64)

    def change(*codes):
        return float(np.square(np.asarray(decode(*codes), np.float64) - x).sum())

    both = change(other_c, other_m)
    return {"z_c": change(other_c, z_m) / both if both else 0.0, "z_m": change(z_c, other_m) / both if both else 0.0}


def verdicts(kept: Optional[Mapping[str, Any]] = None, usage: Optional[Mapping[str, Any]] = None,
             influence: Optional[Mapping[str, float]] = None, losses: bool = True,
             probes: Optional[Mapping[str, Any]] = None, consistency: Optional[Mapping[str, Any]] = None) -> List[str]:
    """Describe what these numbers show to be wrong, worst first.

    Args:
      kept: result of `disentanglement.measure_kept`, or None.
      usage: {code: result of `code_usage`} of "z_c", "z_m", or None.
      influence: result of `influence`, or None.
      losses: whether to report factors that a code loses, which counts only after training.
      probes: result of `probes.linear_probes`, or None; needs `kept`, which assigns factors to codes.
      consistency: result of `scores.consistency`, or None.

    Returns:
      Lines such as "z_m is dead: 0.26 nats per clip, less than one bit", "z_m leaks: hair 30 % (chance 17 %)",
      "z_m loses: action 37 %", "z_c contains: action 35 % by a linear probe (chance 11 %)", "identity does not last:
      58 % after 100 frames"; empty where nothing is wrong.
    """
    rows = _rows_by_code(kept)
    dead = {code: reason for code in ("z_m", "z_c") if (reason := _death(code, rows[code], usage, influence))}
    lines = [f"{code} is dead: {reason}" for code, reason in dead.items()]
    for code in ("z_m", "z_c"):
        leaks = [f"{factor} {_percent(row['accuracy'])} (chance {_percent(row['chance'])})"
                 for factor, row in rows[code]["wrong"].items() if _follows(row)]
        lost = [f"{factor} {_percent(row['accuracy'])}" for factor, row in rows[code]["right"].items()
                if losses and not _stays(row) and code not in dead]
        for verb, factors in (("leaks", leaks), ("loses", lost)):
            lines += [f"{code} {verb}: {', '.join(factors)}"] if factors else []
        contained = [f"{factor} {_percent(row['accuracy'])} by a linear probe (chance {_percent(row['chance'])})"
                     for factor, row in _probed(probes, code, rows[code]["wrong"]).items()
                     if row["accuracy"] - row["chance"] > PROBE_EXCESS]
        lines += [f"{code} contains: {', '.join(contained)}"] if contained else []
    if consistency and consistency["last"] < KEPT_IDENTITY:
        lines += [f"identity does not last: {_percent(consistency['last'])} after {consistency['frames']} frames"]
    return lines


def _probed(probes, code, wrong):
    """The rows of the linear probes from a code to the factors that it should not contain."""
    return {factor: row for factor, row in probes[code].items() if factor in wrong} if probes else {}


def summarize_contents(kept: Mapping[str, Any]) -> Dict[str, Dict[str, Any]]:
    """List what each code contains beside what it should contain: the numbers behind the verdicts.

    Args:
      kept: result of `disentanglement.measure_kept`.

    Returns:
      {"z_c" and "z_m": {factor: {"accuracy", "accuracy_std", "chance" and the like of the factor when this code is
      the clip's own and the other is new; "wanted": whether it should survive; "good": whether all is well}}}.
    """
    return {code: {**{factor: {**row, "wanted": True, "good": _stays(row)} for factor, row in rows["right"].items()},
                   **{factor: {**row, "wanted": False, "good": not _follows(row)}
                      for factor, row in rows["wrong"].items()}}
            for code, rows in _rows_by_code(kept).items()}


def _rows_by_code(kept):
    """{code: {"right": rows of the factors it should keep, "wrong": of those it should not}}."""
    rows = {code: {"right": {}, "wrong": {}} for code in ("z_c", "z_m")}
    if kept:
        for code, group in (("z_c", kept["static_kept"]), ("z_m", kept["dynamic_kept"])):
            rows[code]["right"] = group["per_factor"] if group else {}
        for factor, row in kept["leakage"].items():
            rows[row["code"]]["wrong"][factor] = row
    return rows


def _percent(fraction):
    return f"{100 * fraction:.0f} %"


def _stays(row):
    return row["accuracy"] >= KEPT_ACCURACY


def _follows(row):
    return row["accuracy"] - row["chance"] > LEAK_EXCESS


def _death(code, rows, usage, influence):
    """Why a code is dead, None if it lives."""
    if usage and (nats := min(usage[code]["kl_total"], usage[code]["information_total"])) < DEAD_NATS:
        return f"{nats:.2f} nats per clip, less than one bit"
    if influence and influence[code] < DEAD_INFLUENCE:
        return f"it moves {100 * influence[code]:.1f} % of the decoder's output"
    # Without a factor that it should keep, a code may well be used for what has no label.
    if rows["right"] and not any(_follows(row) for group in rows.values() for row in group.values()):
        return "no factor follows it"
    return None
