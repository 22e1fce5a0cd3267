"""A description of an exported model for programs: assets.extra/metadata.json, and the signature `metadata`."""

import importlib.metadata
import json
import os
import sys

from rwae_tf import config as config_lib
from rwae_tf.serving import assets


def write(folder, text):
    """Write the JSON beside a SavedModel."""
    os.makedirs(os.path.join(folder, assets.FOLDER), exist_ok=True)
    with open(os.path.join(folder, assets.FOLDER, assets.METADATA), "w", encoding="utf-8") as file:
        file.write(text + "\n")


def text(model, max_length, budget=None, actions=None):
    """The JSON, sorted and indented.

    Args:
      model: the exported model, with `spec` and `config`.
      max_length: frames that `generate` may be asked for.
      budget: what training cost, name -> value; None when unknown.
      actions: of a model with actions, {"factor", "matching"}: which category means which class; None when unknown.
    """
    spec = model.spec
    found = actions if model.config.model.action_size else None
    return json.dumps({
        "versions": {name: importlib.metadata.version(name) for name in ("tensorflow", "keras")}
        | {"rwae_tf": sys.modules[__name__.partition(".")[0]].__version__},
        "modality": spec.modality, "frame_shape": list(spec.frame_shape), "length": spec.length,
        "max_length": max_length,
        "content_size": model.config.model.content_size, "motion_size": model.config.model.motion_size,
        "action_size": model.config.model.action_size,
        "actions": {"factor": found["factor"], "names": found["matching"]} if found else None,
        "factors": {name: {"classes": list(classes), "static": name in spec.static}
                    for name, classes in spec.factors.items()},
        "training": budget, "configuration": configuration(model.config)}, indent=2, sort_keys=True)


def configuration(config):
    """Convert the configuration to nested plain values, without the local path of the data."""
    values = config_lib.to_dict(config)
    del values["data"]["data_dir"]
    return values
