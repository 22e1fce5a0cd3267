"""Hierarchical sampling: batches from a few sequences at a time, for corpora with too many for one table."""

import numpy as np


class Rounds:
    """Which clips make up batch k: a round of batches from some sequences, then one from others.

    Round r draws its sequences so that every S // K rounds visit all S but the last S mod K of their order, which is
    another each time. Its number of batches is the same for all rounds: what K sequences fill on average. A round
    with fewer clips than that repeats some, one with more leaves some out. All is a function of the seed and k.

    Args:
      utterances: of which sequence each clip is part, int [N], 0 ... S - 1.
      per_round: K, sequences in a round; S at most.
      batch_size: clips in a batch.
      seed: of all draws.

    Attributes:
      batches: in a round.
    """

    def __init__(self, utterances, per_round, batch_size, seed):
        self._utterances, self._batch_size, self._seed = np.asarray(utterances), batch_size, seed
        self._count = int(self._utterances.max()) + 1
        self._per_round = min(per_round, self._count)
        share = self._per_round / self._count
        self.batches = max(1, round(len(self._utterances) * share / batch_size))

    def sequences(self, number):
        """The sequences of round `number`, int [K]."""
        in_a_pass = self._count // self._per_round
        visit, part = divmod(number, in_a_pass)
        order = np.random.default_rng((self._seed, 0, visit)).permutation(self._count)
        return order[part * self._per_round:(part + 1) * self._per_round]

    def clips(self, number):
        """Numbers of all clips of round `number`, and the place of each one's sequence in it, 0 ... K - 1."""
        place = np.full(self._count, -1)
        place[self.sequences(number)] = np.arange(self._per_round)
        rows = place[self._utterances]
        chosen = np.flatnonzero(rows >= 0)
        return chosen, rows[chosen]

    def batch(self, k):
        """Numbers of the clips of batch k, and the places of their sequences in its round, int [batch_size] each."""
        number, step = divmod(k, self.batches)
        chosen, rows = self.clips(number)
        order = np.random.default_rng((self._seed, 1, number)).permutation(len(chosen))
        order = np.resize(order, self.batches * self._batch_size)[step * self._batch_size:][:self._batch_size]
        return chosen[order], rows[order]
