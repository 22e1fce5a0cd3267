"""What a judge tells of a model without an encoder: its samples, their variety, their identity and their categories."""

import numpy as np

from rwae_tf.evaluation import evaluators
from rwae_tf.metrics import actions, collapse, interventions, scores

MATCHED = 100  # clips of each category on which categories are matched to classes


def measure(batches, judge, verbs, spec, repeats=5, seed=0, size=0):
    """What `evaluators.measure` gives, as far as it needs no codes of clips.

    Args:
      batches, judge, verbs, spec, repeats, seed: as there; of `verbs` only `generate` is called.
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
    known = interventions.joined(rows)
    lasting = evaluators.consistency(judge, verbs, spec, seeds)
    action = _categories(judge, verbs, spec, size, len(known["features"]), repeats, seeds) if size else {}
    return {
        "static_kept": None, "dynamic_kept": None, "leakage": {},
        "judge_on_real": {factor: float(hits.mean()) for factor, hits in known["right"].items()},
        **evaluators.samples(judge, verbs, spec, known["features"], repeats, seeds),
        "fid": None, "fid_note": evaluators.NO_FID, "consistency": lasting, "probes": None, "usage": {},
        "influence": {},
        "verdicts": collapse.verdicts(consistency=lasting) + (actions.verdicts(action) if action else []),
        **({"action": action} if action else {}),
    }


def draws(clips, spec, repeats, size):
    """How often `measure` calls `generate`, for so many real clips and `size` categories."""
    parts = repeats * -(-clips // evaluators.BATCH)
    matched = bool(size) and actions.factor_of(spec, size) is not None
    return parts + (evaluators.LONG_PARTS if spec.static else 0) + matched * (size + parts)


def _categories(judge, verbs, spec, size, clips, repeats, seeds):
    """`actions.record` of generated clips of every category, and what becomes of others; {} without a factor."""
    factor = actions.factor_of(spec, size)
    if factor is None:
        return {}
    classes, counts = spec.factors[factor], []
    for category in np.eye(size, dtype=np.float32):
        drawn = verbs.generate(num=MATCHED, length=spec.length, seed=seeds(MATCHED),
                               action=np.tile(category, (MATCHED, 1)))
        answers = scores.predictions(judge, drawn)[factor]
        counts.append(np.bincount(answers, minlength=len(classes)))
    record = actions.record(np.array(counts), factor, classes)
    return {**record, "of_samples": True,
            "conditional": actions.conditional(judge, verbs, spec, record, clips, repeats, seeds)}
