"""The file `ckpt-N.json` beside a checkpoint: sizes and checksums of its files, and what the training notes there.

It is written when the files of the checkpoint are whole. A checkpoint of an earlier version has none.
"""

import hashlib
import json
import os

from rwae_tf.utils import files, json_file


def path_of(prefix):
    """Path of the record of the checkpoint whose files begin with `prefix`."""
    return prefix + ".json"


def write(prefix, paths, notes):
    """Record the files of a checkpoint.

    Args:
      prefix: path of the checkpoint without an ending.
      paths: its files.
      notes: a dict, fit for JSON, that belongs to it.
    """
    sums = {os.path.basename(path): {"bytes": files.size(path), "sha256": files.sha256(path)} for path in paths}
    record = {"files": sums, "notes": notes, "notes_sha256": _digest(notes)}
    files.write(path_of(prefix), json.dumps(record) + "\n")


def check(prefix):
    """Compare the files of a checkpoint with its record.

    Returns:
      What is damaged, "" where nothing is; and the notes, {} without a record.

    Raises:
      OSError: for a file that is there and cannot be read.
    """
    path = path_of(prefix)
    if not files.exists(path):
        return "", {}
    try:
        record = json_file.parse(files.read(path))
        notes, sums = record["notes"], {name: (row["bytes"], row["sha256"]) for name, row in record["files"].items()}
        if record["notes_sha256"] != _digest(notes) or not isinstance(notes, dict):
            raise ValueError("checksum")
    except (ValueError, LookupError, TypeError, AttributeError):
        return f"{os.path.basename(path)}, its record, is damaged", {}
    faults = (_fault(os.path.join(os.path.dirname(prefix), os.path.basename(name)), *sums[name]) for name in sums)
    return next(filter(None, faults), ""), notes


def _fault(path, size, digest):
    """What is wrong with one file, "" if nothing."""
    name = os.path.basename(path)
    if not files.exists(path):
        return f"{name} is missing"
    if files.size(path) != size:
        return f"{name} has {files.size(path)} bytes, not {size}"
    return "" if files.sha256(path) == digest else f"the checksum of {name} differs"


def _digest(notes):
    return hashlib.sha256(json.dumps(notes, sort_keys=True).encode()).hexdigest()
