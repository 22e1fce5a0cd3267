"""The whole configuration: the options together, validated, to and from JSON. Imports no TensorFlow."""

import dataclasses
import json
import math
import os
from typing import Any, Dict

from rwae_tf.config import legacy, schedule
from rwae_tf.config.schema import SECTIONS, DataConfig, EvaluationConfig, ModelConfig, ObjectiveConfig, TrainingConfig
from rwae_tf.errors import InputError
from rwae_tf.utils import files, json_file


@dataclasses.dataclass(frozen=True)
class Config:
    """The configuration of a run; validated when made."""

    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    objective: ObjectiveConfig = ObjectiveConfig()
    training: TrainingConfig = TrainingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()

    def __post_init__(self):
        for section in SECTIONS:
            for field in dataclasses.fields(getattr(self, section)):
                _check_field(field, getattr(getattr(self, section), field.name))
        _check_together(self)


_KINDS = {bool: "true or false", int: "an integer", float: "a number", str: "text",
          tuple: "a list"}


def _check_field(field, value):
    """Refuse a value of the wrong type, outside the choices or outside the range."""
    kind, meta, named = type(field.default), field.metadata, f"{field.name}={_shown(value)}"
    if meta["schedule"] and isinstance(value, tuple):
        _check_schedule(field.name, value)
        kind, value, named = tuple, schedule.values(value), f"{field.name}={schedule.written(value)}"
    elif meta["schedule"]:
        kind = float
    if not _is_a(kind, value):
        raise InputError(f"{named}: expected {_KINDS[kind]}")
    parts = value if kind is tuple else (value,)
    if meta["choices"]:
        if not all(part in meta["choices"] for part in parts):
            raise InputError(f"{named}: choose one of {', '.join(map(str, meta['choices']))}")
        return
    for number in parts:
        if kind in (tuple, float) and not (_is_a(float, number) and math.isfinite(number)):
            raise InputError(f"{named}: expected finite numbers")
        if meta["low"] is not None and number < meta["low"]:
            raise InputError(f"{named}: must be at least {meta['low']}")
        if meta["high"] is not None and number > meta["high"]:
            raise InputError(f"{named}: must be at most {meta['high']}")


def _check_schedule(name, points):
    """Refuse points that are no schedule."""
    if fault := schedule.fault(points):
        text = repr(points) if fault.startswith("expected") else schedule.written(points)
        raise InputError(f"{name}={text}: {fault}")


def _is_a(kind, value):
    """Whether `value` is of `kind`; an integer is a number too, a truth value is neither."""
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def _shown(value):
    """`value` in an error; a tuple as on the command line."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else repr(value)


def _check_together(config):
    """Refuse combinations that no field can see alone."""
    training, objective = config.training, config.objective
    if training.joint_update and training.inference_steps != 1:
        raise InputError(f"inference_steps={training.inference_steps} does not go with joint_update=True; "
                         "give inference_steps=1, or joint_update=False")
    if training.joint_update and training.adaptive_inference_steps:
        raise InputError(
            "joint_update=True has no inner steps that adaptive_inference_steps=True could end; drop one of them"
        )
    if training.kernels == "plain" and training.precision != "float32":
        raise InputError(f"kernels=plain does not go with precision={training.precision}; give kernels=fast, or "
                         "precision=float32")
    if training.replicas and training.batch_size % training.replicas:
        raise InputError(f"batch_size={training.batch_size} does not divide among "
                         f"replicas={training.replicas}; give a multiple")
    if objective.motion_samples == "pair" and config.data.length < 2:
        raise InputError(f"length={config.data.length}: motion_samples=pair needs at least 2 frames")
    if 0 < objective.motion_horizon <= config.data.length:
        raise InputError(f"motion_horizon={objective.motion_horizon}: must be above length={config.data.length}, or 0")
    _check_backbone(config.model, config.data.size)


def _check_backbone(model, size):
    """Refuse a backbone that does not go with frames of `size`, or with the width of its features there."""
    if model.backbone == "ds_vae256" and size != 64:
        raise InputError(f"size={size}: backbone=ds_vae256 needs 64; backbone=dcgan takes any")
    parts = int(math.log2(size))  # one for each block between size x size and 2x2, and one for the 2x2 map
    if model.backbone == "biggan" and model.feature_size % parts:
        fitting = -(-model.feature_size // parts) * parts
        raise InputError(f"feature_size={model.feature_size}: backbone=biggan splits it into {parts} even parts at "
                         f"size={size}; give a multiple of {parts}, such as {fitting}")


def to_dict(config: Config) -> Dict[str, Dict[str, Any]]:
    """`config` as nested plain values, fit for JSON."""
    return json.loads(json.dumps(dataclasses.asdict(config)))


def from_dict(values: Dict[str, Dict[str, Any]], source: str = "configuration") -> Config:
    """The configuration in `values`, as `to_dict` makes it; what is missing takes its default.

    Args:
      values: section -> field -> value.
      source: named in errors, usually the file the values came from.

    Raises:
      InputError: for an unknown section or key, or a value that validation refuses.
    """
    sections, model = {}, _model_name(values)
    for section, fields in values.items():
        if section not in SECTIONS:
            raise InputError(f"{source}: unknown section {section!r}; known are {', '.join(SECTIONS)}")
        if not isinstance(fields, dict):
            raise InputError(f"{source}: section {section!r} must hold keys and values, not {fields!r:.40}")
        known = {field.name: field for field in dataclasses.fields(SECTIONS[section])}
        try:
            fields = legacy.translated(section, fields, model)
        except (TypeError, ValueError):  # numbers of another kind, or not as many as belong together
            raise InputError(f"{source}: section {section!r} holds options of an earlier version with values that they "
                             "could not have; restore the file") from None
        unknown = sorted(set(fields) - set(known))
        if unknown:
            raise InputError(f"{source}: unknown key {unknown[0]!r} in section {section!r}; drop it, or use "
                             "the version of this package that wrote it")
        plain = {k: _tuples(v) for k, v in fields.items()}
        sections[section] = SECTIONS[section](**plain)
    try:
        return Config(**sections)
    except InputError as error:
        raise InputError(f"{source}: {error}" if source != "configuration" else str(error)) from None


def _model_name(values):
    """What `values` says of the option `model`, its default where they say nothing."""
    section = values.get("model")
    return section.get("model", ModelConfig.model) if isinstance(section, dict) else ModelConfig.model


def _tuples(value):
    """`value` of JSON with tuples for its lists."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def resolved(config: Config) -> Config:
    """`config` with the whole paths of the folders of its data, which then do not depend on the current folder."""
    data = {name: _whole(getattr(config.data, name)) for name in ("data_dir", "speaker_lists")}
    return dataclasses.replace(config, data=dataclasses.replace(config.data, **data))


def _whole(path):
    return path if not path or files.is_remote(path) else os.path.abspath(os.path.expanduser(path))


def save(config: Config, path: str) -> None:
    """Write `config` to `path`, whole or not at all."""
    json_file.write(to_dict(config), path)


def read(path: str) -> Config:
    """The configuration in the JSON file `path`; `InputError` when it cannot be used."""
    return from_dict(json_file.read(path, "a configuration"), source=path)


def differences(old: Config, new: Config):
    """Names of the fields that differ and that a run may not change, as "name (old -> new)"."""
    found = []
    for section, kind in SECTIONS.items():
        for field in dataclasses.fields(kind):
            before, after = (getattr(getattr(c, section), field.name) for c in (old, new))
            if before != after and not field.metadata["resumable"]:
                found.append(f"{field.name} ({before} -> {after})")
    return found
