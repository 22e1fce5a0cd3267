"""Markdown pages with a generated part between two marker lines."""

from rwae_tf.errors import InputError
from rwae_tf.utils import files


def main(argv, path, begin, end, made):
    """Write the part of a page, or check it; the main of a command without other arguments than --check.

    Args:
      argv: of the command.
      path: file of the page.
      begin, end: the lines around the part.
      made: the generated lines between them.

    Raises:
      InputError: unknown arguments, a page without these lines, or one that is to be checked and holds something else.
    """
    if argv[1:] not in ([], ["--check"]):
        raise InputError(f"unexpected arguments {' '.join(argv[1:])}; give --check or nothing")
    if not argv[1:]:
        write(path, begin, end, made)
    elif _filled(path, begin, end, made) != files.read(path).decode():
        raise InputError(f"{path}: out of date; run python tools/{argv[0].rpartition('/')[2]}")
    return 0


def write(path, begin, end, made):
    """Put `made` between the lines `begin` and `end` of a page; arguments and errors are those of `main`."""
    files.write(path, _filled(path, begin, end, made))


def _filled(path, begin, end, made):
    text = files.read(path).decode()
    head, _, rest = text.partition(begin)
    _, found, tail = rest.partition(end)  # a page may have several parts that end alike
    if not found:
        raise InputError(f"{path}: must hold the lines {begin!r} and {end!r}, between which a table goes")
    return f"{head}{begin}\n{made}\n{end}{tail}"
