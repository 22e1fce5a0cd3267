"""The steps between two lines of the log: means of their terms, and those that were skipped."""

import numpy as np

SKIPPED = "skipped/"  # before the name of a part in what a step returns: 1 where its gradient was not finite
TERMS = "terms"  # in place of a part: a term was not finite
_WATCHED = ("reconstruction", "content_divergence", "motion_divergence", "motion_kl", "content_kl",
            "action_kl", "action_divergence", "content_contrast", "motion_contrast", "mutual_information",
            "discriminative", "image_critic", "video_critic", "image_adversarial", "video_adversarial", "category")


class NotFinite(ArithmeticError):
    """A term or a weight is NaN or infinite; the message says which."""


class Window:
    """The terms of consecutive steps.

    Args:
      steps: {name: scalar} of each step so far, of an earlier start.

    Attributes:
      restored: the number of these.
    """

    def __init__(self, steps=()):
        self._steps = list(steps)
        self.restored = len(self._steps)

    def __len__(self):
        return len(self._steps)

    def add(self, terms):
        """Add a step."""
        self._steps.append(terms)

    def describe(self):
        """The terms of the last step that a person watches."""
        terms = self._steps[-1]
        return " ".join(f"{name} {float(terms[name]):.4g}" for name in _WATCHED if name in terms)

    def means(self):
        """{term: mean over the steps that were not skipped}.

        Raises:
          NotFinite: for a mean that is not finite, and where every step was skipped.
        """
        steps = [terms for terms in self._steps if not _skipped(terms)]
        if not steps:
            raise NotFinite(f"{len(self)} steps in a row were skipped, all since the last line of the log")
        names = dict.fromkeys(name for terms in steps for name in terms if not name.startswith(SKIPPED))
        means = {name: float(np.mean([np.float32(terms[name]) for terms in steps if name in terms])) for name in names}
        for name, value in means.items():
            if not np.isfinite(value):
                raise NotFinite(f"{name} is {value}")
        return means

    def skipped(self):
        """{"steps": skipped steps, part: those with a gradient of it that was not finite}; {} if none."""
        rows = [row for row in map(_skipped, self._steps) if row]
        names = dict.fromkeys(name for row in rows for name in row)
        return {"steps": len(rows), **{name: sum(name in row for row in rows) for name in names}} if rows else {}

    def plain(self):
        """The steps as plain numbers, from which a window can be made again."""
        return [{name: float(term) for name, term in terms.items()} for terms in self._steps]


def check_weights(model):
    """Raise `NotFinite` for a trainable weight of a model that is not finite."""
    for variable in model.trainable_variables:
        if not np.isfinite(variable.value.numpy()).all():
            raise NotFinite(f"weights {variable.path} are not finite")


def _skipped(terms):
    """Why a step was skipped, as names of parts; empty for one that was not."""
    return [name.removeprefix(SKIPPED) for name, flag in terms.items() if name.startswith(SKIPPED) and float(flag)]
