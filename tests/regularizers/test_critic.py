import numpy as np
import pytest
import tensorflow as tf

from rwae_tf.regularizers.critic import Critic

Z = np.random.default_rng(1).normal(size=(4, 10)).astype(np.float32)  # no operation at import: it starts TensorFlow


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


@pytest.mark.parametrize("spectral, features", [(False, 1), (True, 1), (True, 3)])
def test_is_the_paper_s_network(spectral, features):
    critic = Critic(spectral, seed=5, features=features)
    value = critic(Z)
    x, kernels = Z, [d.kernel.numpy() for d in critic.denses]
    assert [k.shape for k in kernels] == [(10, 256), (256, 256), (256, 128), (128, features)]
    for kernel in kernels:
        scale = np.linalg.svd(kernel)[1][0] if spectral else 1
        x = leaky(x @ kernel / scale) if kernel is not kernels[-1] else x @ kernel / scale
    assert value.shape == (4, features)
    np.testing.assert_allclose(value, x, rtol=1e-3, atol=1e-5)


def test_a_fresh_feature_map_stretches_nothing():
    # Every layer has norm s = 1 and LeakyReLU slope at most 1, so |f(x) - f(y)| <= |x - y|.
    f = Critic(True)(Z).numpy()[:, 0]
    gaps = np.abs(f[:, None] - f[None, :])
    distances = np.linalg.norm(Z[:, None] - Z[None, :], axis=-1)
    assert (gaps <= distances + 1e-5).all() and gaps.max() > 0


@pytest.mark.parametrize("spectral", [False, True])
def test_the_seed_fixes_the_weights(spectral):
    one, same, other = Critic(spectral, seed=1), Critic(spectral, seed=1), Critic(spectral, seed=2)
    np.testing.assert_array_equal(one(Z), same(Z))
    assert not np.allclose(one(Z), other(Z))
    # Layers of their own seeds: no column of the second is one of the third but for its length.
    second, third = (d.kernel.numpy().ravel()[:1000] for d in one.denses[1:3])
    assert abs(np.corrcoef(second, third)[0, 1]) < 0.2


@pytest.mark.parametrize("spectral", [False, True])
def test_power_iteration_moves_u_and_v_of_every_layer_and_nothing_else(spectral):
    critic = Critic(spectral)
    critic(Z)
    for dense in critic.denses:
        dense.kernel.assign_add(tf.random.stateless_normal(dense.kernel.shape, seed=(3, 4)))
    before = {v.path: v.numpy() for v in critic.weights}
    critic.power_iteration()
    moved = [v.name for v in critic.weights if not np.array_equal(v.numpy(), before[v.path])]
    # The last layer has one column, whose v stays at 1.
    assert moved == (["left", "right"] * 3 + ["left"] if spectral else [])
