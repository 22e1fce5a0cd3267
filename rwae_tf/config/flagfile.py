"""Flagfiles and presets: the flags that a file holds, in place of the flag that names it. Imports no TensorFlow."""

import codecs
import difflib
import os

from rwae_tf.config import legacy, presets
from rwae_tf.errors import InputError


def expand(arguments, values, inside=()):
    """Replace every --flagfile and --preset among `arguments` by what the file holds.

    Args:
      arguments: the command line, without the name of the program.
      values: absl's `FlagValues`, which know the flags.
      inside: paths of the files that are being read, which must not include themselves.

    Raises:
      InputError: for a file that cannot be read, is no flagfile or includes itself.
    """
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
        expanded += expand(_lines(path, values), values, (*inside, path))
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
            raise InputError(f"{path}: {line!r}: no such flag; {advise(name, values)}")
    return lines


def _text(data):
    """The text of a file, with or without a byte order mark: Windows' editors and shells write one."""
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if utf16 else "utf-8-sig")


def _switch(name, values):
    """Whether --name is complete without a value, as --joint_update and --nojoint_update are."""
    name = name if name in values else name.removeprefix("no")
    return name in values and values[name].boolean


def advise(name, values):
    """Say what to write in place of the unknown flag `name`."""
    today = {old: new for names in legacy.RENAMED.values() for old, new in names.items()}.get(name.removeprefix("no"))
    if today in values:
        return f"it is called --{today} now"
    if name in legacy.REPLACED_FLAGS:
        return legacy.REPLACED_FLAGS[name]
    close = difflib.get_close_matches(name, list(values), 1)
    return f"did you mean --{close[0]}?" if close else "--help lists the flags"
