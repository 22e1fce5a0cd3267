"""MMD^2 by a double loop, and samples to take it of."""

import numpy as np
import tensorflow as tf


def normal(seed, *shape):
    return tf.random.stateless_normal(shape, seed=(seed, 7))


def loop_kernel(x, y, name, bandwidths):
    d2 = sum((a - b) ** 2 for a, b in zip(x, y, strict=True))
    if name == "rbf":
        return sum(np.exp(-d2 / (2 * sigma**2)) for sigma in bandwidths)
    return sum(2 * sigma**2 / (2 * sigma**2 + d2) for sigma in bandwidths)


def loop_mmd2(q, p, name, bandwidths, c=2.0, estimator="unbiased", paired=0, action=None):
    """Eq. 21, term by term; a pair counts within a sum unless both rows are of one block.

    With actions [n, A] of the rows, a pair counts as often as both have the same one.
    """
    q, p = np.asarray(q, np.float64), np.asarray(p, np.float64)

    def mean(x, y, block):
        pairs = [(loop_kernel(x[i], y[j], name, bandwidths), 1 if action is None else sum(action[i] * action[j]))
                 for i in range(len(x)) for j in range(len(y)) if not block or i // block != j // block]
        return sum(value * count for value, count in pairs) / sum(count for _, count in pairs)

    within = {"biased": 0, "as_printed": 1, "unbiased": max(paired, 1)}[estimator]
    across = paired if estimator == "unbiased" else 0
    return mean(q, q, within) + mean(p, p, within) - c * mean(q, p, across)
