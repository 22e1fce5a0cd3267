"""What is not finite: which step, term and part it is, and steps that are skipped or clipped."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

from rwae_tf import models
from rwae_tf.training import divergence, threads
from rwae_tf.training.divergence import FirstFault, WatchfulTrainer
from rwae_tf.training.trainer import Trainer

NAN, INF = float("nan"), float("inf")
PARTS = ("encoders", "critic", "decoder", "motion_prior")


def trainer(kind=Trainer, strategy=None, **changes):
    """A trainer whose motion KL has a gradient that is not a number on a batch whose first number is 0."""
    strategy = strategy or tf.distribute.get_strategy()
    keras.utils.set_random_seed(1)
    with strategy.scope():
        model = models.build(tiny.config(joint_update=True, inference_steps=1, decoder="dense", **changes), tiny.SPEC)
    losses = model.losses

    def with_a_root(x, noise, gather, **extras):
        terms = losses(x, noise, gather, **extras)
        terms["motion_kl"] += tf.sqrt(x[0, 0, 0, 0, 0] * tf.square(terms["motion_kl"]))
        return {**terms, "objective": model.objective(terms)}

    model.losses = with_a_root
    made = kind(model, strategy)
    made.follow_schedules(0)
    return made


def batch(first, rows=4):
    x = tiny.sequences(batch=rows)
    x[:, 0, 0, 0, 0] = first
    return tf.constant(x)


def state(made):
    """Everything that a step may move."""
    variables = [*made.model.variables, *(v for optimizer in made.optimizers.values() for v in optimizer.variables)]
    return [variable.value.numpy().copy() for variable in variables]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_the_first_step_term_and_part_are_named_and_the_weights_are_those_before():
    made = trainer(WatchfulTrainer)
    (phase,) = made.phases
    made.step(phase, batch(0.5), 0)
    before = [variable.value.numpy() for variable in made.model.trainable_variables]
    with pytest.raises(FirstFault) as caught:
        made.step(phase, batch(0.0), 1)
    assert str(caught.value) == ("step 1, phase joint: the gradient of motion_kl in encoders is not finite; "
                                 "the gradient of motion_kl in motion_prior is not finite")
    assert same(before, [variable.value.numpy() for variable in made.model.trainable_variables])


def test_a_step_is_skipped_or_clipped():
    """The norm of Adam's first moment after one step is (1 - beta_1) times that of the gradient."""
    made = trainer(skip_nonfinite_steps=True, clip_gradients=1e-3)
    (phase,) = made.phases
    before = state(made)
    terms = made.step(phase, batch(0.0), 0)
    assert same(before, state(made))
    assert {name: float(terms[f"skipped/{name}"]) for name in (*PARTS, "terms")} == {
        "encoders": 1, "critic": 0, "decoder": 0, "motion_prior": 1, "terms": 0}
    terms = made.step(phase, batch(np.nan), 0)
    assert same(before, state(made)) and float(terms["skipped/terms"]) == 1
    terms = made.step(phase, batch(0.5), 0)
    assert not any(float(terms[f"skipped/{name}"]) for name in (*PARTS, "terms"))
    assert not same(before, state(made))
    for part in PARTS:
        norm = float(tf.linalg.global_norm([slot.value for slot in made.optimizers[part]._momentums]))
        assert norm == pytest.approx(0.5e-3, rel=1e-4) or part == "critic" and 0 < norm < 0.5e-3


@pytest.mark.slow
def test_two_replicas_skip_and_clip_as_one(two_replicas):
    found = []
    for strategy in (None, two_replicas):
        made = trainer(strategy=strategy, batch_size=8, skip_nonfinite_steps=True, clip_gradients=1e-3)
        for number, first in enumerate((0.5, 0.0, 0.25)):
            x = batch(first, 8)
            if strategy:
                data = tf.data.Dataset.from_tensor_slices(x).batch(8)
                x = next(iter(two_replicas.experimental_distribute_dataset(data)))
            terms = made.step(made.phases[0], x, number)
            assert bool(float(terms["skipped/encoders"])) == (first == 0)
        found.append([variable.value.numpy() for variable in made.model.trainable_variables])
    for one, two in zip(*found, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-4)


@pytest.mark.parametrize("terms, norms, parts, says", [
    ({"kl": INF, "objective": INF}, {"encoders": {"kl": NAN, "mse": 1.0, "objective": NAN}}, ["encoders"],
     "kl is inf; the gradient of kl in encoders is not finite"),
    ({"critic": NAN}, {"critic": {"critic": NAN}}, ["critic"],
     "critic is nan; the gradient of critic in critic is not finite"),
    ({"kl": 1.0, "objective": 2.0}, {"encoders": {"kl": 1.0, "objective": INF}}, [],
     "the gradient of objective in encoders is not finite"),
    ({"objective": 1.0}, {}, ["decoder"], "weights of decoder are not finite after it"),
    ({"objective": 1.0}, {"decoder": {"objective": 2e30}}, ["decoder"],
     "the update makes weights of decoder infinite, from a gradient of norm 2e+30"),
])
def test_words(terms, norms, parts, says):
    assert divergence.describe(terms, norms, parts) == says


def test_a_run_that_does_not_diverge_again_is_said_to():
    class Loop:
        def repeat(self, iteration):
            assert iteration == 7

    error = divergence.Diverged(7, "kl is nan", "run/checkpoints/ckpt-4")
    assert str(error) == (
        "training diverged before iteration 7: kl is nan; last good checkpoint: run/checkpoints/ckpt-4; lower the "
        "learning rates or the weights, in a new --run_dir, or go on from there with --clip_gradients or "
        "--skip_nonfinite_steps")
    assert str(divergence.explain(error, Loop())) == (
        f"{error}; the same steps did not diverge when they were repeated")


def test_threads(monkeypatch):
    monkeypatch.setattr(tf.config.threading, "get_intra_op_parallelism_threads", lambda: 0)
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    assert threads.count() == 3
    assert threads.difference(3) == threads.difference(None) == ""
    assert threads.difference(2).startswith("this run was trained with 2 threads and goes on with 3: ")
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "many")
    assert threads.count() >= 1
