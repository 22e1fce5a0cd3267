"""Paths of TensorFlow Serving's REST interface, read as its own regular expressions read them."""

import re
import urllib.parse
from typing import NamedTuple, Optional

from rwae_tf.serving.server import replies

PREFIX = "/v1/"
_CHOICE = r"(?:/versions/(\d+)|/labels/([^/:]+))?"
_POST = re.compile(rf"/v1/models/([^/:]+){_CHOICE}:(classify|regress|predict)", re.IGNORECASE | re.ASCII)
_GET = re.compile(rf"/v1/models(?:/([^/:]+))?{_CHOICE}(?:/(metadata))?", re.IGNORECASE | re.ASCII)


class Target(NamedTuple):
    """What a request is for.

    Attributes:
      verb: "predict", "classify", "regress", "metadata" or "status".
      model: name of the model.
      version: of the model, or None.
      label: of a version, or None.
    """

    verb: str
    model: str
    version: Optional[int] = None
    label: Optional[str] = None

    def __str__(self):
        """As TensorFlow Serving names it in its errors."""
        return f"Latest({self.model})" if self.version is None else f"Specific({self.model}, {self.version})"


def parse(method, path):
    """The `Target` of a request.

    Args:
      method: of HTTP, in capitals.
      path: as it came, percent-encoded, without the query.

    Raises:
      ServingError: for a path that is none of the interface's.
    """
    match = {"POST": _POST, "GET": _GET}[method].fullmatch(path) if method in ("POST", "GET") else None
    if match is None:
        raise replies.invalid(f"Malformed request: {method} {path}")
    model, version, label, verb = match.groups()
    if not model:
        raise replies.invalid("Missing model name in request.")
    if version is not None and int(version) >= 2**63:
        raise replies.invalid(f"Failed to convert version: {version} to numeric.")
    verb = (verb or "status").lower()
    return Target(verb, urllib.parse.unquote(model), None if version is None else int(version),
                  None if label is None else urllib.parse.unquote(label))
