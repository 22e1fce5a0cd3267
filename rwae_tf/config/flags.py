"""The command-line flags: one for each field of the configuration, and the entry points' own.

Entry points parse a `FlagValues` of their own, so importing any module of the package defines no flag
and two commands never collide. Imports no TensorFlow: help and argument errors are instant.
"""

import codecs
import dataclasses
import difflib
import os
import re
import textwrap

from absl import flags as absl_flags

from rwae_tf import config as config_lib
from rwae_tf.config import idle_options, legacy, presets, schedule
from rwae_tf.errors import InputError

_WIDTH, _INDENT = 110, 34  # of --help, in characters


def new():
    """An empty set of flags; --help, --flagfile and --preset come with every set."""
    values = absl_flags.FlagValues()
    absl_flags.DEFINE_bool("help", False, "Show this and exit.", short_name="h", flag_values=values)
    absl_flags.DEFINE_string(
        "flagfile", "", "File with one flag a line; later flags override it.", flag_values=values)
    absl_flags.DEFINE_string(
        "preset", "", "Flagfile that ships with the package, such as cpu/sprites; later flags override it.",
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
    absl_flags.DEFINE_bool("accept_changed_data", False, "Take data that are not those that the run was made with.",
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


def parse(values, argv, doc=""):
    """Read `argv` (program name first) into `values`.

    Returns:
      True; False when --help was asked for, and has been printed with `doc`.

    Raises:
      InputError: for an unknown flag, a value of the wrong kind, a missing flagfile or a stray argument.
    """
    arguments = _expand(argv[1:], values)
    try:
        rest = values([argv[0], *arguments])
    except absl_flags.UnrecognizedFlagError as error:
        raise InputError(f"{error.flagvalue}: no such flag; {_advice(error.flagname, values)}") from None
    except absl_flags.IllegalFlagValueError as error:
        # absl says "flag --name=value: reason", where the reason is the error that it was handling.
        given = str(error).removesuffix(f": {error.__context__}").removeprefix("flag ")
        allowed = _allowed(values[given[2:].partition("=")[0]].parser)
        raise InputError(f"{given}: expected {allowed}") from None
    except (absl_flags.Error, ValueError) as error:  # no value; a value for --noflag
        raise InputError(f"{error}; flags are written --name=value, --name or --noname") from None
    _expand_home(values)
    if values.help:
        print(_help(values, doc))
        return False
    if len(rest) > 1:
        raise InputError(f"unexpected argument {rest[1]!r}; flags are written --name=value")
    return True


def _expand_home(values):
    """Put the user's folder for ~ in values of text, as a shell does not after "--name="."""
    for name in values:
        flag = values[name]
        if flag.present and isinstance(flag.value, str) and flag.value.startswith("~"):
            flag.value = os.path.expanduser(flag.value)


def _expand(arguments, values, inside=()):
    """`arguments` with every --flagfile and --preset replaced by what the file holds."""
    expanded, rest = [], iter(arguments)
    for argument in rest:
        name, equals, path = argument.partition("=")
        if name not in ("--flagfile", "-flagfile", "--preset", "-preset"):
            expanded.append(argument)
            continue
        path = path if equals else next(rest, "")
        if name.endswith("preset"):
            path = presets.path(path)
        if path in inside:
            raise InputError(f"--flagfile={path}: the file includes itself; drop one of the --flagfile lines")
        expanded += _expand(_lines(path, values), values, (*inside, path))
    return expanded


def _lines(path, values):
    """The flags in a flagfile; blank lines and comments (# or //) left out."""
    try:
        with open(os.path.expanduser(path), "rb") as file:
            lines = [line.strip() for line in _text(file.read()).splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise InputError(f"--flagfile={path}: {reason}; name a text file with one flag a line") from None
    lines = [line for line in lines if line and not line.startswith(("#", "//"))]
    for line in lines:
        name, equals, _ = line.lstrip("-").partition("=")
        if " " in name or not line.startswith("-") or not (equals or _switch(name, values)):
            raise InputError(f"{path}: {line!r}: flags are written --name=value, one a line")
        if name not in values and not _switch(name, values):
            raise InputError(f"{path}: {line!r}: no such flag; {_advice(name, values)}")
    return lines


def _text(data):
    """The text of a file, with or without a byte order mark: Windows' editors and shells write one."""
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if utf16 else "utf-8-sig")


def _switch(name, values):
    """Whether --name is complete without a value, as --joint_update and --nojoint_update are."""
    name = name if name in values else name.removeprefix("no")
    return name in values and values[name].boolean


def _advice(name, values):
    if name in legacy.REPLACED_FLAGS:
        return legacy.REPLACED_FLAGS[name]
    close = difflib.get_close_matches(name, list(values), 1)
    return f"did you mean --{close[0]}?" if close else "--help lists the flags"


def _allowed(parser):
    """What the values of a flag may be, in words; empty for any text."""
    if isinstance(parser, absl_flags.EnumParser):
        return f"one of {', '.join(parser.enum_values)}"
    if isinstance(parser, absl_flags.BooleanParser):
        return "true or false"
    low, high = getattr(parser, "lower_bound", None), getattr(parser, "upper_bound", None)
    if low is None:
        return parser.syntactic_help
    return f"{parser.number_article} {parser.number_name}" + (
        f", at least {low}" if high is None else f" from {low} to {high}")


def _help(values, doc):
    """`doc` and all flags: the command's own, then the configuration's by section."""
    sections = {section: [field.name for field in dataclasses.fields(kind)]
                for section, kind in config_lib.SECTIONS.items()}
    if not set(sum(sections.values(), [])) <= set(values):  # flags of the command that share some names
        sections = {}
    configured = sum(sections.values(), [])
    own = [name for name in values if values[name].name == name and name not in configured]
    lines = [doc.strip(), "", "Flags, each with its default:", *_describe(values, own)]
    for section, names in sections.items():
        lines += ["", f"[{section}] {config_lib.SECTIONS[section].__doc__}", *_describe(values, names)]
    return "\n".join(lines)


def _describe(values, names):
    """The lines of some flags in the help: --name=default, what it is and what it takes."""
    lines = []
    for flag in (values[name] for name in names):
        default = "" if flag.default is None else flag.default
        if isinstance(flag.parser, _Schedule):
            default = schedule.written(default)
        elif isinstance(default, tuple):
            default = ",".join(part if isinstance(part, str) else f"{part:g}" for part in default)
        head = f"  --{flag.name}={str(default).lower() if flag.boolean else default} "
        if isinstance(flag.parser, absl_flags.EnumParser):  # absl puts <a|b>: before
            text = flag.help.partition(">: ")[2]
        else:
            text = flag.help
        allowed = "" if flag.boolean else _allowed(flag.parser)
        if allowed:
            text += f" {allowed[0].upper()}{allowed[1:]}."
        first, *more = textwrap.wrap(text, _WIDTH - _INDENT)
        if len(head) > _INDENT:
            lines.append(head.rstrip())
            head = ""
        lines += [head.ljust(_INDENT) + first, *(" " * _INDENT + line for line in more)]
    return lines


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
        raise InputError(re.sub(r"\b([a-z]\w*)=", r"--\1=", str(error))) from None


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
