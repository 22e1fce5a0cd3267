"""TensorFlow-GAN loads here, and its functions are the formulas of the paper."""

import numpy as np
import pytest
import tensorflow as tf

from rwae_tf.compat import tfgan

LOGITS = np.random.default_rng(0).normal(0, 3, (2, 7, 1)).astype(np.float32)


def sigmoid(a):
    return 1 / (1 + np.exp(-a.astype(np.float64)))


def test_classifier_score_is_the_printed_inception_score():
    # exp of the mean over samples of sum_y p(y|v) log(p(y|v) / p(y)), with p(y) their mean.
    logits = np.random.default_rng(0).normal(size=(20, 5)) * 3
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    marginal = [sum(row[k] for row in p) / len(p) for k in range(5)]
    divergences = [sum(row[k] * np.log(row[k] / marginal[k]) for k in range(5)) for row in p]
    assert float(tfgan.classifier_score(logits)) == pytest.approx(np.exp(np.mean(divergences)), rel=1e-9)


@pytest.mark.parametrize("call", [lambda f: f, tf.function, lambda f: tf.function(f, jit_compile=True)])
def test_losses_are_those_of_eq_23(call):
    real, generated = LOGITS
    value = np.mean(np.log(sigmoid(real))) + np.mean(np.log(1 - sigmoid(generated)))
    assert float(call(tfgan.discriminator_loss)(real, generated)) == pytest.approx(-value, rel=1e-5)
    assert float(call(tfgan.generator_loss)(generated)) == pytest.approx(-np.mean(np.log(sigmoid(generated))), rel=1e-5)


def test_gradients_of_losses_stay_finite_where_a_discriminator_is_certain():
    # d/dlogit of -log D is D - 1, that of -log(1 - D) is D; each over the number of samples.
    logit = tf.constant([[-500.0], [500.0]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logit)
        ours, theirs = tfgan.generator_loss(logit), tfgan.discriminator_loss(tf.zeros_like(logit), logit)
    np.testing.assert_allclose(tape.gradient(ours, logit), [[-0.5], [0.0]])
    np.testing.assert_allclose(tape.gradient(theirs, logit), [[0.0], [0.5]])


def test_losses_leave_nothing_in_global_collections():
    with tf.Graph().as_default():
        tfgan.discriminator_loss(*map(tf.constant, LOGITS))
        tfgan.generator_loss(tf.constant(LOGITS[0]))
        assert tf.compat.v1.losses.get_losses() == []
