"""Rows joined over two replicas."""

import numpy as np
import tensorflow as tf

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
