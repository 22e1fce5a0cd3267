"""What is said of a user's files: which of them cannot be used, and names with their numbers."""

import contextlib

from rwae_tf.errors import InputError

EXAMPLES = 3  # files or folders that a line names
_NAMED = 10  # bad files that a line names


class ErrorPolicy:
    """What cannot be used: the first such thing ends the work, or, with `skip`, all are left out and counted.

    Attributes:
      lines: one for each thing that was left out, "path: what is wrong with it".
    """

    def __init__(self, skip):
        self._skip, self.lines = skip, []

    def note(self, line):
        """Leave out what `line`, "path: what is wrong with it", is about; InputError unless that is wanted."""
        if not self._skip:
            raise InputError(f"{line}; mend or remove it, or give --skip_invalid to leave out what is bad")
        self.lines.append(line)

    @contextlib.contextmanager
    def left_out(self):
        """Go on after an `InputError` within, if it may be skipped."""
        try:
            yield
        except InputError as error:
            self.note(str(error))

    def summary(self, folder):
        """One line that counts what was left out and names it; None where nothing was."""
        if not self.lines:
            return None
        more = len(self.lines) - _NAMED
        named = "; ".join(self.lines[:_NAMED]) + (f"; and {more} more" if more > 0 else "")
        return f"{folder}: {len(self.lines)} left out as bad: {named}"


def examples(names):
    """The first names of a list, in words."""
    return ", ".join(names[:EXAMPLES]) + ", ..." * (len(names) > EXAMPLES)


def tally(names):
    """The different names of a list with their numbers, in words; None is one without a name."""
    known = sorted(set(names) - {None})
    text = ", ".join(f"{name}: {names.count(name)}" for name in known[:8]) + ", ..." * (len(known) > 8)
    return text + f", none: {names.count(None)}" * (None in names)
