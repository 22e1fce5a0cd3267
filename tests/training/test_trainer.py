"""One step: which weights move in which phase, the joint step, and one replica against two."""

import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

from rwae_tf import models
from rwae_tf.training.trainer import Trainer


def trainer(strategy=None, **changes):
    strategy = strategy or tf.distribute.get_strategy()
    keras.utils.set_random_seed(1)
    with strategy.scope():
        model = models.build(tiny.config(**changes), tiny.SPEC)
    made = Trainer(model, strategy)
    made.follow_schedules(0)
    return made


def weights(made):
    """part -> its trainable weights, as arrays."""
    return {part: [v.value.numpy().copy() for v in made.variables(part)] for part in made.optimizers}


def moved(before, after):
    """The parts of which every weight matrix moved, after checking that no part moved by halves."""
    parts = set()
    for part in before:
        matrices = [(a != b).any() for a, b in zip(before[part], after[part], strict=True) if a.ndim > 1]
        any_moved = any((a != b).any() for a, b in zip(before[part], after[part], strict=True))
        assert all(matrices) or not any_moved, f"{part} moved in part"
        if any_moved:
            parts.add(part)
    return parts


@pytest.mark.slow
@pytest.mark.parametrize("divergence", ["scaled_mmd", "adversarial"])
def test_each_phase_moves_its_parts_and_no_others(divergence):
    made = trainer(content_divergence=divergence)
    x = tf.constant(tiny.sequences())
    expected = {"inference": {"encoders", "critic"}, "generation": {"decoder", "motion_prior"}}
    assert [phase.name for phase in made.phases] == list(expected)
    for number, phase in enumerate(made.phases):
        before = weights(made)
        made.step(phase, x, number)
        assert moved(before, weights(made)) == expected[phase.name]


@pytest.mark.slow
def test_the_joint_step_moves_everything():
    made = trainer(joint_update=True, inference_steps=1, action_size=3)
    before = weights(made)
    made.step(made.phases[0], tf.constant(tiny.sequences()), 0)
    assert moved(before, weights(made)) == {"encoders", "critic", "decoder", "motion_prior"}


@pytest.mark.slow
def test_the_joint_step_takes_the_gradients_of_the_two_phases():
    """All gradients at the same weights: encoders and critic as after the inference phase, decoder and prior
    as after the generation phase of a twin that skipped inference.
    """
    x, optimizer_free = tf.constant(tiny.sequences()), {"inference_steps": 1}
    joint, first, second = (
        trainer(joint_update=True, **optimizer_free),
        trainer(**optimizer_free),
        trainer(**optimizer_free),
    )
    joint.step(joint.phases[0], x, 0)
    first.step(first.phases[0], x, 0)
    second.step(second.phases[1], x, 0)
    together, inference, generation = weights(joint), weights(first), weights(second)
    for part, source in {"encoders": inference, "critic": inference, "decoder": generation,
                         "motion_prior": generation}.items():
        for a, b in zip(together[part], source[part], strict=True):
            np.testing.assert_allclose(a, b, atol=2e-5)


@pytest.mark.slow
def test_steps_descend():
    """On one batch again and again, the encoders' and the decoder's steps lower the reconstruction error."""
    made = trainer(joint_update=True, inference_steps=1, decoder_learning_rate=5e-3, encoder_learning_rate=5e-3)
    x = tf.constant(tiny.sequences())
    errors = [float(made.step(made.phases[0], x, number)["reconstruction"]) for number in range(40)]
    assert np.mean(errors[-5:]) < 0.95 * np.mean(errors[:5])


@pytest.mark.slow
def test_the_critic_ascends():
    """With encoders at rest, the critic's own steps raise MMD^2/S on a fixed batch with fixed noise."""
    made = trainer(encoder_learning_rate=0.0, critic_learning_rate=1e-2)
    x = tf.constant(tiny.sequences())
    divergence = [float(made.step(made.phases[0], x, 0)["content_divergence"]) for _ in range(30)]
    assert divergence[-1] > divergence[0] + 1e-3


@pytest.mark.slow
def test_learning_rates_fall_at_their_epochs():
    made = trainer(decoder_learning_rate=((1.5, 1e-3), (1.5, 5e-4), (4.0, 5e-4), (4.0, 1e-4)))
    found = []
    for epoch in (0, 1.49, 1.5, 3, 4, 5):
        made.follow_schedules(epoch)
        found.append(float(made.optimizers["decoder"].learning_rate.value))
    np.testing.assert_allclose(found, np.array([1, 1, 0.5, 0.5, 0.1, 0.1]) * 1e-3, rtol=1e-6)


@pytest.mark.slow
def test_the_temperature_follows_its_schedule():
    made = trainer(action_size=3, temperature=((0.0, 0.8), (4.0, 0.2, "exponential"), (6.0, 0.1)))
    for epoch, expected in ((0, 0.8), (2, 0.4), (5, 0.15), (50, 0.1)):
        made.follow_schedules(epoch)
        assert np.isclose(float(made.model.temperature.value), expected)


def test_every_weight_may_follow_a_schedule():
    """Straight lines between the points, constant before and after; a plain number is constant."""
    made = trainer(action_size=3, content_weight=((0.0, 1.0), (2.0, 5.0)), motion_weight=7.0,
                   motion_kl_weight=((1.5, 0.1), (2.0, 0.9), (4.0, 0.9), (7.0, 0.3)),
                   content_kl_weight=((1.0, 1.0), (3.0, 0.2)), action_weight=((1.0, 8.0), (3.0, 0.0)),
                   action_divergence_weight=((0.0, 0.0), (10.0, 1.0)))
    # eta: 1.6 an epoch between 1.5 and 2; -0.2 an epoch from 4 on.
    expected = {0: (1, 7, 0.1, 1, 8, 0), 1.75: (4.5, 7, 0.5, 0.7, 5, 0.175), 2: (5, 7, 0.9, 0.6, 4, 0.2),
                5: (5, 7, 0.7, 0.2, 0, 0.5), 50: (5, 7, 0.3, 0.2, 0, 1)}
    for epoch, weights in expected.items():
        made.follow_schedules(epoch)
        found = {term: float(weight) for term, weight in made.model.weights_of_terms().items()}
        names = ("content_divergence", "motion_divergence", "motion_kl", "content_kl", "action_kl", "action_divergence")
        assert found == pytest.approx({"reconstruction": 1.0, **dict(zip(names, weights, strict=True))}, rel=1e-6)


@pytest.mark.slow
def test_a_compiled_step_weighs_the_terms_by_the_schedule():
    """Two epochs of one trace: the objectives differ by what the KLs weigh more."""
    made = trainer(motion_kl_weight=((0.0, 0.1), (1.0, 0.9)), content_kl_weight=((0.0, 1.0), (1.0, 0.2)),
                   action_size=3, action_weight=((0.0, 8.0), (1.0, 2.0)),
                   encoder_learning_rate=0.0, decoder_learning_rate=0.0, critic_learning_rate=0.0)
    x, found = tf.constant(tiny.sequences()), []
    for epoch in (0, 1):
        made.follow_schedules(epoch)
        found.append({name: float(term) for name, term in made.step(made.phases[1], x, 0).items()})
    first, second = found
    assert second["motion_kl"] == first["motion_kl"] > 0
    # 0.9 - 0.1 more of the KL on z_m, 0.2 - 1 of that on z_c, 2 - 8 of that on the action.
    expected = (first["objective"] + 0.8 * first["motion_kl"] - 0.8 * first["content_kl"] - 6 * first["action_kl"])
    np.testing.assert_allclose(second["objective"], expected, rtol=1e-5)


@pytest.mark.parametrize("changes", [
    {"content_divergence": "adversarial", "joint_update": True, "inference_steps": 1, "decoder": "dense"},
    *(pytest.param(changes, marks=pytest.mark.exhaustive) for changes in (
        {"content_divergence": "scaled_mmd", "action_size": 3, "action_divergence_weight": 2.0,
         "motion_given_action": True},
        {"model": "ds_vae", "motion_kl_prior": "free", "content_kl_weight": 1.0},
        {"model": "c_dsvae", "content_kl_weight": 1.0},
        {"model": "mocogan", "action_size": 3, "instance_noise": 0.1, "l2_weight": 1e-3})),
], ids=["adversarial", "scaled_mmd", "ds_vae", "c_dsvae", "mocogan"])
@pytest.mark.slow
def test_one_and_two_replicas_end_with_the_same_weights(two_replicas, changes):
    """The same global batch: codes gathered, noise cut by row, batch statistics over all rows."""
    one, two = trainer(batch_size=8, **changes), trainer(two_replicas, batch_size=8, **changes)
    batches = tf.data.Dataset.from_tensor_slices(tiny.sequences(batch=48)).batch(8, drop_remainder=True)
    split = iter(two_replicas.experimental_distribute_dataset(batches))
    found = {}
    for number, (x, rows) in enumerate(zip(batches, split, strict=True)):
        for made, part in ((one, x), (two, rows)):
            terms = made.step(made.phases[number % len(made.phases)], part, number)
            found[made] = {name: float(value) for name, value in terms.items()}
        for name, value in found[one].items():
            np.testing.assert_allclose(found[two][name], value, rtol=1e-3, atol=1e-4, err_msg=name)
    ours, theirs = weights(one), weights(two)
    for part in ours:
        for a, b in zip(ours[part], theirs[part], strict=True):
            np.testing.assert_allclose(a, b, atol=3e-5, err_msg=part)
    for a, b in zip(one.model.non_trainable_variables, two.model.non_trainable_variables, strict=True):
        if a.dtype == "float32":
            np.testing.assert_allclose(a.value.numpy(), b.value.numpy(), rtol=1e-3, atol=1e-4, err_msg=a.path)


@pytest.mark.exhaustive  # test_distribution.py has what is joined for each scope
def test_per_replica_mmd_differs_from_the_global_one(two_replicas):
    """What `mmd_scope` chooses: the mean of two MMDs over half the rows is not the MMD over all."""
    found = []
    for scope in ("global", "replica"):
        made = trainer(two_replicas, mmd_scope=scope, batch_size=8)
        data = tf.data.Dataset.from_tensors(tiny.sequences(batch=8)).unbatch().batch(8)
        x = next(iter(two_replicas.experimental_distribute_dataset(data)))
        found.append(float(made.step(made.phases[0], x, 0)["motion_divergence"]))
    assert abs(found[0] - found[1]) > 1e-4


@pytest.mark.slow
def test_a_trainer_goes_with_its_last_name():
    """What it has compiled does not hold it, its optimizers and its model for the rest of the process."""
    made = trainer()
    made.step(made.phases[0], tf.constant(tiny.sequences()), 0)
    gone = weakref.ref(made.model)
    del made
    gc.collect()
    assert gone() is None


@pytest.mark.slow
def test_bfloat16_moves_float32_weights_nearly_alike_and_leaves_the_verbs_alone():
    x, found = tf.constant(tiny.sequences()), {}
    for precision in ("float32", "bfloat16"):
        made = trainer(joint_update=True, inference_steps=1, precision=precision)
        codes = made.model.encode(tiny.sequences())
        terms = made.step(made.phases[0], x, 0)
        found[precision] = codes, {name: float(value) for name, value in terms.items()}
        assert {variable.dtype for variable in made.model.trainable_variables} == {"float32"}
    for exact, rounded in zip(found["float32"][0][:2], found["bfloat16"][0][:2], strict=True):
        np.testing.assert_array_equal(exact, rounded)
    exact, rounded = found["float32"][1]["reconstruction"], found["bfloat16"][1]["reconstruction"]
    # 8 bits of mantissa: each factor is off by 2^-9 of itself at most.
    assert exact != rounded and rounded == pytest.approx(exact, rel=0.01)
