"""Rows joined over two replicas."""

import numpy as np
import pytest
import tensorflow as tf

from rwae_tf.errors import InputError
from rwae_tf.training import distribution


def test_rows_are_joined_in_the_order_of_the_replicas_whatever_is_joined(two_replicas):
    """Replica r holds rows 10 r + (0, 1, 2), and the same negated: both see rows that belong together side by side.

    Of sum(weights * joined), which both replicas have, row i has the gradient 2 weights[i].
    """
    gather, weights = distribution.gatherer(2, "global"), tf.constant([[1.0], [2], [3], [4], [5], [6]])

    def replica():
        index = tf.distribute.get_replica_context().replica_id_in_sync_group
        rows = tf.range(3.0)[:, None] + 10 * tf.cast(index, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(rows)
            joined, negated = gather(rows), gather(-rows)
            loss = tf.reduce_sum(weights * joined)
        return joined, negated, tape.gradient(loss, rows)

    results = tf.function(lambda: two_replicas.run(replica))()
    joined, negated, gradients = (two_replicas.experimental_local_results(result) for result in results)
    for here, there in zip(joined, negated, strict=True):
        np.testing.assert_array_equal(here[:, 0], [0, 1, 2, 10, 11, 12])
        np.testing.assert_array_equal(there, -here)
    np.testing.assert_array_equal(np.concatenate(gradients), 2 * weights)


def test_one_replica_or_each_by_itself_joins_nothing():
    rows = tf.constant([[1.0]])
    assert distribution.gatherer(1, "global")(rows) is rows
    assert distribution.gatherer(2, "replica")(rows) is rows


def test_a_batch_is_split_in_order_over_replicas_however_it_is_nested(two_replicas):
    def make(index, count):
        assert (index, count) == (0, 1)
        numbers = tf.data.Dataset.counter(0).batch(6, drop_remainder=True)
        return numbers.map(lambda rows: (tf.cast(rows, tf.float32)[:, None], {"label": rows}))

    batches = distribution.batches(two_replicas, make)
    for first in (0, 6):
        x, extras = next(batches)
        for nested, shape in ((x, (3, 1)), (extras["label"], (3,))):
            rows = two_replicas.experimental_local_results(nested)
            assert [part.shape for part in rows] == [shape, shape]
            np.testing.assert_array_equal(np.concatenate(rows).ravel(), np.arange(first, first + 6))


def test_a_batch_that_does_not_divide_among_replicas_is_refused(two_replicas):
    distribution.check_batch(two_replicas, 8)
    with pytest.raises(InputError, match="batch_size=9 does not divide among the 2 replicas; give a multiple"):
        distribution.check_batch(two_replicas, 9)
