"""q(z_m,t | x_t, z_m,<t): what it sees."""

import numpy as np
import pytest

from rwae_tf.inference.motion import MotionPosterior


@pytest.mark.parametrize("changes", [False, True])
def test_gain_is_a_factor_on_what_is_seen(changes):
    h, noise = np.random.default_rng(0).normal(size=(2, 3, 5, 4)).astype(np.float32)
    noise = noise[..., :2]
    strong, plain = (MotionPosterior(2, 6, 0.1, changes, gain) for gain in (4.0, 1.0))
    given = strong(h, noise)
    plain(h, noise)
    plain.set_weights(strong.get_weights())
    for one, other in zip(given, plain(4 * h, noise), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert np.abs(np.asarray(given[1]) - np.asarray(plain(h, noise)[1])).max() > 1e-3
