"""The five verbs and the parts of every model: a contract."""

import functools

import numpy as np
import pytest
import tensorflow as tf
import tiny

from rwae_tf.noise import BatchNoise
from rwae_tf.types import Codes

MODELS = {
    "rwae": {}, "ds_vae_weak": {"model": "ds_vae", "motion_posterior": "full", "action_size": 3},
    "c_dsvae": {"model": "c_dsvae"}, "mocogan": {"model": "mocogan", "action_size": 3},
    "fhvae": {"model": "fhvae", "reconstruction": "learned_normal", "spec": tiny.SPEECH},
}


@functools.cache
def built(name):
    return tiny.build(**MODELS[name])


@pytest.fixture(params=MODELS)
def any_model(request):
    return built(request.param)


@pytest.fixture(params=[name for name in MODELS if name != "mocogan"])
def model(request):
    """One with an encoder."""
    return built(request.param)


def clips(model, **changes):
    return tiny.sequences(spec=model.spec, **changes)


def test_codes_have_the_sizes_of_the_configuration(model):
    codes = model.encode(clips(model, batch=2, length=5))
    assert (codes.z_c.shape, codes.z_m.shape) == ((2, 6), (2, 5, 3))
    if model.config.model.action_size:
        assert codes.action.shape == (2, 3)
        np.testing.assert_allclose(np.sum(codes.action, -1), 1, atol=1e-6)
    else:
        assert codes.action is None


def test_samples_are_those_of_their_seed(model):
    x = clips(model, batch=2)
    one, two, other = (model.encode(x, sample=True, seed=seed) for seed in (3, 3, 4))
    for code, again, new, mean in zip(one, two, other, model.encode(x), strict=True):
        if code is not None:
            np.testing.assert_array_equal(code, again)
            assert (code.numpy() != new.numpy()).any() and (code.numpy() != mean.numpy()).any()


def test_parameters_are_those_of_the_posteriors_and_the_priors(model):
    x = clips(model, batch=2)
    found, codes, q = model.parameters(x), model.encode(x), model.posterior_of(tf.constant(x))
    p = model.prior(z_m=codes.z_m)
    np.testing.assert_allclose(found["z_c"]["mean"], codes.z_c, atol=1e-6)
    frames = found["z_m"]["mean"].shape[1]  # 1 where a code is that of a whole segment
    np.testing.assert_allclose(found["z_m"]["mean"], codes.z_m[:, :frames], atol=1e-6)
    for name, ours, theirs in (("z_c", q.z_c, p.z_c), ("z_m", q.z_m, p.z_m)):
        shape = ours.batch_shape + ours.event_shape
        assert shape == codes._asdict()[name].shape
        here = (slice(None), slice(frames)) if name == "z_m" else ...
        for key, value in (("variance", ours.variance()), ("prior_mean", theirs.mean()),
                           ("prior_variance", theirs.variance())):
            np.testing.assert_allclose(found[name][key], np.broadcast_to(value, shape)[here], rtol=1e-5, atol=1e-6)


def test_reconstruct_is_decode_of_encode(model):
    x = clips(model)
    np.testing.assert_array_equal(model.reconstruct(x), model.decode(model.encode(x)))


def test_swap_takes_content_from_one_and_motion_from_the_other(model):
    x1, x2 = clips(model, seed=1), clips(model, length=7, seed=2)
    moving = model.encode(x2)
    expected = model.decode(Codes(model.encode(x1).z_c, moving.z_m, moving.action))
    np.testing.assert_array_equal(model.swap(content=x1, motion=x2), expected)
    np.testing.assert_allclose(model.swap(content=x1, motion=x1), model.reconstruct(x1), atol=1e-6)


def test_generate_gives_rows_that_depend_on_their_seed_alone(any_model):
    model = any_model
    video = model.generate(num=3, length=5, seed=[7, 8, 7]).numpy()
    assert video.shape == (3, 5, *model.spec.frame_shape)
    assert model.spec.modality == "speech" or 0 <= video.min() <= video.max() <= 1
    near = 1e-6 if model.spec.modality == "video" else 1e-3
    np.testing.assert_allclose(video[0], video[2], atol=near)
    assert np.abs(video[0] - video[1]).max() > 1e-4
    np.testing.assert_allclose(model.generate(num=1, length=5, seed=[8]).numpy()[0], video[1], atol=near)
    np.testing.assert_array_equal(model.generate(2, 5, seed=3), model.generate(2, 5, seed=3))
    assert np.abs(model.generate(2, 5, seed=3).numpy() - model.generate(2, 5, seed=4).numpy()).max() > 1e-4


def test_generate_keeps_the_codes_it_is_given(any_model):
    model = any_model
    given = model.draw(num=4, length=4, seed=5)
    np.testing.assert_array_equal(
        model.generate(z_c=given.z_c, z_m=given.z_m, action=given.action), model.decode(given))
    action = {"action": np.eye(3)[:2]} if given.action is not None else {}
    fixed = model.generate(num=2, length=5, seed=1, z_c=np.zeros((2, 6)), **action)
    drawn = model.generate(num=2, length=5, seed=1, **action)
    assert fixed.shape == drawn.shape and np.abs(fixed.numpy() - drawn.numpy()).max() > 1e-6


def test_every_trainable_weight_has_one_owner(any_model):
    owned = [v.path for part in any_model.parts().values() for layer in part for v in layer.trainable_variables]
    assert sorted(owned) == sorted(v.path for v in any_model.trainable_variables) and len(owned) == len(set(owned))
    encoders = [v.path for layer in any_model.encoders() for v in layer.trainable_variables]
    assert set(encoders) < set(owned) and bool(encoders) == any_model.has_encoder


def test_every_part_has_an_optimizer_and_every_loss_a_weight(any_model):
    updates = [update for phase in any_model.phases() for update in phase.updates]
    assert sorted(update.part for update in updates) == sorted(any_model.parts())
    assert all(hasattr(any_model.config.training, update.learning_rate) for update in updates)
    assert set(any_model.weights_of_terms()) == {*any_model.FIXED, *any_model.weight_options()}
    assert all(hasattr(any_model.config.objective, option) for option in any_model.weight_options().values())


def test_every_update_and_every_weight_is_of_a_term_of_its_phase(any_model):
    x, phases = tf.constant(clips(any_model)), any_model.phases()
    found = [any_model.phase_losses(phase.name, x, BatchNoise(np.array([0, number], np.int32), 4), lambda rows: rows)
             for number, phase in enumerate(phases)]
    for phase, terms in zip(phases, found, strict=True):
        assert {update.loss for update in phase.updates} <= set(terms)
        assert all(np.isfinite(term) and term.shape == () for term in terms.values())
    assert set(any_model.weights_of_terms()) < set().union(*found)
    whole = any_model.losses(x, BatchNoise(np.array([0, 0], np.int32), 4), lambda rows: rows)
    assert set(whole) == set().union(*found)
