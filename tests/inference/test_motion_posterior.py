"""The posteriors of the motion: what they see."""

import numpy as np
import pytest

from rwae_tf.inference.motion import FactorisedMotionPosterior, FullMotionPosterior, MotionPosterior
from rwae_tf.layers.policy import Policy


@pytest.mark.parametrize("changes", [False, True])
def test_gain_is_a_factor_on_what_is_seen(changes):
    h, noise = np.random.default_rng(0).normal(size=(2, 3, 5, 4)).astype(np.float32)
    noise = noise[..., :2]
    strong, plain = (MotionPosterior(Policy(), 2, 6, 0.1, changes, gain) for gain in (4.0, 1.0))
    given = strong(h, noise)
    plain(h, noise)
    plain.set_weights(strong.get_weights())
    for one, other in zip(given, plain(4 * h, noise), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert np.abs(np.asarray(given[1]) - np.asarray(plain(h, noise)[1])).max() > 1e-3


@pytest.fixture
def given():
    """h [3, 5, 4], noise [3, 5, 2] and z_c [3, 6]."""
    draw = np.random.default_rng(0)
    return [draw.normal(size=shape).astype(np.float32) for shape in ((3, 5, 4), (3, 5, 2), (3, 6))]


def moved(posterior, given, **changes):
    """Which frames of the first clip have another loc with other inputs: bool [T]."""
    names = ("h", "noise", "z_c")
    before = posterior.distribution(*given)[1].mean().numpy()
    after = posterior.distribution(*(changes.get(name, array) for name, array in zip(names, given, strict=True)))[1]
    return (np.abs(after.mean().numpy() - before).max(-1) > 1e-5)[0]


def test_a_factorised_posterior_sees_each_frame_alone(given):
    h, noise, z_c = given
    posterior = FactorisedMotionPosterior(Policy(), 2, 6, 0.1)
    other = h.copy()
    other[:, 2] += 1
    assert moved(posterior, given, h=other).tolist() == [False, False, True, False, False]
    assert not moved(posterior, given, z_c=z_c + 1).any() and not moved(posterior, given, noise=noise + 1).any()


def test_a_full_posterior_sees_all_frames_and_the_content(given):
    h, noise, z_c = given
    posterior = FullMotionPosterior(Policy(), 2, 6, 0.1)
    other = h.copy()
    other[:, 2] += 1
    assert moved(posterior, given, h=other).all() and moved(posterior, given, z_c=z_c + 1).all()
    assert not moved(posterior, given, noise=noise + 1).any()  # given x and z_c frames are independent


@pytest.mark.parametrize("kind", [FactorisedMotionPosterior, FullMotionPosterior])
def test_samples_and_first_deviation(kind, given):
    z_m, q = kind(Policy(), 2, 6, 0.1).distribution(*given)
    np.testing.assert_allclose(z_m, q.mean() + q.stddev() * given[1], atol=1e-6)
    assert 0.05 < np.mean(q.stddev()) < 0.2
    still = np.repeat(given[0][:, :1], 5, axis=1)  # nothing moves
    _, blind = kind(Policy(), 2, 6, 0.1, mean_centered=True).distribution(still, given[1], np.zeros_like(given[2]))
    np.testing.assert_allclose(blind.mean(), np.broadcast_to(blind.mean()[:1], (3, 5, 2)), atol=1e-6)
