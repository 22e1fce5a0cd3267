"""Old names in files of runs and judges, read as what they mean now. Imports no TensorFlow."""

# Section of config.json -> old key -> key of today.
RENAMED = {
    "data": {"hold_out": "validation_fraction", "test_share": "test_fraction", "skip_bad": "skip_invalid",
             "lowest_decibels": "min_db"},
    "model": {"motion_gain": "motion_input_scale"},
    "training": {"lagging_stop": "adaptive_inference_steps", "fused": "joint_update", "vary": "augment"},
    "judge": {"kind": "architecture", "vary": "augment", "hold_out": "validation_fraction"},
}
# Key of today -> old value -> value of today.
RENAMED_VALUES = {"motion_input": {"changes": "mean_centered"}}
_REPLACED = ("kl_change_epochs", "later_motion_kl_weight", "later_content_kl_weight", "later_action_weight",
             "motion_kl_epochs", "motion_kl_weights")


def renamed(section, fields):
    """`fields` of a section under the names of today, in their order.

    Args:
      section: of config.json, or "judge" for the record of a judge.json.
      fields: {name: value} of any age.
    """
    names = RENAMED.get(section, {})
    return {names.get(name, name): RENAMED_VALUES.get(name, {}).get(str(value), value)
            for name, value in fields.items()}


def translated(section, fields):
    """The fields of a section of a config.json of any age, under their names of today.

    Until November 2026 the weights of the KLs changed at `kl_change_epochs` to `later_*`, and eta followed
    `motion_kl_epochs` and `motion_kl_weights`; now any weight may be a schedule of (epoch, value) pairs.
    """
    fields = renamed(section, fields)
    if section != "objective" or not set(_REPLACED) & set(fields):
        return fields
    old = {"kl_change_epochs": [], "motion_kl_epochs": [], "motion_kl_weight": 1.0, "content_kl_weight": 0.0,
           "action_weight": 50.0, "later_motion_kl_weight": 1.0, "later_content_kl_weight": 0.2,
           "later_action_weight": 50.0, **fields}
    new = {name: value for name, value in fields.items() if name not in _REPLACED}
    if change := old["kl_change_epochs"]:
        begin, end = change[0], max(change[1], change[0] + 1e-6)
        for name in ("motion_kl_weight", "content_kl_weight", "action_weight"):
            before, after = old[name], old[f"later_{name}"]
            new[name] = before if before == after else [[begin, before], [end, after]]
    if epochs := old["motion_kl_epochs"]:
        new["motion_kl_weight"] = [list(point) for point in zip(epochs, old["motion_kl_weights"], strict=True)]
    return new
