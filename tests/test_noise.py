"""Noise by row: the same however a batch is split, different between rows, uses and steps."""

import math

import numpy as np
import tensorflow as tf

from rwae_tf.noise import BatchNoise, NoNoise, RowNoise


def test_slices_of_a_batch_are_the_batch():
    seed = tf.constant([5, 7])
    whole = BatchNoise(seed, 6).normal("a", [3, 2]).numpy()
    halves = [BatchNoise(seed, 3, total=6, offset=offset).normal("a", [3, 2]).numpy() for offset in (0, 3)]
    np.testing.assert_array_equal(whole, np.concatenate(halves))
    assert len(np.unique(whole)) == whole.size


def test_uses_and_steps_are_independent():
    draws = [BatchNoise(tf.constant([5, step]), 400).normal(tag, [5]).numpy().ravel()
             for step in (0, 1) for tag in ("a", "b")]
    # 2000 independent pairs: correlation has standard deviation 1/sqrt(2000) = 0.022; five of them.
    correlations = np.corrcoef(draws) - np.eye(4)
    assert np.abs(correlations).max() < 0.11


def test_a_row_depends_on_its_seed_alone():
    many = RowNoise([4, 9, 4]).normal("a", [2, 3]).numpy()
    np.testing.assert_array_equal(many[0], many[2])
    np.testing.assert_array_equal(many[1], RowNoise([9]).normal("a", [2, 3]).numpy()[0])
    assert (many[0] != many[1]).all()


def test_no_noise_is_the_centre():
    none = NoNoise(2)
    assert (none.normal("a", [3]).numpy() == 0).all()
    gumbel = -np.log(-np.log(none.uniform("a", [3]).numpy()))
    np.testing.assert_allclose(gumbel, 0, atol=1e-6)
    assert math.isclose(float(none.uniform("a", [1])[0, 0]), math.exp(-1), rel_tol=1e-6)
