import numpy as np
import pytest
import tensorflow as tf

from rwae_tf import reconstruction

RNG = np.random.default_rng(0)
X = RNG.uniform(size=(3, 2, 4, 4, 1)).astype(np.float32)
LOGITS = RNG.normal(size=X.shape).astype(np.float32)
SIGMOID = 1 / (1 + np.exp(-LOGITS))


def cost(x, logits, kind, modality):
    return reconstruction.cost(x, reconstruction.likelihood(tf.convert_to_tensor(logits), kind, modality))


def test_output_is_sigmoid_for_video_and_linear_for_speech():
    np.testing.assert_allclose(reconstruction.output(LOGITS, "video"), SIGMOID, rtol=1e-5)
    np.testing.assert_array_equal(reconstruction.output(LOGITS, "speech"), LOGITS)


@pytest.mark.parametrize("modality, x_hat", [("video", SIGMOID), ("speech", LOGITS)])
def test_squared_error_is_summed_over_a_sequence_and_averaged_over_the_batch(modality, x_hat):
    expected = ((X - x_hat) ** 2).sum() / 3
    found = tf.function(cost)(X, LOGITS, "squared_error", modality)
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_a_batch_of_millions_of_pixels_is_summed_exactly_enough():
    x, logits = RNG.uniform(size=(60, 8, 64, 64, 3)), RNG.normal(size=(60, 8, 64, 64, 3))
    expected = ((x - 1 / (1 + np.exp(-logits))) ** 2).sum() / 60
    found = cost(x.astype(np.float32), tf.constant(logits, tf.float32), "squared_error", "video")
    assert float(found) == pytest.approx(expected, rel=1e-6)


def test_speech_frames_have_one_axis():
    x, x_hat = X.reshape(3, 4, 8), LOGITS.reshape(3, 4, 8)
    found = cost(x, x_hat, "squared_error", "speech")
    assert float(found) == pytest.approx(((x - x_hat) ** 2).sum() / 3, rel=1e-5)


def test_bernoulli_is_the_cross_entropy():
    expected = -(X * np.log(SIGMOID) + (1 - X) * np.log(1 - SIGMOID)).sum() / 3
    found = tf.function(cost)(X, LOGITS, "bernoulli", "video")
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_normal_is_half_the_squared_error_and_the_constant():
    expected = ((X - SIGMOID) ** 2).sum() / 3 / 2 + X[0].size / 2 * np.log(2 * np.pi)
    found = tf.function(cost)(X, LOGITS, "normal", "video")
    assert float(found) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", ["squared_error", "bernoulli"])
def test_extreme_logits(kind):
    # One pixel, x = 1, logit -1000: x_hat = 0, so the squared error is 1 and flat; the cross-entropy is
    # 1000 with derivative x_hat - x = -1. The other pixel, x = 0.25, logit 1000: 0.5625 flat; 750 and 0.75.
    x, logits = tf.constant([[[1.0]], [[0.25]]]), tf.constant([[[-1000.0]], [[1000.0]]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        found = cost(x, logits, kind, "video")
    value, slopes = {"squared_error": (1.5625, [0, 0]), "bernoulli": (1750.0, [-1, 0.75])}[kind]
    assert float(found) == pytest.approx(value / 2)
    np.testing.assert_allclose(tf.squeeze(tape.gradient(found, logits)), np.array(slopes) / 2)
