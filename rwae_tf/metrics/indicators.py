"""Collapse and leakage of a model during training, measured on a few clips."""

from typing import Any, Dict, Optional, Sequence

from rwae_tf.metrics import collapse, interventions, match
from rwae_tf.types import Batch, Judge, SequenceSpec

MOVED = 50  # clips that swap codes for the influence
NOTHING: Dict[str, Any] = {"usage": {}, "kept": {}, "leakage": {}, "on_real": {}, "match": {}, "verdicts": []}
"""What `measure` gives where there is no encoder, and so no codes of clips to look at."""


def measure(batches: Sequence[Batch], reader: Optional[Judge], functions: interventions.ModelFunctions,
            spec: SequenceSpec, seed: int = 0, ended: bool = False) -> Dict[str, Any]:
    """Measure a model on a few clips, with one draw for each; the draws are the same in every call.

    Args:
      batches: list of {"x", "labels"}, in random order; x [B, T, ...].
      reader: function x -> {factor: p(y|x)}, such as a `kernel_probe.Reader`; None for no factors.
      functions: `interventions.ModelFunctions` of the model.
      spec: `SequenceSpec` of the clips.
      seed: of the draws.
      ended: whether training has ended, after which codes must match their priors.

    Returns:
      "usage": {code: {"kl", "information" (nats per clip), "active_units", "influence"}};
      "kept": {factor: accuracy of `reader` with the code that it belongs to, the other one from its prior};
      "leakage": {factor: {"code", "accuracy", "chance", "excess"}} with the code it does not belong to;
      "on_real": {factor: accuracy of the reader on the clips themselves};
      "match": result of `match.measure`;
      "verdicts": lines of `collapse.verdicts` on dead codes and leakage, but not on lost factors: a model that still
      learns loses many, and blurry clips add to them. Fit for JSON.
    """
    rows = [{"codes": interventions.codes_as_dict(functions.encode(batch["x"])),
             "parameters": functions.parameters(batch["x"])} for batch in batches]
    known = interventions.join_rows(rows)
    uses = {code: collapse.code_usage(**parameters) for code, parameters in known["parameters"].items()}
    moved = interventions.influence(functions.decode, known["codes"], seed, MOVED)
    kept = None
    if reader:
        kept = interventions.measure_kept(batches, reader, functions, functions.encode, spec, 1,
                                                  interventions.Seeds(seed))
    matched = interventions.measure_match(batches, functions, interventions.Seeds(seed))
    return {
        "usage": {code: {"kl": use["kl_total"], "information": use["information_total"],
                         "active_units": use["active_units"], "influence": moved[code]} for code, use in uses.items()},
        **_accuracies(kept),
        "match": matched,
        "verdicts": collapse.verdicts(kept, uses, moved, losses=False) + match.verdicts(matched if ended else None),
    }


def _accuracies(kept):
    """The accuracies of a result of `disentanglement.measure_kept`, which may be None."""
    if kept is None:
        return {"kept": {}, "leakage": {}, "on_real": {}}
    groups = [kept["static_kept"], kept["dynamic_kept"]]
    return {
        "kept": {factor: row["accuracy"] for group in groups if group for factor, row in group["per_factor"].items()},
        "leakage": {factor: {name: row[name] for name in ("code", "accuracy", "chance", "excess")}
                    for factor, row in kept["leakage"].items()},
        "on_real": kept["judge_on_real"],
    }
