"""Old names in files of runs and judges, read as what they mean now. Imports no TensorFlow."""

import math

from rwae_tf.config.fields import rounded
from rwae_tf.config.schedule import EXPONENTIAL

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

# Old flag -> what says the same now.
REPLACED_FLAGS = {
    **dict.fromkeys(_REPLACED, "a weight is a schedule: --motion_kl_weight=4:0.1,6:1"),
    **dict.fromkeys(("decay_epochs", "decay_factors"), "a learning rate is a schedule, and two values at one epoch are "
                    "a jump: --decoder_learning_rate=50:3e-4,50:1.5e-4"),
    "temperature_anneal": "the temperature is a schedule, and ~ means exponentially: --temperature=0:0.67,~20:0.1",
}
# Learning rates and what they were by default, and whether they are of R-WAE or of its baselines.
_RATES = {"learning_rate": (2e-4, "baselines"), "decoder_learning_rate": (3e-4, "rwae"),
          "encoder_learning_rate": (1e-4, "rwae"), "critic_learning_rate": (1e-4, "rwae")}
_LOWEST_TEMPERATURE = 0.1


def renamed(section, fields):
    """`fields` of a section under the names of today, in their order.

    Args:
      section: of config.json, or "judge" for the record of a judge.json.
      fields: {name: value} of any age.
    """
    names = RENAMED.get(section, {})
    return {names.get(name, name): RENAMED_VALUES.get(name, {}).get(str(value), value)
            for name, value in fields.items()}


def translated(section, fields, model="rwae"):
    """The fields of a section of a config.json of any age, under their names of today.

    Until November 2026 the weights of the KLs changed at `kl_change_epochs` to `later_*`, eta followed
    `motion_kl_epochs` and `motion_kl_weights`, all learning rates were multiplied by each of `decay_factors` from its
    epoch in `decay_epochs` on, and the temperature fell by `temperature_anneal`; now each of these may be a schedule.

    Args:
      section: of config.json.
      fields: {name: value} of any age.
      model: what config.json says of the option `model`.
    """
    return _TRANSLATED.get(section, lambda fields, model: fields)(renamed(section, fields), model)


def _objective(fields, model):
    del model
    if not set(_REPLACED) & set(fields):
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


def _training(fields, model):
    """The learning rates with their falls; those that the model does not use take their default of today."""
    if not {"decay_epochs", "decay_factors"} & set(fields):
        return fields
    epochs, factors = fields.get("decay_epochs", [50.0, 80.0]), fields.get("decay_factors", [0.5, 0.2])
    new = {name: value for name, value in fields.items() if name not in ("decay_epochs", "decay_factors", *_RATES)}
    for name, (default, owner) in _RATES.items():
        if (owner == "rwae") == (model == "rwae"):
            new[name] = _falling(fields.get(name, default), sorted(zip(epochs, factors, strict=True)))
    return new


def _falling(rate, falls):
    """The schedule of a learning rate that is multiplied by a factor at each of some epochs, [(epoch, factor)]."""
    points = []
    for epoch in sorted({epoch for epoch, _ in falls}):
        before, after = (rounded(rate * math.prod(factor for at, factor in falls if at <= last)) for last in (
            math.nextafter(epoch, -math.inf), epoch))
        points += [[epoch, before], [epoch, after]]
    return points or rate


def _model(fields, model):
    """The temperature, which fell by exp(-temperature_anneal * epoch) down to 0.1."""
    del model
    if "temperature_anneal" not in fields:
        return fields
    new = {name: value for name, value in fields.items() if name != "temperature_anneal"}
    first, speed = fields.get("temperature", 0.67), fields["temperature_anneal"]
    if speed and first > _LOWEST_TEMPERATURE:
        end = math.log(first / _LOWEST_TEMPERATURE) / speed
        new["temperature"] = [[0.0, first], [end, _LOWEST_TEMPERATURE, EXPONENTIAL]]
    elif speed:
        new["temperature"] = _LOWEST_TEMPERATURE
    return new


_TRANSLATED = {"model": _model, "objective": _objective, "training": _training}
