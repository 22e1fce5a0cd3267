"""R-WAE: its objective term by term, and what its encoders see."""

import numpy as np
import pytest
import tensorflow as tf
import tiny

from rwae_tf.noise import BatchNoise


@pytest.fixture(scope="module")
def model():
    return tiny.build()


@pytest.fixture(scope="module")
def weak():
    """The weakly supervised model with A = 3."""
    return tiny.build(action_size=3, action_divergence_weight=4.0)


def losses(model, seed=0):
    return {name: float(value) for name, value in model.losses(
        tf.constant(tiny.sequences()), BatchNoise(tf.constant([0, seed]), 4), lambda rows: rows).items()}


@pytest.mark.parametrize("kind", ["model", "weak"])
def test_the_objective_is_the_weighted_sum_of_its_terms(kind, request):
    model = request.getfixturevalue(kind)
    terms, objective = losses(model), model.config.objective
    expected = (terms["reconstruction"] + objective.content_weight * terms["content_divergence"]
                + objective.motion_weight * terms["motion_divergence"]
                + objective.motion_kl_weight * terms["motion_kl"]
                + objective.content_kl_weight * terms["content_kl"])
    if kind == "weak":
        expected += objective.action_weight * terms["action_kl"] + 4.0 * terms["action_divergence"]
    assert np.isclose(terms["objective"], expected, rtol=1e-5)


def test_reconstruction_term_is_the_error_of_decoded_samples(model):
    """With batch statistics in the decoder's norm, decode(encode) differs; so compare in training mode by hand."""
    x = tf.constant(tiny.sequences())
    q = model.posterior_of(x, BatchNoise(tf.constant([0, 0]), 4), training=True)
    x_hat = tf.sigmoid(model.decoder(*q.codes, training=True))
    expected = np.sum((x.numpy() - x_hat.numpy()) ** 2) / 4
    assert np.isclose(losses(model)["reconstruction"], expected, rtol=1e-4)


@pytest.mark.parametrize("changes", [
    {"content_divergence": "adversarial"}, {"motion_samples": "free"}, {"motion_samples": "pair"},
    {"motion_samples": "pool_time"}, {"motion_samples": "mixture"},
    {"motion_samples": "trajectory"}, {"mmd_estimator": "as_printed"}, {"critic_features": 4},
    {"motion_horizon": 9, "horizon_weight": 3.0}, {"content_encoder": "forward"}, {"content_encoder": "mean"},
    {"decoder": "dense"}, {"train_content": "mean"},
    {"reconstruction": "bernoulli"}, {"action_size": 3, "action_input": "motion_and_features"},
    {"action_size": 3, "action_kl": "monte_carlo"}, {"motion_kernel": "imq"}, {"motion_bandwidth_rule": "median"},
    {"mmd_estimator": "biased"}, {"mmd_cross_coefficient": 1.0}, {"content_kl_weight": 0.5},
    {"motion_input": "mean_centered"}, {"motion_input_scale": 3.0}, {"decoder_channels": 6},
], ids=lambda changes: ",".join(f"{k}={v}" for k, v in changes.items()))
@pytest.mark.slow
def test_every_option_changes_the_losses(model, changes):
    """An option nobody reads would leave every term as it is."""
    ours, plain = losses(tiny.build(**changes)), losses(model)
    assert all(np.isfinite(list(ours.values())))
    assert {name: ours[name] for name in plain if name in ours} != plain or set(ours) != set(plain)


def test_the_mmd_given_the_action_sees_it():
    plain, joint = (losses(tiny.build(action_size=3, motion_given_action=given)) for given in (False, True))
    assert plain.pop("objective") != joint.pop("objective")
    assert {name for name in plain if plain[name] != joint[name]} == {"motion_divergence", "motion_divergence_null_sd"}


def test_a_content_encoder_of_means_does_not_see_the_order(model):
    x = tiny.sequences()
    order = [2, 0, *range(3, x.shape[1]), 1]
    blind = tiny.build(content_encoder="mean")
    np.testing.assert_allclose(blind.encode(x).z_c, blind.encode(x[:, order]).z_c, atol=1e-5)
    assert np.abs(model.encode(x).z_c - model.encode(x[:, order]).z_c).max() > 1e-3


def test_one_frame_decides_only_its_own_motion_and_later_ones(model):
    x = tiny.sequences(batch=1, length=6)
    changed = x.copy()
    changed[:, 3] = 1 - changed[:, 3]
    before, after = model.encode(x).z_m.numpy(), model.encode(changed).z_m.numpy()
    np.testing.assert_allclose(before[:, :3], after[:, :3], atol=1e-6)
    assert np.abs(before[:, 3:] - after[:, 3:]).max(-1).min() > 1e-6


def test_a_motion_encoder_of_changes_does_not_see_what_stays(model):
    still = np.repeat(tiny.sequences(batch=3, length=1), 5, axis=1)  # three clips in which nothing moves
    blind = tiny.build(motion_input="mean_centered").encode(still).z_m.numpy()
    np.testing.assert_allclose(blind, np.broadcast_to(blind[:1], blind.shape), atol=1e-5)
    seen = model.encode(still).z_m.numpy()
    assert np.abs(seen - seen[:1]).max() > 1e-3


@pytest.mark.slow
def test_an_action_posterior_beside_a_blind_motion_encoder_is_as_blind():
    still = tf.constant(np.repeat(tiny.sequences(batch=3, length=1), 5, axis=1))
    blind, seeing = (tiny.build(action_size=3, action_input="motion_and_features", motion_input=kind).posterior_of(
        still).action.logits.numpy() for kind in ("mean_centered", "features"))
    np.testing.assert_allclose(blind, np.broadcast_to(blind[:1], blind.shape), atol=1e-5)
    assert np.ptp(seeing, axis=0).max() > 1e-4


@pytest.mark.slow
def test_means_are_the_centre_of_samples(model):
    x = tiny.sequences(batch=1)
    mean = model.encode(x)
    samples = [model.encode(x, sample=True, seed=seed).z_c.numpy() for seed in range(200)]
    scale = np.std(samples, axis=0)
    # The mean of 200 samples is within five standard errors of the posterior's mean.
    assert (np.abs(np.mean(samples, axis=0) - mean.z_c.numpy()) < 5 * scale / np.sqrt(200) + 1e-6).all()
    np.testing.assert_array_equal(samples[0], model.encode(x, sample=True, seed=0).z_c.numpy())


@pytest.mark.slow
def test_parameters_are_those_of_the_posteriors_and_the_priors(model):
    x = tiny.sequences()
    found, codes = model.parameters(x), model.encode(x)
    np.testing.assert_allclose(found["z_c"]["mean"], codes.z_c, atol=1e-6)
    np.testing.assert_allclose(found["z_m"]["mean"], codes.z_m, atol=1e-6)
    np.testing.assert_array_equal(found["z_c"]["prior_mean"], np.zeros((4, 6)))
    np.testing.assert_array_equal(found["z_c"]["prior_variance"], np.ones((4, 6)))
    loc, scale = model.motion_prior(codes.z_m)
    np.testing.assert_allclose(found["z_m"]["prior_mean"], loc, atol=1e-6)
    np.testing.assert_allclose(found["z_m"]["prior_variance"], np.square(scale), atol=1e-6)
    # Variances are those of samples: 400 of them, within five standard errors of sqrt(2 / 400).
    samples = [model.encode(x, sample=True, seed=seed) for seed in range(400)]
    for code, sampled, mean in (("z_c", [s.z_c for s in samples], codes.z_c),
                                ("z_m", [s.z_m[:, :1] for s in samples], codes.z_m[:, :1])):  # first: none before it
        variance = np.asarray(found[code]["variance"])
        variance = variance[:, :1] if code == "z_m" else variance
        np.testing.assert_allclose(np.square(np.array(sampled) - mean).mean(0), variance, rtol=5 * (2 / 400) ** 0.5)


def test_prior_codes_follow_the_priors(weak):
    codes = weak.generate_codes(tf.range(600), tf.constant(2))
    # Standard errors at n = 600: 0.041 of a mean, 0.029 of a standard deviation; five of them.
    np.testing.assert_allclose(np.mean(codes.z_c, axis=0), 0, atol=0.21)
    np.testing.assert_allclose(np.std(codes.z_c, axis=0), 1, atol=0.15)
    counts = np.sum(codes.action, axis=0)
    assert set(np.unique(codes.action)) == {0, 1} and np.abs(counts - 200).max() < 5 * np.sqrt(600 * 2 / 9)
