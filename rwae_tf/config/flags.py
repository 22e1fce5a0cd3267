"""The command-line flags: one for each field of the configuration, and the entry points' own.

Entry points parse a `FlagValues` of their own, so importing any module of the package defines no flag
and two commands never collide. Imports no TensorFlow: help and argument errors are instant.
"""

import dataclasses
import os

from absl import flags as absl_flags

from rwae_tf import config as config_lib
from rwae_tf.config import flag_help, flagfile, idle_options, schedule
from rwae_tf.errors import InputError


def new():
    """An empty set of flags; --help, --flagfile and --preset come with every set."""
    values = absl_flags.FlagValues()
    absl_flags.DEFINE_bool("help", False, "Show this help and exit.", short_name="h", flag_values=values)
    absl_flags.DEFINE_string(
        "flagfile", "", "File with one flag a line. Later flags override it.", flag_values=values)
    absl_flags.DEFINE_string(
        "preset", "", "Name of a flagfile of the package, such as cpu/sprites. Later flags override it.",
        flag_values=values)
    return values


def define_config(values, sections=tuple(config_lib.SECTIONS)):
    """Add a flag for every field of the configuration, or of some of its sections, to `values`."""
    for section in sections:
        for field in dataclasses.fields(config_lib.SECTIONS[section]):
            _define(field, values)


def define_option(values, section, name):
    """Add the flag for one field of a section of the configuration to `values`."""
    _define(next(f for f in dataclasses.fields(config_lib.SECTIONS[section]) if f.name == name), values)


def define_accept_changed_data(values):
    """Add the flag --accept_changed_data to `values`."""
    absl_flags.DEFINE_bool(
        "accept_changed_data", False, "Continue although the training clips differ from those of the run.",
        flag_values=values)


class _Numbers(absl_flags.ArgumentParser):
    """Reads a tuple of numbers."""

    syntactic_help = "numbers separated by commas"

    def parse(self, argument):
        if isinstance(argument, tuple):  # the default
            return argument
        return tuple(float(v) for v in argument.split(",") if v.strip())


class _Names(absl_flags.ArgumentParser):
    """Reads a tuple of some of `choices`."""

    def __init__(self, choices):
        super().__init__()
        self.syntactic_help = f"some of {', '.join(choices)}, separated by commas"
        self._choices = choices

    def parse(self, argument):
        if isinstance(argument, tuple):  # the default
            return argument
        names = tuple(v.strip() for v in argument.split(",") if v.strip())
        if not set(names) <= set(self._choices):
            raise ValueError(self.syntactic_help)
        return names


class _Schedule(absl_flags.ArgumentParser):
    """Reads a number, or a schedule of them."""

    syntactic_help = schedule.EXPECTED

    def parse(self, argument):
        return schedule.parse(argument) if isinstance(argument, str) else argument  # the default


def _define(field, values):
    kind, meta = type(field.default), field.metadata
    common = {"name": field.name, "default": field.default, "help": meta["help"], "flag_values": values}
    bounds = {"lower_bound": meta["low"], "upper_bound": meta["high"]}
    if meta["schedule"]:
        absl_flags.DEFINE(parser=_Schedule(), **common)
    elif kind is tuple:
        absl_flags.DEFINE(parser=_Names(meta["choices"]) if meta["choices"] else _Numbers(), **common)
    elif meta["choices"]:
        choices = [str(choice) for choice in meta["choices"]]
        absl_flags.DEFINE_enum(**{**common, "default": str(field.default)}, enum_values=choices)
    elif kind is bool:
        absl_flags.DEFINE_bool(**common)
    elif kind is int:
        absl_flags.DEFINE_integer(**common, **bounds)
    elif kind is float:
        absl_flags.DEFINE_float(**common, **bounds)
    else:
        absl_flags.DEFINE_string(**common)


def parse(values, argv, doc="", positional=None):
    """Read `argv` (program name first) into `values`.

    Args:
      values: absl's `FlagValues`.
      argv: the command line.
      doc: what --help prints before the flags.
      positional: a list that takes the arguments that are no flags; None where there must be none.

    Returns:
      True; False when --help was asked for, and has been printed with `doc`.

    Raises:
      InputError: for an unknown flag, a value of the wrong kind, a missing flagfile or a stray argument.
    """
    arguments = flagfile.expand(argv[1:], values)
    try:
        rest = values([argv[0], *arguments])
    except absl_flags.UnrecognizedFlagError as error:
        raise InputError(f"{error.flagvalue}: no such flag; {flagfile.advise(error.flagname, values)}") from None
    except absl_flags.IllegalFlagValueError as error:
        # absl says "flag --name=value: reason", where the reason is the error that it was handling.
        given = str(error).removesuffix(f": {error.__context__}").removeprefix("flag ")
        allowed = flag_help.describe_values(values[given[2:].partition("=")[0]].parser)
        raise InputError(f"{given}: expected {allowed}") from None
    except (absl_flags.Error, ValueError) as error:  # no value; a value for --noflag
        raise InputError(f"{error}; flags are written --name=value, --name or --noname") from None
    _expand_home(values)
    if values.help:
        print(flag_help.text(values, doc))
        return False
    if positional is not None:
        positional += rest[1:]
    elif len(rest) > 1:
        raise InputError(f"unexpected argument {rest[1]!r}; flags are written --name=value")
    return True


def _expand_home(values):
    """Put the user's folder for ~ in values of text, as a shell does not after "--name="."""
    for name in values:
        flag = values[name]
        if flag.present and isinstance(flag.value, str) and flag.value.startswith("~"):
            flag.value = os.path.expanduser(flag.value)


def to_config(values, sections=tuple(config_lib.SECTIONS)):
    """The validated `Config` that `values` describes, other sections at their defaults.

    An error names the flags with their dashes.
    """
    given = {}
    for section in sections:
        given[section] = {f.name: _plain(f, values[f.name].value)
                          for f in dataclasses.fields(config_lib.SECTIONS[section])}
    try:
        config = config_lib.from_dict(given)
        idle_options.refuse(config)
        return config
    except InputError as error:
        raise InputError(error.as_flags) from None


def _plain(field, value):
    """The value of a field's flag: a choice among integers is read as text, a schedule may be a number."""
    return value if field.metadata["schedule"] else type(field.default)(value)


def configuration(*arguments):
    """The `Config` of command-line arguments, such as "--flagfile=tools/sprites.flags", as `train` reads them.

    Raises:
      InputError: as `parse` and `to_config` do.
    """
    values = new()
    define_config(values)
    parse(values, ["train", *arguments])
    return to_config(values)


def required(values, *names):
    """Refuse when one of the string flags `names` is empty."""
    for name in names:
        if not values[name].value:
            raise InputError(f"--{name} is missing; give --{name}=FOLDER")
