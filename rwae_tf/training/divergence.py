"""Which step of a training that diverged was the first, and which term and part of it are not finite.

Training itself looks at its terms when it logs them, which costs nothing in between. After the event the steps since
the newest checkpoint are repeated, to the same bits, by a trainer that looks at every one.
"""

import functools

import numpy as np
import tensorflow as tf

from rwae_tf.errors import InputError
from rwae_tf.training.trainer import Trainer


class Diverged(InputError):
    """Training cannot go on.

    Args:
      iteration: the iteration in which that was noticed.
      text: what is not finite.
      newest: path of the last good checkpoint, or None.

    Attributes:
      iteration: as given.
    """

    def __init__(self, iteration, text, newest):
        mend = "lower the learning rates or the weights, in a new --run_dir"
        if newest:
            mend += ", or go on from there with --clip_gradients or --skip_nonfinite_steps"
        super().__init__(f"training diverged before iteration {iteration}: {text}; last good checkpoint: "
                         f"{newest or 'none was saved yet'}; {mend}")
        self.iteration, self.newest = iteration, newest


class FirstFault(ArithmeticError):
    """The first step that is not finite; the message says which term, in which part and phase."""


class WatchfulTrainer(Trainer):
    """A `Trainer` that raises `FirstFault` after the first step whose terms or weights are not finite."""

    def step(self, phase, x, number, extras=None):
        before = [variable.value.numpy() for variable in self.model.variables]
        terms = super().step(phase, x, number, extras)
        values = {name: float(term) for name, term in terms.items()}
        parts = [update.part for update in phase.updates if not _finite(self.variables(update.part))]
        if parts or not np.isfinite(list(values.values())).all():
            for variable, value in zip(self.model.variables, before, strict=True):
                variable.assign(value)
            try:
                norms = self._gradient_norms(phase, x, number, extras or {})
            except tf.errors.ResourceExhaustedError:  # the gradients of all terms need more memory than a step
                norms = {}
            raise FirstFault(f"step {number}, phase {phase.name}: {describe(values, norms, parts)}")
        return terms

    def _gradient_norms(self, phase, x, number, extras):
        """part -> term -> norm of the term's gradient, op by op at the weights of now."""
        seed = tf.constant([self.config.training.seed, number], tf.int32)
        norms = self.strategy.run(functools.partial(self._replica_norms, phase), args=(x, extras, seed))
        return {part: {term: float(self.strategy.reduce("sum", norm, axis=None)) for term, norm in row.items()}
                for part, row in norms.items()}

    def _replica_norms(self, phase, x, extras, seed):
        tape, terms, variables = self.forward(phase, x, extras, seed)
        norms = {}
        for update in phase.updates:
            # What is trained on the objective is differentiated term by term.
            summands = self.model.weights_of_terms() if update.loss == "objective" else ()
            watched = [variable.value for variable in variables[update.part]]
            norms[update.part] = {
                term: tf.linalg.global_norm(tape.gradient(terms[term], watched, unconnected_gradients="zero"))
                for term in (*(term for term in summands if term in terms), update.loss)}
        return norms


def describe(terms, norms, parts):
    """What is not finite, in words.

    Args:
      terms: {name: value} of the step.
      norms: part -> term -> norm of the gradient; the loss, of which the terms are summands, comes last.
      parts: the parts whose weights are not finite after the step.
    """
    broken = {name: value for name, value in terms.items() if not np.isfinite(value)}
    summands = {term for row in norms.values() for term in list(row)[:-1]}
    named = [name for name in broken if name in summands] or list(broken)
    texts = [f"{name} is {broken[name]}" for name in named]
    texts += [f"weights of {part} are not finite after it" for part in parts if part not in norms]
    for part, row in norms.items():
        *first, loss = row
        names = [term for term in first if not np.isfinite(row[term])] or [loss] * (not np.isfinite(row[loss]))
        if names:
            texts.append(f"the gradient of {', '.join(names)} in {part} is not finite")
        elif part in parts:
            texts.append(f"the update makes weights of {part} infinite, from a gradient of norm {row[loss]:.3g}")
    return "; ".join(texts)


def explain(error, loop):
    """`error` again, with the first step, term and part that are not finite.

    Args:
      error: a `Diverged`.
      loop: a fresh `Loop` of the same run whose trainer is a `WatchfulTrainer`.
    """
    try:
        loop.repeat(error.iteration)
    except FirstFault as fault:
        return Diverged(error.iteration, str(fault), error.newest)
    return InputError(f"{error}; the same steps did not diverge when they were repeated")


def _finite(variables):
    return all(np.isfinite(variable.value.numpy()).all() for variable in variables)
