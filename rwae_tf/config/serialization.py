"""The whole configuration: the options together, validated, to and from JSON. Imports no TensorFlow."""

import dataclasses
import json
import os
from typing import Any, Dict

from rwae_tf.config import legacy, validation
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
        validation.check(self)


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
        except (LookupError, TypeError, ValueError):  # numbers of another kind, or not as many as belong together
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
        if source == "configuration":
            raise
        raise InputError(f"{source}: {error}") from None


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
    changes = []
    for section, kind in SECTIONS.items():
        for field in dataclasses.fields(kind):
            before, after = (getattr(getattr(c, section), field.name) for c in (old, new))
            if before != after and not field.metadata["resumable"]:
                changes.append(f"{field.name} ({before} -> {after})")
    return changes
