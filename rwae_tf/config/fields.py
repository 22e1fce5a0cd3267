"""Fields of the configuration, with what validation, flags and resuming need to know of each."""

import dataclasses

from rwae_tf.config import schedule as schedules


def option(default, help, choices=None, low=None, high=None, resumable=False, schedule=False):
    """A dataclass field with the metadata that validation, flags and resuming use.

    Args:
      default: default value.
      help: one or two sentences for `--help`.
      choices: the allowed values; for a tuple, those of its parts.
      low, high: inclusive range of a number; for a tuple, of each number.
      resumable: whether a run may continue with another value, as it changes neither weights nor random stream.
      schedule: whether the field is a `Schedule`, whose values have the range.
    """
    metadata = {"help": help, "choices": choices, "low": low, "high": high, "resumable": resumable,
                "schedule": schedule}
    return dataclasses.field(default=default, metadata=metadata)


def weight(default, help):
    """A field for the weight of a term, which may follow a schedule."""
    return option(default, help, low=0.0, schedule=True)


def rate(first, help):
    """A field for a learning rate: `first`, then half of it and a tenth of it (Appendix G)."""
    half, tenth = rounded(first / 2), rounded(first / 10)
    points = (50.0, first), (50.0, half), (80.0, half), (80.0, tenth)
    return option(points, help, low=0.0, schedule=True)


def rounded(number):
    """`number` as one writes it: 5e-05 for the 5.000000000000001e-05 of a product, far below float32's digits."""
    return float(f"{number:.12g}")


def as_text(value):
    """The value of an option as it is typed: names and numbers separated by commas, a schedule as epoch:value."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple) and not (value and isinstance(value[0], tuple)):
        return ",".join(map(as_text, value))
    return str(value) if isinstance(value, (str, int)) else schedules.as_text(value)
