"""The ladder against products of NumPy."""

import numpy as np

from rwae_tf.layers.ladder import Ladder


def test_the_last_map_comes_first():
    rng = np.random.default_rng(0)
    maps = [rng.normal(size=shape).astype(np.float32) for shape in ((2, 4, 4, 3), (2, 2, 2, 5), (2, 2, 2, 5))]
    ladder = Ladder(3, 12)
    found = ladder(maps).numpy()
    assert found.shape == (2, 12)
    for k, (x, head) in enumerate(zip(maps, ladder.heads, strict=True)):
        kernel = head.kernel.numpy()
        np.testing.assert_allclose(kernel.T @ kernel, np.eye(4), atol=1e-5)
        np.testing.assert_allclose(found[:, 8 - 4 * k:12 - 4 * k], x.reshape(2, -1) @ kernel, atol=1e-5)
