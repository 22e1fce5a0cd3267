"""Is a code used at all, and for what it should be: indicators of collapse and leakage, and their verdict."""

import numpy as np

from rwae_tf.errors import InputError

ACTIVE_VARIANCE = 0.01  # of posterior means over the data; Burda et al. (2016)
DEAD_NATS = float(np.log(2))  # one bit: a code that carries less cannot tell two classes apart
DEAD_INFLUENCE = 0.01  # part of the decoder's response
LEAK_EXCESS = 0.10  # accuracy above chance from which a factor counts as following a code
PROBE_EXCESS = 0.15  # accuracy of a linear probe above chance from which a code contains a factor
KEPT_IDENTITY = 0.90  # part of long samples, below which the identity does not last
KEPT_ACCURACY = 0.90  # below, a code loses a factor that it should keep


def code_usage(mean, variance, prior_mean=0.0, prior_variance=1.0):
    """How a Gaussian posterior uses each dimension of a code.

    Args:
      mean, variance: of q(z|x), [N, D] or [N, T, D].
      prior_mean, prior_variance: of the prior at the same places, broadcastable; for a motion prior p_psi
        those it has with the codes before as its input.

    Both "kl" and "information" bound from above what z tells about its clip. KL counts a posterior much
    narrower than its prior as use, even where it is the same for all clips; information does not: it is the
    KL to the best Gaussian prior, (ln(V + E v) - E ln v) / 2 for means of variance V and variances v.

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


def influence(decode, z_c, z_m):
    """How much of the decoder's output each code moves; needs no judge and no labels.

    Every clip takes one code of its neighbour in the batch; the squared change of the output is set in relation
    to the change when it takes both.

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


def verdicts(kept=None, usage=None, influence=None, losses=True, probes=None, consistency=None):
    """What is wrong by these numbers, in plain words, worst first.

    Args:
      kept: result of `disentanglement.measure_kept`, or None.
      usage: {code: result of `code_usage`} of "z_c", "z_m", or None.
      influence: result of `influence`, or None.
      losses: whether what a code loses is wrong too, as it is once training has ended.
      probes: result of `probes.linear_probes`, or None; needs `kept`, which says what belongs to which code.
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


def summarize_contents(kept):
    """What each code holds, beside what it should: the numbers that verdicts are drawn from.

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
