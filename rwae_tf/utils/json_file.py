"""JSON files of a run or a judge: written whole or not at all, read with one clear line when they cannot be."""

import json
from typing import Any, Dict

from rwae_tf.errors import InputError
from rwae_tf.utils import files


def write(value, path: str) -> None:
    """Write `value` to `path` as JSON, whole or not at all."""
    files.write(path, json.dumps(value, indent=2) + "\n")


def parse(text) -> Any:
    """The value in JSON `text`; ValueError where it is none, or nested too deeply to be anything of ours."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def read(path: str, what: str, folder: str = "a training run") -> Dict[str, Any]:
    """The JSON object in a file; `InputError`, saying `what` was sought in whose `folder`, if there is none."""
    try:
        values = parse(files.read(path).decode())
        if not isinstance(values, dict):
            raise ValueError("no object")
        return values
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; name the folder of {folder}") from None
    except ValueError as error:
        raise InputError(f"{path}: not {what} in JSON ({error}); train in a new folder to write it") from None
