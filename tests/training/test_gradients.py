"""Gradient norms of the terms on the encoders: beside a tape of each term, and nothing of the model changed."""

import numpy as np
import pytest
import tensorflow as tf
import tiny

from rwae_tf.noise import BatchNoise
from rwae_tf.training.gradients import GradientNorms


@pytest.mark.parametrize("changes", [
    pytest.param({"content_kl_weight": 0.5, "action_size": 3}, id="mmd, action", marks=pytest.mark.slow),
    pytest.param({"content_divergence": "adversarial"}, id="gan")])
def test_norms_are_those_of_each_weighted_term(changes):
    model, x = tiny.build(**changes), tiny.sequences()
    before = [v.numpy() for v in model.weights]
    found = GradientNorms(model)(x)
    for value, variable in zip(before, model.weights, strict=True):  # averages of batch norms, too
        np.testing.assert_array_equal(value, variable.numpy())

    variables = [v for layer in model.parts()["encoders"] for v in layer.trainable_variables]
    weights = {term: float(weight) for term, weight in model.weights_of_terms().items()}
    assert set(found) == {term for term, weight in weights.items() if weight}
    for term in found:
        with tf.GradientTape() as tape:
            for variable in variables:
                tape.watch(variable.value)
            value = weights[term] * model.losses(
                tf.constant(x), BatchNoise(tf.zeros([2], tf.int32), len(x)), lambda rows: rows)[term]
        gradient = tape.gradient(value, [v.value for v in variables], unconnected_gradients="zero")
        expected = np.sqrt(sum(np.square(g.numpy()).sum() for g in gradient))
        assert found[term] == pytest.approx(expected, rel=1e-3), term
