"""The folder of a run: config.json, spec.json and its logs, and the model they describe."""

import math
import os
from typing import Any, Mapping, NamedTuple

import keras

from rwae_tf import config as config_lib
from rwae_tf import models
from rwae_tf.errors import InputError
from rwae_tf.models.base import SequenceModel
from rwae_tf.runs import checkpoints, pretrained
from rwae_tf.types import SequenceSpec
from rwae_tf.utils import files, json_file


class Run(NamedTuple):
    """A trained model, and where it comes from.

    Attributes:
      folder: of the run.
      model: a `SequenceModel` with the weights of the newest checkpoint.
      budget: what the training cost so far: "iterations", "batches", "sequences", "seconds".
    """

    folder: str
    model: Any
    budget: Mapping[str, float]


def config_path(run_dir):
    """Path of the resolved configuration."""
    return os.path.join(run_dir, "config.json")


def spec_path(run_dir):
    """Path of the description of the data."""
    return os.path.join(run_dir, "spec.json")


def metrics_path(run_dir):
    """Path of the log of training terms."""
    return os.path.join(run_dir, "metrics.jsonl")


def indicators_path(run_dir):
    """Path of the log of indicators."""
    return os.path.join(run_dir, "indicators.jsonl")


def actions_path(run_dir):
    """Path of what the training clips tell about the categories of a weakly supervised model."""
    return os.path.join(run_dir, "actions.json")


def read_actions(run):
    """Read what `evaluate` measured of the categories of a `Run`; None where it has not measured these weights.

    Raises:
      InputError: for a damaged file.
    """
    path, size = actions_path(run.folder), run.model.config.model.action_size
    if not (size and files.exists(path)):
        return None
    try:
        matching = json_file.parse(files.read(path))
        same = matching["iterations"] == run.budget["iterations"]
        return matching if same and len(matching["matching"]) == size else None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: damaged; python -m rwae_tf.evaluate --run_dir={run.folder} writes it anew") from None


def check(run_dir, config):
    """Refuse, by InputError, a folder that holds a run of another configuration."""
    path = config_path(run_dir)
    if files.exists(path):
        changed = config_lib.differences(config_lib.resolved(config_lib.read(path)), config_lib.resolved(config))
        if changed:
            raise InputError(f"{run_dir}: holds a run of another configuration: {', '.join(changed)}; "
                             "take another --run_dir, or the flags it was begun with")


def prepare(run_dir, config, spec):
    """Make the folder of a run, or check that it is one of the same configuration.

    Raises:
      InputError: for a folder that cannot be written, or that holds another configuration.
    """
    check(run_dir, config)
    try:
        files.make_folder(run_dir)
        config_lib.save(config, config_path(run_dir))
        json_file.write(spec._asdict(), spec_path(run_dir))
    except OSError as error:
        raise InputError(f"{run_dir}: cannot be written ({error.strerror}); take another --run_dir") from None


def read_spec(run_dir):
    """The `SequenceSpec` of a run's data."""
    path = spec_path(run_dir)
    values = json_file.read(path, "the description of a dataset")
    try:
        spec = SequenceSpec(**values)
        spec = spec._replace(frame_shape=tuple(spec.frame_shape), static=tuple(spec.static),
                             factors={name: tuple(classes) for name, classes in spec.factors.items()},
                             normalization=_normalization(spec))
        if not all(isinstance(size, int) and size > 0 for size in (*spec.frame_shape, spec.length)):
            raise TypeError("sizes must be positive integers")
        return spec
    except (TypeError, AttributeError, ValueError) as error:
        raise InputError(
            f"{path}: not the description of a dataset ({error}); train in a new folder to write it") from None


def _normalization(spec):
    """`spec.normalization` read back from JSON: means and deviations, a finite number per value of a frame."""
    if spec.normalization is None:
        return None
    means, deviations = (tuple(map(float, numbers)) for numbers in spec.normalization)
    if not len(means) == len(deviations) == spec.frame_shape[0] or not all(map(math.isfinite, means + deviations)):
        raise TypeError("normalization must hold two finite numbers per value of a frame")
    return means, deviations


def read_log(path, iteration=math.inf):
    """The rows of metrics.jsonl or indicators.jsonl up to `iteration`, or to one cut short; none without the file."""
    rows = []
    if not files.exists(path):
        return rows
    try:
        for line in files.read(path).decode(errors="replace").splitlines():
            row = json_file.parse(line)
            if row["iteration"] > iteration:
                break
            rows.append(row)
    except (ValueError, KeyError, TypeError):  # cut short; no row of a log
        pass
    return rows


def last_terms(run_dir):
    """What each term of the objective contributed at the last look of a training: see `metrics.match.shares`."""
    rows = read_log(indicators_path(run_dir))
    return rows[-1].get("terms", {}) if rows else {}


def build(config, spec, policy=None):
    """The model of `config` with the initial weights of its seed; see `models.build`."""
    keras.utils.set_random_seed(config.training.seed)
    return models.build(config, spec, policy)


def load(run_dir: str) -> SequenceModel:
    """Load the model of a run with the weights of its newest checkpoint; see `load_run`."""
    return load_run(run_dir).model


def load_run(run_dir: str) -> Run:
    """Load a `Run`: its model with the weights of its newest checkpoint, and what that cost.

    Args:
      run_dir: a folder that `rwae_tf.train` left, or "pretrained/NAME", a model that ships with the package.

    Raises:
      InputError: (a ValueError) naming the file that is missing, damaged or of another configuration.
    """
    run_dir = pretrained.find(os.path.expanduser(run_dir))
    config = config_lib.read(config_path(run_dir))
    model = build(config, read_spec(run_dir))
    if pretrained.is_pretrained(run_dir):
        _set_weights(model, pretrained.read_weights(run_dir), run_dir)
        return Run(run_dir, model, pretrained.record(run_dir)["budget"])
    counters = checkpoints.Counters()
    if not checkpoints.Checkpoints(run_dir, model, {}, counters).restore():
        raise InputError(f"{run_dir}/checkpoints: no checkpoint yet; train the run first")
    return Run(run_dir, model, {"iterations": int(counters.iteration), "batches": int(counters.batches),
                                "sequences": int(counters.batches) * config.training.batch_size,
                                "seconds": round(float(counters.seconds), 1)})


def _set_weights(model, arrays, run_dir):
    variables = model.variables
    shapes = [tuple(variable.shape) for variable in variables]
    if shapes != [array.shape for array in arrays]:
        raise InputError(f"{run_dir}: its weights are not those of its configuration; this version of the package "
                         "builds another network")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
