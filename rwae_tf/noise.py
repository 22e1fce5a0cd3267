"""Where every random number of a model comes from: stateless noise, one stream per row of a batch.

Row i of the global batch gets the same numbers however the batch is split over replicas and whatever
was drawn before, so one and two replicas compute the same step and a resumed run repeats itself.
`tag` names the use ("content_posterior"): two uses with two tags are independent.
"""

import math
import zlib

import tensorflow as tf


def _tag_number(tag):
    return zlib.crc32(tag.encode()) & 0x7FFFFFFF


class BatchNoise:
    """Noise for rows `offset ... offset + rows` of a batch of `total` rows.

    The noise of all `total` rows is drawn and the rows are cut out: codes are small beside frames.

    Args:
      seed: int32 tensor [2]: run and step.
      rows: rows on this replica; total: rows on all replicas; offset: the first row here.
    """

    def __init__(self, seed, rows, total=None, offset=0):
        self._seed, self._rows, self._offset = seed, rows, offset
        self._total = rows if total is None else total

    def _draw(self, sampler, tag, shape):
        seed = tf.random.fold_in(self._seed, _tag_number(tag))
        everything = sampler(tf.concat([[self._total], tf.cast(shape, tf.int32)], 0), seed=seed)
        return everything[self._offset : self._offset + self._rows]

    def normal(self, tag, shape):
        """Standard normal noise [rows, *shape]."""
        return self._draw(tf.random.stateless_normal, tag, shape)

    def uniform(self, tag, shape):
        """Uniform noise in [0, 1), [rows, *shape]."""
        return self._draw(tf.random.stateless_uniform, tag, shape)


class RowNoise:
    """Noise with a seed of its own per row: a row is the same in every batch that holds it.

    Args:
      seeds: int32 tensor [B].
    """

    def __init__(self, seeds):
        self._seeds = tf.convert_to_tensor(seeds, tf.int32)

    def _draw(self, sampler, tag, shape):
        number = tf.constant(_tag_number(tag), tf.int32)
        shape = tf.cast(shape, tf.int32)
        return tf.map_fn(
            lambda seed: sampler(shape, seed=tf.stack([seed, number])), self._seeds, fn_output_signature=tf.float32)

    def normal(self, tag, shape):
        """Standard normal noise [B, *shape]."""
        return self._draw(tf.random.stateless_normal, tag, shape)

    def uniform(self, tag, shape):
        """Uniform noise in [0, 1), [B, *shape]."""
        return self._draw(tf.random.stateless_uniform, tag, shape)


class NoNoise:
    """The centre of every distribution: zero normal noise, and the uniform value of zero Gumbel noise."""

    def __init__(self, rows):
        self._rows = rows

    def normal(self, tag, shape):
        """Zeros [rows, *shape]."""
        del tag
        return tf.zeros(tf.concat([[self._rows], tf.cast(shape, tf.int32)], 0))

    def uniform(self, tag, shape):
        """exp(-1), where -log(-log u) = 0, [rows, *shape]."""
        return self.normal(tag, shape) + math.exp(-1.0)
