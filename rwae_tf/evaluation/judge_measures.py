"""The measures that need a judge, and those of the codes: swaps, samples, probes, use of the codes, verdicts."""

import numpy as np

from rwae_tf.metrics import actions, collapse, frechet, interventions, probes, scores, swaps
from rwae_tf.metrics.ahead import ahead

BATCH = 100
PROBED = 3000  # clips, evenly spread, that probes are fitted to and measured on
LONG, LONG_CLIPS = 100, 100  # frames and number of the samples whose identity should last
LONG_PARTS = 10  # in which they are drawn: long clips take much memory
NO_FID = "needs --inception_weights=FILE, weights that are not part of this package; frechet_judge is no FID"


def measure(batches, judge, functions, spec, repeats=5, seed=0, codes="mean", action=None):
    """All measures by a judge, and those of the codes, which need none.

    Args:
      batches: function () -> iterable of {"x", "labels"} over all test clips; x [B, T, ...].
      judge: a `judges.networks.Judge`, or what answers like it.
      functions: `ModelFunctions` of the model.
      spec: `SequenceSpec` of the clips.
      repeats: draws per clip and number of sets of samples, over which means and deviations are.
      seed: of every draw.
      codes: "mean" or "sample", the codes that are exchanged; the others get a summary.
      action: of a model with actions, a result of `actions.record` on training clips; None for others.

    Returns:
      "static_kept", "dynamic_kept", "leakage", "judge_on_real" of `disentanglement.measure_kept`; the same
      without the last for the other kind of codes, in "with_sample" (or "with_mean"); of as many clips from
      the priors as there are test clips "inception_score", "h_y_given_v", "h_y" (each with "_std") for the factor
      "inception_of", for all "inception_per_factor", and "frechet_judge"; "fid", None, and "fid_note"; "consistency" of
      long samples; "probes" {"linear", "dci"}; "usage"; "influence"; "swaps"; "verdicts"; with `action`, that and
      what `_measure_action` adds to it, as "action". Fit for JSON.
    """
    seeds = interventions.Seeds(seed)
    known = _encode_all(batches(), judge, functions, seeds)
    encoders = {"mean": functions.encode, "sample": _sampler(functions, seeds)}
    kept = {name: interventions.measure_kept(batches(), judge, functions, encode, spec, repeats, seeds)
            for name, encode in encoders.items()}
    (other,) = set(kept) - {codes}
    kept[other].pop("judge_on_real")
    usages = {code: collapse.code_usage(**parameters) for code, parameters in known["parameters"].items()}
    moved = interventions.influence(functions.decode, known["codes"], seed)
    swapped = swaps.measure(known["codes"], known["labels"], functions.decode, judge, spec.static, seed)
    probed = _probes(known["samples"], known["labels"], seed)
    lasting = consistency(judge, functions, spec, seeds, known["codes"]["z_c"], known["samples"]["z_c"])
    acted = {"action": _measure_action(action, known, kept[codes], judge, functions, spec, repeats, seeds)
             } if action else {}
    return {
        **kept[codes],
        f"with_{other}": kept[other],
        **samples(judge, functions, spec, known["features"], repeats, seeds),
        "fid": None,
        "fid_note": NO_FID,
        "consistency": lasting,
        "probes": probed,
        "usage": usages,
        "influence": moved,
        "swaps": swapped,
        "verdicts": collapse.verdicts(kept[codes], usages, moved, probes=probed["linear"], consistency=lasting)
        + swaps.verdicts(swapped) + (actions.verdicts(acted["action"]) if acted else []),
        **acted,
    }


def count_draws(clips, spec, repeats, batch, action=None):
    """Count how often `measure` calls `generate`, for so many clips in batches of `batch`: to tell how far it is."""
    def parts(size):
        return repeats * -(-clips // size)

    asked = parts(actions.BATCH) if action and action["factor"] else 0
    return 4 * parts(batch) + parts(BATCH) + (3 * LONG_PARTS if spec.static else 0) + asked


def _sampler(functions, seeds):
    """x -> posterior samples, other ones in every call."""
    return lambda x: functions.sample(x, seed=int(seeds(1)[0]))


def _encode_all(batches, judge, functions, seeds):
    """Of all clips: labels, the judge's features, codes, posterior samples and parameters."""
    rows, sample = [], _sampler(functions, seeds)
    for batch in batches:
        x = batch["x"]
        codes, sampled = functions.encode(x), sample(x)
        rows.append({
            "labels": batch["labels"], "features": judge.read(x)[1], "parameters": functions.parameters(x),
            "codes": interventions.codes_as_dict(codes),
            "samples": {"z_c": sampled.z_c, "z_m": sampled.z_m},
        })
    return interventions.join_rows(rows)


def samples(judge, functions, spec, real_features, repeats, seeds):
    """Scores of clips drawn from the priors, as many as there are real ones, `repeats` times."""
    runs, distances = [], []
    for _ in range(repeats):
        probabilities, features = [], []
        sizes = [min(BATCH, len(real_features) - start) for start in range(0, len(real_features), BATCH)]
        for clips in ahead(functions.generate(num=num, length=spec.length, seed=seeds(num)) for num in sizes):
            read, feature = judge.read(clips)
            probabilities.append(read)
            features.append(feature)
        runs.append({factor: scores.inception_score(p) for factor, p in interventions.join_rows(probabilities).items()})
        distances.append({"frechet_judge": frechet.frechet(real_features, np.concatenate(features))})
    # What is new in every clip is its motion: its factor, where there is one, is what samples should vary in.
    chosen = next((factor for factor in spec.factors if factor not in spec.static), next(iter(spec.factors)))
    per_factor = {factor: scores.over_repeats([run[factor] for run in runs]) for factor in spec.factors}
    return {**per_factor[chosen], "inception_of": chosen, "inception_per_factor": per_factor,
            **scores.over_repeats(distances)}


def _measure_action(action, known, kept, judge, functions, spec, repeats, seeds):
    """The record `action` and, where it has a factor, what becomes of it.

    "recognised": share of the clips whose inferred category is that of their class; "swap": the row of the factor in
    "dynamic_kept", whose clips have the z_m and the action of a real clip; "conditional": see `actions.conditional`.
    """
    factor = action["factor"]
    if not factor:
        return action
    classes = actions.list_matched_classes(action)[actions.find_categories(known["codes"]["action"])]
    right = classes == known["labels"][factor]
    return {**action, "recognised": float(right.mean()), "swap": kept["dynamic_kept"]["per_factor"][factor],
            "conditional": actions.conditional(judge, functions, spec, action, len(right), repeats, seeds)}


def consistency(judge, functions, spec, seeds, contents=None, samples=None):
    """Whether long samples keep their identity; None without factors that should stay.

    "last_of_data" is "last" of clips whose z_c is from `contents`, the posterior means of real clips, and
    "last_of_samples" of those whose z_c is from `samples`, of the same posteriors, beside the same motions. Where the
    first is high and "last" is not, the motion does not drift: drawn contents lie between those of two identities and
    are read as either. If z_c matched N(0, I), "last" would equal "last_of_samples"; the rest up to "last_of_data" is
    lost where posteriors overlap. None without `contents`.
    """
    if not spec.static:
        return None
    length = max(LONG, 2 * spec.length)
    parts = np.split(np.arange(LONG_CLIPS), LONG_PARTS)

    def lasting(numbers, **given):
        clips = [np.asarray(functions.generate(num=len(rows), length=length, seed=number,
                                               **{name: code[rows] for name, code in given.items()}))
                 for rows, number in zip(parts, numbers, strict=True)]
        return scores.consistency(np.concatenate(clips), judge, spec.length, spec.static)

    def fresh():
        return [seeds(len(rows)) for rows in parts]

    found = {"frames": length, "clips": LONG_CLIPS, **lasting(fresh()), "last_of_data": None, "last_of_samples": None}
    if contents is not None:
        chosen, numbers = np.linspace(0, len(contents) - 1, LONG_CLIPS).astype(int), fresh()
        found["last_of_data"] = lasting(numbers, z_c=contents[chosen])["last"]
        found["last_of_samples"] = lasting(numbers, z_c=samples[chosen])["last"]
    return found


def _probes(codes, labels, seed):
    """What can be read off the codes, of evenly spread clips."""
    chosen = np.linspace(0, len(codes["z_c"]) - 1, min(PROBED, len(codes["z_c"]))).astype(int)
    codes = {name: code[chosen] for name, code in codes.items()}
    labels = {factor: classes[chosen] for factor, classes in labels.items()}
    return {"linear": probes.linear_probes(codes, labels, seed), "dci": probes.dci(codes, labels, seed)}
