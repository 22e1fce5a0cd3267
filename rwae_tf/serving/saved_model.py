"""Write a model as a SavedModel that TensorFlow Serving loads, with a model card beside it."""

import os
from typing import Any, Mapping, Optional

import keras

from rwae_tf.errors import InputError
from rwae_tf.models.base import SequenceModel
from rwae_tf.serving import metadata, model_card, signatures, versions, warm_up
from rwae_tf.serving.assets import MAX_LENGTH

CARD = "README.md"


def export(model: SequenceModel, export_dir: str, budget: Optional[Mapping[str, Any]] = None,
           actions: Optional[Mapping[str, Any]] = None, max_length: int = MAX_LENGTH) -> str:
    """Write `model` to `export_dir`/<version>, version being the next free integer, and return that path.

    The version appears whole or not at all, see `serving.versions`.

    Args:
      model: a model with `spec`, `config`, `encode_codes`, `decode_codes` and `generate_codes`.
      export_dir: folder of all versions of this model; made if need be.
      budget: what training cost, name -> value, for the model card; None when unknown.
      actions: of a model with actions, {"factor", "matching"}: which category means which class; None when unknown.
      max_length: frames that `generate` may be asked for.

    Raises:
      InputError: if `export_dir` is a file, or `max_length` below 1.
    """
    if isinstance(max_length, bool) or not isinstance(max_length, int) or not 1 <= max_length < 2**31:
        raise InputError(f"max_length={max_length!r}: expected an integer from 1 to {2**31 - 1}")

    def write(folder):
        text = metadata.text(model, max_length, budget, actions)
        functions = {**signatures.signatures(model, max_length), "metadata": signatures.metadata(text)}
        # ExportArchive, because tf.saved_model.save of a module that holds Keras layers can lose variables
        # that the C++ loader then does not find.
        archive = keras.export.ExportArchive()
        for name, function in functions.items():
            archive.add_endpoint(name, function)  # the first one, encode, becomes serving_default too
        archive.write_out(folder, verbose=False)
        with open(os.path.join(folder, CARD), "w", encoding="utf-8") as file:
            file.write(model_card.write(model, functions, budget, actions, max_length))
        metadata.write(folder, text)
        warm_up.write(folder, functions, model.spec, min(model.spec.length, max_length))

    return versions.add(export_dir, write, last=["saved_model.pb"])
