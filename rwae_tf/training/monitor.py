"""Indicators of collapse and leakage during training, and the warnings they give reason for."""

import functools
import re

import numpy as np

from rwae_tf.metrics import indicators, interventions, kernel_probe, match
from rwae_tf.training import gradients

CLIPS = 400  # training clips that are looked at, always the same
READ = 2000  # other training clips that the reader is fitted to
_BATCH = 50


class Indicators:
    """Looks at a model in training; takes no part in the noise of training.

    Args:
      model: a `SequenceModel`.
      clips: the `Clips` that it is trained on; with labels, what leaks is measured too.
    """

    def __init__(self, model, clips):
        self._clips, self._seed = clips, model.config.training.seed
        order = np.random.default_rng(self._seed).permutation(len(clips))
        count = min(CLIPS, max(2, len(clips) // 2))
        self._chosen, self._others = order[:count], order[count:count + READ]
        self._functions = interventions.ModelFunctions.of(model)
        self._gradient_norms = gradients.GradientNorms(model)
        self._model = model

    @functools.cached_property
    def _looked_at(self):
        return list(self._batches(self._chosen))

    @functools.cached_property
    def _reader(self):
        spec = self._clips.spec
        if not spec.factors or spec.modality != "video":
            return None
        return kernel_probe.fit(self._batches(self._others), self._looked_at, spec, self._seed)

    def _batches(self, indices):
        for start in range(0, len(indices), _BATCH):
            yield self._clips.batch(indices[start:start + _BATCH])

    def measure(self, epoch, terms=None, ended=False):
        """What `metrics.indicators.measure` says now, and what each term contributes; the first call takes longer.

        No verdicts before `epoch`, the passes over the data, is 1: no code can be used that early.

        Args:
          epoch: passes over the data so far.
          terms: {term: mean over the last window}; without it nothing is said of the terms.
          ended: whether training has ended.

        Returns:
          The row of `metrics.indicators.measure` with "terms", a result of `match.shares`.
        """
        if self._model.has_encoder:
            measures = indicators.measure(self._looked_at, self._reader, self._functions, self._clips.spec, self._seed,
                                          ended)
        else:
            measures = dict(indicators.NOTHING)
        shares = {}
        if terms:
            norms = self._gradient_norms(self._looked_at[0]["x"])
            shares = match.shares(terms, self._model.weights_as_numbers(), norms)
        verdicts = measures["verdicts"] + match.verdicts(terms=shares)
        return {**measures, "terms": shares, "verdicts": verdicts if epoch >= 1 else []}


def news(verdicts, before):
    """What is to be said of verdicts after those before: lines that are new but for their numbers.

    Args:
      verdicts, before: lists of lines, such as "z_c leaks: action 43 % (chance 11 %)".

    Returns:
      Lines to print, none where the matter is the same.
    """
    known = {_without_numbers(line) for line in before}
    warnings = [f"warning: {line}" for line in verdicts if _without_numbers(line) not in known]
    return warnings if verdicts or not before else ["no more warnings: both codes are used, and nothing leaks"]


def _without_numbers(line):
    return re.sub(r"\b[\d.]+ (?=%|nats|standard)|(?<=AUC )[\d.]+", "", line)
