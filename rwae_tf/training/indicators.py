"""Indicators of collapse and leakage during training, and the warnings they give reason for."""

import functools
import re

import numpy as np

from rwae_tf.metrics import exchange, reader
from rwae_tf.metrics import indicators as measured

CLIPS = 200  # training clips that are looked at, always the same
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
        self._verbs = exchange.Verbs(model.encode, functools.partial(model.encode, sample=True), model.parameters,
                                     model.decode, model.generate)

    @functools.cached_property
    def _looked_at(self):
        return list(self._batches(self._chosen))

    @functools.cached_property
    def _reader(self):
        spec = self._clips.spec
        if not spec.factors or spec.modality != "video":
            return None
        return reader.fit(self._batches(self._others), self._looked_at, spec, self._seed)

    def _batches(self, indices):
        for start in range(0, len(indices), _BATCH):
            yield self._clips.batch(indices[start:start + _BATCH])

    def measure(self, epoch):
        """What `metrics.indicators.glance` tells now; the first call takes a few seconds longer.

        No verdicts before `epoch`, the passes over the data, is 1: no code can be used that early.
        """
        found = measured.glance(self._looked_at, self._reader, self._verbs, self._clips.spec, self._seed)
        return {**found, "verdicts": found["verdicts"] if epoch >= 1 else []}


def news(verdicts, before):
    """What is to be said of verdicts after those before: lines that are new but for their numbers.

    Args:
      verdicts, before: lists of lines, such as "z_c leaks: action 43 % (chance 11 %)".

    Returns:
      Lines to print, none where the matter is the same.
    """
    known = {_without_numbers(line) for line in before}
    said = [f"warning: {line}" for line in verdicts if _without_numbers(line) not in known]
    return said if verdicts or not before else ["no more warnings: both codes are used, and nothing leaks"]


def _without_numbers(line):
    return re.sub(r"\b[\d.]+ (?=%|nats)", "", line)
