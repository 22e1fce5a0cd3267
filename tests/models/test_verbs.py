"""The five verbs and the parts of every model: a contract."""

import numpy as np
import pytest
import tensorflow as tf
import tiny

from rwae_tf.types import Codes

MODELS = {"rwae": {}, "ds_vae_weak": {"model": "ds_vae", "motion_posterior": "full", "action_size": 3}}


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return tiny.build(**MODELS[request.param])


def test_codes_have_the_sizes_of_the_configuration(model):
    codes = model.encode(tiny.sequences(batch=2, length=5))
    assert (codes.z_c.shape, codes.z_m.shape) == ((2, 6), (2, 5, 3))
    if model.config.model.action_size:
        assert codes.action.shape == (2, 3)
        np.testing.assert_allclose(np.sum(codes.action, -1), 1, atol=1e-6)
    else:
        assert codes.action is None


def test_samples_are_those_of_their_seed(model):
    x = tiny.sequences(batch=2)
    one, two, other = (model.encode(x, sample=True, seed=seed) for seed in (3, 3, 4))
    for code, again, new, mean in zip(one, two, other, model.encode(x), strict=True):
        if code is not None:
            np.testing.assert_array_equal(code, again)
            assert (code.numpy() != new.numpy()).any() and (code.numpy() != mean.numpy()).any()


def test_parameters_are_those_of_the_posteriors_and_the_priors(model):
    x = tiny.sequences(batch=2)
    found, codes, q = model.parameters(x), model.encode(x), model.posterior_of(tf.constant(x))
    p = model.prior(z_m=codes.z_m)
    np.testing.assert_allclose(found["z_c"]["mean"], codes.z_c, atol=1e-6)
    np.testing.assert_allclose(found["z_m"]["mean"], codes.z_m, atol=1e-6)
    for name, ours, theirs in (("z_c", q.z_c, p.z_c), ("z_m", q.z_m, p.z_m)):
        assert (ours.batch_shape + ours.event_shape) == codes._asdict()[name].shape
        np.testing.assert_allclose(found[name]["variance"], ours.variance(), rtol=1e-5)
        for key, value in (("prior_mean", theirs.mean()), ("prior_variance", theirs.variance())):
            np.testing.assert_allclose(found[name][key], np.broadcast_to(value, found[name][key].shape), atol=1e-6)


def test_reconstruct_is_decode_of_encode(model):
    x = tiny.sequences()
    np.testing.assert_array_equal(model.reconstruct(x), model.decode(model.encode(x)))


def test_swap_takes_content_from_one_and_motion_from_the_other(model):
    x1, x2 = tiny.sequences(seed=1), tiny.sequences(length=7, seed=2)
    moving = model.encode(x2)
    expected = model.decode(Codes(model.encode(x1).z_c, moving.z_m, moving.action))
    np.testing.assert_array_equal(model.swap(content=x1, motion=x2), expected)
    np.testing.assert_allclose(model.swap(content=x1, motion=x1), model.reconstruct(x1), atol=1e-6)


def test_generate_gives_rows_that_depend_on_their_seed_alone(model):
    video = model.generate(num=3, length=5, seed=[7, 8, 7]).numpy()
    assert video.shape == (3, 5, 16, 16, 3) and 0 <= video.min() <= video.max() <= 1
    np.testing.assert_allclose(video[0], video[2], atol=1e-6)
    assert np.abs(video[0] - video[1]).max() > 1e-4
    np.testing.assert_allclose(model.generate(num=1, length=5, seed=[8]).numpy()[0], video[1], atol=1e-6)
    np.testing.assert_array_equal(model.generate(2, 5, seed=3), model.generate(2, 5, seed=3))
    assert np.abs(model.generate(2, 5, seed=3).numpy() - model.generate(2, 5, seed=4).numpy()).max() > 1e-4


def test_generate_keeps_the_codes_it_is_given(model):
    given = model.encode(tiny.sequences())
    np.testing.assert_array_equal(
        model.generate(z_c=given.z_c, z_m=given.z_m, action=given.action), model.decode(given))
    action = {"action": np.eye(3)[:2]} if given.action is not None else {}
    fixed = model.generate(num=2, length=5, seed=1, z_c=np.zeros((2, 6)), **action)
    drawn = model.generate(num=2, length=5, seed=1, **action)
    assert fixed.shape == drawn.shape and np.abs(fixed.numpy() - drawn.numpy()).max() > 1e-6


def test_every_trainable_weight_has_one_owner(model):
    owned = [v.path for part in model.parts().values() for layer in part for v in layer.trainable_variables]
    assert sorted(owned) == sorted(v.path for v in model.trainable_variables) and len(owned) == len(set(owned))
    encoders = [v.path for layer in model.encoders() for v in layer.trainable_variables]
    assert encoders and set(encoders) < set(owned)


def test_every_part_has_an_optimizer_and_every_loss_a_weight(model):
    updates = [update for phase in model.phases() for update in phase.updates]
    assert sorted(update.part for update in updates) == sorted(model.parts())
    assert all(hasattr(model.config.training, update.learning_rate) for update in updates)
    assert set(model.weights_of_terms()) == {"reconstruction", *model.weight_options()}
    assert all(hasattr(model.config.objective, option) for option in model.weight_options().values())
