"""What a configuration must satisfy: each option alone, and options together. Imports no TensorFlow."""

import dataclasses
import math

from rwae_tf.config import schedule
from rwae_tf.config.schema import SECTIONS
from rwae_tf.errors import InputError

_KINDS = {bool: "true or false", int: "an integer", float: "a number", str: "text", tuple: "a list"}


def check(config):
    """Refuse a `Config` with a value that cannot be used, alone or beside the others.

    Raises:
      InputError: with the name of the option as its `field`.
    """
    for section in SECTIONS:
        for field in dataclasses.fields(getattr(config, section)):
            _check_field(field, getattr(getattr(config, section), field.name))
    _check_together(config)


def _check_field(field, value):
    """Refuse a value of the wrong type, outside the choices or outside the range."""
    kind, meta, option = type(field.default), field.metadata, (field.name, _as_text(value))
    if meta["schedule"] and isinstance(value, tuple):
        _check_schedule(field.name, value)
        option = (field.name, schedule.as_text(value))
        kind, value = tuple, schedule.values(value)
    elif meta["schedule"]:
        kind = float
    if not _is_a(kind, value):
        raise InputError(f"{{}}: expected {_KINDS[kind]}", option)
    parts = value if kind is tuple else (value,)
    if meta["choices"]:
        if not all(part in meta["choices"] for part in parts):
            raise InputError(f"{{}}: choose one of {', '.join(map(str, meta['choices']))}", option)
        return
    for number in parts:
        if kind in (tuple, float) and not (_is_a(float, number) and math.isfinite(number)):
            raise InputError("{}: expected finite numbers", option)
        if meta["low"] is not None and number < meta["low"]:
            raise InputError(f"{{}}: must be at least {meta['low']}", option)
        if meta["high"] is not None and number > meta["high"]:
            raise InputError(f"{{}}: must be at most {meta['high']}", option)


def _check_schedule(name, points):
    """Refuse points that are no schedule."""
    if fault := schedule.fault(points):
        text = repr(points) if fault.startswith("expected") else schedule.as_text(points)
        raise InputError(f"{{}}: {fault}", (name, text))


def _is_a(kind, value):
    """Whether `value` is of `kind`; an integer is a number too, a truth value is neither."""
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def _as_text(value):
    """Write `value` for an error; a tuple as on the command line."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else repr(value)


def _check_together(config):
    """Refuse combinations that no field can see alone."""
    training, objective = config.training, config.objective
    if training.joint_update and training.inference_steps != 1:
        raise InputError("{} does not go with {}; give {}, or {}", ("inference_steps", training.inference_steps),
                         [("joint_update", True), ("inference_steps", 1), ("joint_update", False)])
    if training.joint_update and training.adaptive_inference_steps:
        raise InputError("{} has no inner steps that {} could end; drop one of them", ("joint_update", True),
                         [("adaptive_inference_steps", True)])
    if training.kernels == "plain" and training.precision != "float32":
        raise InputError("{} does not go with {}; give {}, or {}", ("kernels", "plain"),
                         [("precision", training.precision), ("kernels", "fast"), ("precision", "float32")])
    if training.replicas and training.batch_size % training.replicas:
        raise InputError("{} does not divide among {}; give a multiple", ("batch_size", training.batch_size),
                         [("replicas", training.replicas)])
    if objective.motion_samples == "pair" and config.data.length < 2:
        raise InputError("{}: {} needs at least 2 frames", ("length", config.data.length),
                         [("motion_samples", "pair")])
    if objective.motion_given_action and objective.mmd_estimator != "unbiased":
        raise InputError("{} does not go with {}; give {}", ("motion_given_action", True),
                         [("mmd_estimator", objective.mmd_estimator), ("mmd_estimator", "unbiased")])
    if 0 < objective.motion_horizon <= config.data.length:
        raise InputError("{}: must be above {}, or 0", ("motion_horizon", objective.motion_horizon),
                         [("length", config.data.length)])
    _check_reconstruction(config.model.model, objective.reconstruction)
    _check_backbone(config.model, config.data.size)


def _check_reconstruction(model, reconstruction):
    """Refuse a model with learned deviations of pixels without them, and any other with them."""
    if (model == "fhvae") != (reconstruction == "learned_normal"):
        remedy, given = "learns no deviations; drop it", []
        if model == "fhvae":
            remedy, given = "learns deviations; give {}", [("reconstruction", "learned_normal")]
        raise InputError(f"{{}}: {{}} {remedy}", ("reconstruction", reconstruction), [("model", model), *given])


def _check_backbone(model, size):
    """Refuse a backbone that does not go with frames of `size`, or with the width of its features there."""
    if model.backbone == "ds_vae256" and size != 64:
        raise InputError("{}: {} needs 64; {} takes any", ("size", size),
                         [("backbone", "ds_vae256"), ("backbone", "dcgan")])
    parts = int(math.log2(size))  # one for each block between size x size and 2x2, and one for the 2x2 map
    if model.backbone == "biggan" and model.feature_size % parts:
        fitting = -(-model.feature_size // parts) * parts
        raise InputError(f"{{}}: {{}} splits it into {parts} even parts at {{}}; give a multiple of {parts}, such as "
                         f"{fitting}", ("feature_size", model.feature_size), [("backbone", "biggan"), ("size", size)])
