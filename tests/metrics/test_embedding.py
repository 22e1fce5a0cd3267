"""t-SNE on codes whose neighbours are known, and on the fewest and flattest ones."""

import numpy as np
import pytest

from rwae_tf.metrics import embedding


def test_groups_stay_together():
    # Three groups of 30 codes, 20 apart with a spread of 1: each point's nearest neighbour is of its group.
    rng = np.random.default_rng(0)
    group = np.arange(90) % 3
    points = embedding.tsne(20 * np.eye(8)[group] + rng.normal(size=(90, 8)), seed=3)
    assert points.shape == (90, 2)
    distances = np.square(points[:, None] - points).sum(-1) + np.diag([np.inf] * 90)
    np.testing.assert_array_equal(group[distances.argmin(1)], group)


@pytest.mark.parametrize("codes", [np.zeros((40, 5)), np.arange(40.0)[:, None], np.eye(2), np.eye(3)])
def test_codes_without_two_directions_and_few_clips_have_a_map_too(codes):
    points = embedding.tsne(codes)
    assert points.shape == (len(codes), 2) and np.isfinite(points).all()
