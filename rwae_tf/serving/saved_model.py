"""Write a model as a SavedModel that TensorFlow Serving loads, with a model card beside it."""

import os
import shutil
import tempfile
from typing import Any, List, Mapping, Optional

import keras
import tensorflow as tf

from rwae_tf.errors import InputError, mend, reason
from rwae_tf.models.base import SequenceModel
from rwae_tf.serving import metadata, model_card, signatures, warm_up
from rwae_tf.serving.assets import MAX_LENGTH
from rwae_tf.utils import files, patterns, transfer

CARD = "README.md"
_PART = ".part-"


def export(model: SequenceModel, export_dir: str, budget: Optional[Mapping[str, Any]] = None,
           actions: Optional[Mapping[str, Any]] = None, max_length: int = MAX_LENGTH) -> str:
    """Write `model` to `export_dir`/<version>, version being the next free integer, and return that path.

    The version appears whole or not at all: it is written under another name, then renamed. In a bucket, which cannot
    rename, its saved_model.pb, without which no server loads it, appears last.

    Args:
      model: a model with `spec`, `config`, `encode_codes`, `decode_codes` and `generate_codes`.
      export_dir: folder of all versions of this model; made if need be.
      budget: what training cost, name -> value, for the model card; None when unknown.
      actions: of a model with actions, {"factor", "matching"}: which category means which class; None when unknown.
      max_length: frames that `generate` may be asked for.

    Raises:
      InputError: if `export_dir` is a file, or `max_length` below 1.
    """
    patterns.refuse(export_dir)
    if isinstance(max_length, bool) or not isinstance(max_length, int) or not 1 <= max_length < 2**31:
        raise InputError(f"max_length={max_length!r}: expected an integer from 1 to {2**31 - 1}")
    if files.exists(export_dir) and not files.is_folder(export_dir):
        raise InputError(f"{export_dir}: is a file; export_dir must be a folder")
    files.make_folder(export_dir)
    beside = None if files.is_remote(export_dir) else export_dir
    if beside:
        files.remove_stale(export_dir, f"{_PART}*")
    part = tempfile.mkdtemp(prefix=_PART, dir=beside)  # TensorFlow Serving sees only integer names
    try:
        text = metadata.text(model, max_length, budget, actions)
        functions = {**signatures.signatures(model, max_length), "metadata": signatures.metadata(text)}
        # ExportArchive, because tf.saved_model.save of a module that holds Keras layers can lose variables
        # that the C++ loader then does not find.
        archive = keras.export.ExportArchive()
        for name, function in functions.items():
            archive.add_endpoint(name, function)  # the first one, encode, becomes serving_default too
        archive.write_out(part, verbose=False)
        with open(os.path.join(part, CARD), "w", encoding="utf-8") as file:
            file.write(model_card.write(model, functions, budget, actions, max_length))
        metadata.write(part, text)
        warm_up.write(part, functions, model.spec, min(model.spec.length, max_length))
        os.chmod(part, 0o755)
        return _publish(part, export_dir)
    except BaseException as error:  # Ctrl-C too
        shutil.rmtree(part, ignore_errors=True)
        if isinstance(error, tf.errors.OpError):
            raise InputError(f"{export_dir}: the model cannot be written ({reason(error)}); {mend(error)}, or take "
                             "another --export_dir") from None
        raise


def versions(export_dir: str) -> List[int]:
    """The versions in `export_dir`, ascending."""
    return sorted(int(name) for name in files.names(export_dir) if name.isdecimal())


def _publish(part, export_dir):
    """Rename the folder `part` to the next free version, also where two exports run at once."""
    if files.is_remote(export_dir):
        found = versions(export_dir) if files.exists(export_dir) else []
        path = os.path.join(export_dir, str(max(found, default=0) + 1))
        try:
            transfer.upload_folder(part, path, last=["saved_model.pb"])
        except BaseException:  # Ctrl-C too
            files.remove_folder(path)
            raise
        shutil.rmtree(part)
        return path
    while True:
        path = os.path.join(export_dir, str(max(versions(export_dir), default=0) + 1))
        try:
            os.rename(part, path)
            return path
        except OSError:
            if not os.path.exists(path):
                raise
