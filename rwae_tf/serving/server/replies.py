"""Errors as TensorFlow Serving answers them: a code of its `Status`, the HTTP status of that code, one message."""

HTTP_STATUS = {
    "INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "OUT_OF_RANGE": 400, "NOT_FOUND": 404, "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429, "CANCELLED": 499, "UNKNOWN": 500, "INTERNAL": 500, "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503, "DEADLINE_EXCEEDED": 504,
    # Two that HTTP knows and TensorFlow's codes do not.
    "REQUEST_TIMEOUT": 408, "BODY_TOO_LARGE": 413,
}
LONGEST = 300  # characters of a request that an error repeats


class ServingError(Exception):
    """A request that cannot be answered.

    Args:
      code: a key of `HTTP_STATUS`.
      message: one line for the client.
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code

    @property
    def status(self):
        """The HTTP status."""
        return HTTP_STATUS[self.code]


def invalid(message):
    """The error of a wrong request."""
    return ServingError("INVALID_ARGUMENT", message)


def not_found(message):
    """The error of a model or version that is not there."""
    return ServingError("NOT_FOUND", message)


def from_tensorflow(error):
    """The `ServingError` of a `tf.errors.OpError`, by its name alone: this module needs no TensorFlow."""
    name = type(error).__name__.removesuffix("Error")
    code = "".join("_" * (k > 0 and letter.isupper()) + letter.upper() for k, letter in enumerate(name))
    message = " ".join(str(getattr(error, "message", None) or error).split())
    return ServingError(code if code in HTTP_STATUS else "INTERNAL", message[:2000])
