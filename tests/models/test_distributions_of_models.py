"""q, p and the likelihood of R-WAE as distributions of TensorFlow Probability, eager and in graphs."""

import numpy as np
import pytest
import tensorflow as tf
import tiny
from tensorflow_probability import distributions as tfd

from rwae_tf import reconstruction
from rwae_tf.errors import InputError
from rwae_tf.types import Codes


@pytest.fixture(scope="module")
def model():
    """Weakly supervised, A = 3, so that every part is there."""
    return tiny.build(action_size=3)


def test_posterior_is_distributions_of_the_codes(model):
    x = tiny.sequences(batch=2)
    q = model.posterior(x)
    assert isinstance(q.z_c, tfd.MultivariateNormalDiag) and isinstance(q.z_m, tfd.MultivariateNormalDiag)
    assert isinstance(q.action, tfd.RelaxedOneHotCategorical)
    assert (q.z_c.batch_shape, q.z_c.event_shape) == ((2,), (6,))
    assert (q.z_m.batch_shape, q.z_m.event_shape) == ((2, 4), (3,))
    assert (q.action.batch_shape, q.action.event_shape) == ((2,), (3,))
    codes = model.encode(x)
    np.testing.assert_array_equal(q.codes.z_m, codes.z_m)
    np.testing.assert_array_equal(q.z_c.mode(), codes.z_c)
    assert q.z_c.sample(5, seed=1).shape == (5, 2, 6)
    np.testing.assert_allclose(np.sum(q.action.sample(seed=1), -1), 1, atol=1e-5)


@pytest.mark.slow
def test_posterior_with_a_seed_is_given_the_codes_that_encode_draws(model):
    x = tiny.sequences(batch=2)
    q, codes = model.posterior(x, seed=5), model.encode(x, sample=True, seed=5)
    for name in Codes._fields:
        np.testing.assert_array_equal(getattr(q.codes, name), getattr(codes, name))
    assert np.abs(q.codes.z_m - q.z_m.mean()).max() > 1e-3
    # q of a frame is given the sampled codes before it: only that of the first, which has none, is the same.
    means = model.posterior(x).z_m.mean().numpy()
    np.testing.assert_allclose(q.z_m.mean()[:, 0], means[:, 0], atol=1e-6)
    assert np.abs(q.z_m.mean()[:, 1:] - means[:, 1:]).max() > 1e-5


def test_densities_and_divergences_are_those_of_the_printed_formulas(model):
    x = tiny.sequences(batch=2)
    q, p = model.posterior(x), model.prior(z_m=model.encode(x).z_m)
    m, s = np.asarray(q.z_c.mean(), np.float64), np.asarray(q.z_c.stddev(), np.float64)
    z = np.random.default_rng(0).normal(size=m.shape).astype(np.float32)
    log_density = (-((z - m) ** 2) / (2 * s**2) - np.log(s) - 0.5 * np.log(2 * np.pi)).sum(-1)
    np.testing.assert_allclose(q.z_c.log_prob(z), log_density, rtol=1e-4)
    np.testing.assert_allclose(q.z_c.entropy(), (0.5 * np.log(2 * np.pi * np.e * s**2)).sum(-1), rtol=1e-4)
    np.testing.assert_allclose(tfd.kl_divergence(q.z_c, p.z_c), 0.5 * (s**2 + m**2 - 1 - 2 * np.log(s)).sum(-1),
                               rtol=1e-4, atol=1e-6)
    (m_q, s_q), (m_p, s_p) = ((np.asarray(d.mean(), np.float64), np.asarray(d.stddev(), np.float64))
                              for d in (q.z_m, p.z_m))
    kl = (np.log(s_p / s_q) + (s_q**2 + (m_q - m_p) ** 2) / (2 * s_p**2) - 0.5).sum(-1)
    np.testing.assert_allclose(tfd.kl_divergence(q.z_m, p.z_m), kl, rtol=1e-4, atol=1e-6)


def test_posterior_and_prior_in_a_graph_are_those_outside(model):
    x = tiny.sequences(batch=2)

    @tf.function(autograph=False)
    def distance(x):
        q = model.posterior(x)
        assert isinstance(q.z_c, tfd.Distribution) and isinstance(q.z_m, tfd.Distribution)
        return tfd.kl_divergence(q.z_m, model.prior(z_m=q.codes.z_m).z_m)

    q = model.posterior(x)
    np.testing.assert_allclose(distance(tf.constant(x)), tfd.kl_divergence(q.z_m, model.prior(z_m=q.codes.z_m).z_m),
                               rtol=1e-4, atol=1e-6)


def test_density_of_a_trajectory_is_the_sum_over_its_frames(model):
    z_m = np.random.default_rng(0).normal(size=(5, 7, 3)).astype(np.float32)
    trajectories, frames = model.prior(length=7).z_m, model.prior(z_m=z_m).z_m
    assert (trajectories.batch_shape, trajectories.event_shape) == ((), (7, 3))
    np.testing.assert_allclose(trajectories.log_prob(z_m), np.sum(frames.log_prob(z_m), -1), rtol=1e-5)
    rows = z_m.reshape(1, 5, 7, 3)
    np.testing.assert_allclose(trajectories.log_prob(rows), trajectories.log_prob(z_m)[None], rtol=1e-5)
    assert trajectories.log_prob(z_m[0]).shape == ()


def test_trajectories_have_the_moments_of_roll_outs(model):
    # 3000 each; five standard errors of the difference of two means, 5 sqrt(2 / 3000) deviations, and of two
    # deviations, which are 1 / sqrt(2) of that.
    drawn = model.prior(length=5).z_m.sample(3000, seed=(3, 4)).numpy()
    rolled = model.draw(3000, 5, seed=np.arange(3000)).z_m.numpy()
    deviation = rolled.std(0)
    assert drawn.shape == (3000, 5, 3)
    assert (np.abs(drawn.mean(0) - rolled.mean(0)) < 5 * np.sqrt(2 / 3000) * deviation).all()
    assert (np.abs(drawn.std(0) - deviation) < 5 / np.sqrt(3000) * deviation).all()


def test_trajectories_repeat_with_their_seed_and_are_any_number_of_any_length(model):
    prior = model.prior(length=2).z_m
    np.testing.assert_array_equal(prior.sample(3, seed=(0, 1)), prior.sample(3, seed=(0, 1)))
    assert np.abs(prior.sample(3, seed=(0, 1)) - prior.sample(3, seed=(0, 2))).max() > 1e-3
    assert prior.sample(seed=1).shape == (2, 3) and prior.sample([2, 3], seed=1).shape == (2, 3, 2, 3)
    assert np.isfinite(model.prior(length=50).z_m.log_prob(model.prior(length=50).z_m.sample(seed=0)))


def test_samples_of_trajectories_pass_gradients_to_the_prior(model):
    weights = [weight.value for weight in model.motion_prior.trainable_variables]
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(model.prior(length=4).z_m.sample(2, seed=0))
    assert all(np.abs(gradient).max() > 0 for gradient in tape.gradient(total, weights))


def test_prior_of_content_and_action(model):
    p = model.prior(length=3)
    np.testing.assert_allclose(p.z_c.log_prob(np.zeros(6, np.float32)), -3 * np.log(2 * np.pi), rtol=1e-6)
    np.testing.assert_allclose(p.action.probs_parameter(), np.full(3, 1 / 3), rtol=1e-6)
    assert tiny.build().prior(length=3).action is None


def test_likelihood_of_the_squared_error_is_the_decoded_point(model):
    codes = model.encode(tiny.sequences(batch=2))
    p = model.likelihood(codes)
    assert (p.batch_shape, p.event_shape) == ((2,), (4, 16, 16, 3))
    np.testing.assert_allclose(p.mode(), model.decode(codes), atol=1e-6)
    assert isinstance(p.distribution, tfd.Deterministic)


@pytest.mark.slow
def test_likelihood_of_bernoulli_pixels_is_the_cross_entropy():
    model = tiny.build(reconstruction="bernoulli")
    x = (tiny.sequences(batch=2) > 0.5).astype(np.float32)
    codes = model.encode(x)
    p, x_hat = model.likelihood(codes), np.asarray(model.decode(codes), np.float64)
    expected = (x * np.log(x_hat) + (1 - x) * np.log(1 - x_hat)).sum((1, 2, 3, 4))
    np.testing.assert_allclose(p.log_prob(x), expected, rtol=1e-4)
    np.testing.assert_allclose(p.mean(), x_hat, atol=1e-6)


def test_likelihood_of_speech_is_in_the_units_of_the_data():
    spec = tiny.SPEC._replace(modality="speech", frame_shape=(2,), normalization=((-3.0, 5.0), (2.0, 0.5)))
    frames = np.array([[[0.0, 0.0], [1.0, -2.0]]], np.float32)
    p = reconstruction.of_data(reconstruction.likelihood(tf.constant(frames), "squared_error", "speech"), spec)
    np.testing.assert_allclose(p.mode(), [[[-3, 5], [-1, 4]]])
    assert (p.batch_shape, p.event_shape) == ((1,), (2, 2))


def test_likelihood_of_normal_speech_is_the_density_in_the_units_of_the_data():
    """Per frame and number: N(x; m + s x_hat, s), by hand."""
    mean, deviation = np.array([-3.0, 5.0]), np.array([2.0, 0.5])
    spec = tiny.SPEC._replace(modality="speech", frame_shape=(2,), normalization=(tuple(mean), tuple(deviation)))
    x_hat, x = np.array([[[0.0, 0.0], [1.0, -2.0]]]), np.array([[[1.0, 2.0], [-3.0, 4.0]]])
    p = reconstruction.likelihood(tf.constant(x_hat, tf.float32), "normal", "speech")
    z = (x - mean - deviation * x_hat) / deviation
    expected = (-np.square(z) / 2 - np.log(deviation * np.sqrt(2 * np.pi))).sum((1, 2))
    np.testing.assert_allclose(reconstruction.of_data(p, spec).log_prob(np.float32(x)), expected, rtol=1e-5)
    assert reconstruction.likelihood(tf.zeros([1, 2, 2]), "normal", "speech").event_shape == (2, 2)


@pytest.mark.parametrize("given", [{}, {"z_m": np.zeros((1, 2, 3)), "length": 2}, {"length": 0},
                                   {"z_m": np.zeros((1, 2, 4))}, {"z_m": np.full((1, 2, 3), np.nan)}])
def test_bad_requests_for_a_prior_are_refused(model, given):
    with pytest.raises(InputError, match="z_m|length"):
        model.prior(**given)


def test_bad_sequences_are_refused(model):
    with pytest.raises(InputError, match="shape"):
        model.posterior(np.zeros((2, 4, 8, 8, 3)))
    with pytest.raises(InputError, match="values from"):
        model.posterior(2 * np.ones((2, 4, 16, 16, 3)))
