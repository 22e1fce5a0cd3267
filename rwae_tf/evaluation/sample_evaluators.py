"""Measures of a model without an encoder: a judge reads the variety, identity and categories of its samples."""

import numpy as np

from rwae_tf.evaluation import judge_measures
from rwae_tf.metrics import actions, collapse, interventions, scores

MATCHED = 100  # clips of each category on which categories are matched to classes


def measure(batches, judge, functions, spec, repeats=5, seed=0, size=0):
    """What `judge_measures.measure` gives, as far as it needs no codes of clips.

    Args:
      batches, judge, functions, spec, repeats, seed: as there; of `functions` only `generate` is called.
      size: number of categories, A; 0 for none.

    Returns:
      Its keys: None or {} where codes are needed. "action" of categories matched to classes on generated clips, where
      clips of real data are matched else, with "conditional" of others.
    """
    seeds, rows = interventions.Seeds(seed), []
    for batch in batches():
        answers, features = judge.read(batch["x"])
        right = {factor: p.argmax(1) == batch["labels"][factor] for factor, p in answers.items()
                 if factor in batch["labels"]}
        rows.append({"features": features, "right": right})
    known = interventions.join_rows(rows)
    lasting = judge_measures.consistency(judge, functions, spec, seeds)
    action = _categories(judge, functions, spec, size, len(known["features"]), repeats, seeds) if size else {}
    return {
        "static_kept": None, "dynamic_kept": None, "leakage": {},
        "judge_on_real": {factor: float(hits.mean()) for factor, hits in known["right"].items()},
        **judge_measures.samples(judge, functions, spec, known["features"], repeats, seeds),
        "fid": None, "fid_note": judge_measures.NO_FID, "consistency": lasting, "probes": None, "usage": {},
        "influence": {},
        "verdicts": collapse.verdicts(consistency=lasting) + (actions.verdicts(action) if action else []),
        **({"action": action} if action else {}),
    }


def count_draws(clips, spec, repeats, size):
    """How often `measure` calls `generate`, for so many real clips and `size` categories."""
    parts = repeats * -(-clips // judge_measures.BATCH)
    matched = bool(size) and actions.choose_factor(spec, size) is not None
    return parts + (judge_measures.LONG_PARTS if spec.static else 0) + matched * (size + parts)


def _categories(judge, functions, spec, size, clips, repeats, seeds):
    """`actions.record` of generated clips of every category, and what becomes of others; {} without a factor."""
    factor = actions.choose_factor(spec, size)
    if factor is None:
        return {}
    classes, counts = spec.factors[factor], []
    for category in np.eye(size, dtype=np.float32):
        drawn = functions.generate(num=MATCHED, length=spec.length, seed=seeds(MATCHED),
                               action=np.tile(category, (MATCHED, 1)))
        answers = scores.predictions(judge, drawn)[factor]
        counts.append(np.bincount(answers, minlength=len(classes)))
    record = actions.record(np.array(counts), factor, classes)
    return {**record, "of_samples": True,
            "conditional": actions.conditional(judge, functions, spec, record, clips, repeats, seeds)}
