"""The text of --help, and what the values of a flag may be. Imports no TensorFlow."""

import dataclasses
import textwrap

from absl import flags as absl_flags

from rwae_tf import config as config_lib
from rwae_tf.config import schedule

_WIDTH, _INDENT = 110, 34  # of --help, in characters


def describe_values(parser):
    """Say what values a flag takes, given its absl `parser`; empty for any text."""
    if isinstance(parser, absl_flags.EnumParser):
        return f"one of {', '.join(parser.enum_values)}"
    if isinstance(parser, absl_flags.BooleanParser):
        return "true or false"
    low, high = getattr(parser, "lower_bound", None), getattr(parser, "upper_bound", None)
    if low is None:
        return parser.syntactic_help
    return f"{parser.number_article} {parser.number_name}" + (
        f", at least {low}" if high is None else f" from {low} to {high}")


def text(values, doc):
    """Write `doc` and all flags of `values`: the command's own, then the configuration's by section."""
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
    lines, scheduled = [], config_lib.scheduled()
    for flag in (values[name] for name in names):
        default = "" if flag.default is None else flag.default
        if flag.name in scheduled:
            default = schedule.as_text(default)
        elif isinstance(default, tuple):
            default = ",".join(part if isinstance(part, str) else f"{part:g}" for part in default)
        head = f"  --{flag.name}={str(default).lower() if flag.boolean else default} "
        if isinstance(flag.parser, absl_flags.EnumParser):  # absl puts <a|b>: before
            text = flag.help.partition(">: ")[2]
        else:
            text = flag.help
        allowed = "" if flag.boolean else describe_values(flag.parser)
        if allowed:
            text += f" {allowed[0].upper()}{allowed[1:]}."
        first, *more = textwrap.wrap(text, _WIDTH - _INDENT)
        if len(head) > _INDENT:
            lines.append(head.rstrip())
            head = ""
        lines += [head.ljust(_INDENT) + first, *(" " * _INDENT + line for line in more)]
    return lines
