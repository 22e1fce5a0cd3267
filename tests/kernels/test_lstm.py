"""The LSTMs against Keras's, whose gradients TensorFlow finds step by step."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from rwae_tf import distributions
from rwae_tf.kernels import lstm, recurrence
from rwae_tf.layers.gaussian_lstm import GaussianLSTM
from rwae_tf.layers.policy import Policy

T, B, D, H = 5, 3, 2, 4


@pytest.fixture(params=["written out", "loop"])
def form(request, monkeypatch):
    if request.param == "loop":
        monkeypatch.setattr(recurrence, "_UNROLLED", 0)


def normal(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


def gradients(function, inputs, variables):
    """Outputs, and gradients of their sum weighted unevenly in the inputs and variables."""
    @tf.function
    def compute(*inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = tf.nest.flatten(function(*inputs))
            loss = tf.add_n([tf.reduce_sum(y * normal(*y.shape, seed=i)) for i, y in enumerate(outputs)])
        return [*outputs, *tape.gradient(loss, [*inputs, *variables])]
    return [array.numpy() for array in compute(*inputs)]


def same(ours, theirs):
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("backwards", [False, True])
def test_lstm_is_that_of_keras(form, backwards):
    ours, theirs = lstm.LSTM(H, backwards), keras.layers.LSTM(H, return_sequences=True, go_backwards=backwards)
    x = normal(B, T, D)
    for layer in (ours, theirs):
        layer.build(x.shape)
    for a, b in zip(ours.weights, theirs.weights, strict=True):
        a.assign(normal(*a.shape, seed=7))
        b.assign(a)
    order = -1 if backwards else 1  # Keras gives the outputs in the order in which it reads
    found = gradients(ours, [x], [w.value for w in ours.weights])
    same(found, gradients(lambda x: theirs(x)[:, ::order], [x], [w.value for w in theirs.weights]))
    np.testing.assert_allclose(ours(x), found[0], atol=1e-6)  # outside a graph, too


@pytest.mark.parametrize("backwards", [False, True])
def test_last_is_the_output_at_the_frame_that_is_read_last(form, backwards):
    last, whole, x = lstm.LSTM(H, backwards, last=True), lstm.LSTM(H, backwards), normal(B, T, D)
    for layer in (last, whole):
        layer.build(x.shape)
        layer.set_weights([normal(*weight.shape, seed=7) for weight in layer.weights])
    at = 0 if backwards else -1
    same(gradients(last, [x], [w.value for w in last.weights]),
         gradients(lambda x: whole(x)[:, at], [x], [w.value for w in whole.weights]))


@pytest.mark.slow
@pytest.mark.parametrize("of", ["lstm", "given", "sample"])
def test_bfloat16_rounds_what_is_multiplied_and_returns_float32(form, of):
    layer = lstm.LSTM(H, precision="bfloat16") if of == "lstm" else gaussian(0 if of == "given" else 3, "bfloat16")
    x = normal(B, T, 3 if of == "sample" else D)
    if of == "lstm":
        layer.build(x.shape)

    def function(x, training=False):
        if of == "sample":
            return layer.sample(normal(B, T, D, seed=1), x, training=training)
        return (layer.given if of == "given" else layer)(x, training=training)

    weights = [w.value for w in layer.weights]
    exact = gradients(function, [x], weights)
    found = gradients(functools.partial(function, training=True), [x], weights)
    for a, b in zip(found, exact, strict=True):
        # Three roundings of 2^-9 a step, in five steps that feed one another: 2^-5 of the largest is what they leave.
        assert a.dtype == np.float32 and np.abs(a - b).max() <= 2**-5 * np.abs(b).max()
    rounded = [not np.array_equal(a, b) for a, b in zip(found, exact, strict=True)]
    # All but the gradient of the bias of loc in `given`, a sum of what comes from outside.
    assert sum(rounded) == len(rounded) - (of == "given")


def step_by_step(layer, noise, x=None):
    """`GaussianLSTM.sample` by Keras's cell, one frame after the other."""
    rows = noise.shape[0]
    z, states, found = tf.zeros([rows, layer.size]), [tf.zeros([rows, H])] * 2, []
    for t in range(noise.shape[1]):
        output, states = layer.cell(z if x is None else tf.concat([x[:, t], z], -1), states)
        loc, scale = layer.loc(output), distributions.scale(layer.raw_scale(output))
        z = loc + scale * noise[:, t]
        found.append((z, loc, scale))
    return [tf.stack(arrays, 1) for arrays in zip(*found, strict=True)]


def gaussian(features, precision="float32"):
    layer = GaussianLSTM(Policy(precision=precision), D, H)
    layer.build(features)
    for i, weight in enumerate(layer.weights):
        weight.assign(normal(*weight.shape, seed=i))
    return layer


@pytest.mark.parametrize("features", [0, 6])
def test_samples_go_back_into_the_lstm(form, features):
    layer, noise = gaussian(features), normal(B, T, D, seed=20)
    inputs = [noise, normal(B, T, features, seed=21)] if features else [noise]
    variables = [w.value for w in layer.weights]
    same(gradients(layer.sample, inputs, variables),
         gradients(lambda *inputs: step_by_step(layer, *inputs), inputs, variables))


def test_initial_scale():
    layer = GaussianLSTM(Policy(), D, H, initial_scale=0.3)
    layer.build(0)
    # With h = 0 the raw scale is its bias.
    np.testing.assert_allclose(distributions.scale(layer.raw_scale(tf.zeros([1, H]))), 0.3, rtol=1e-5)


@pytest.mark.parametrize("rows", [None, 1, B])
@pytest.mark.parametrize("features", [0, 6])
def test_any_length_in_one_trace(rows, features):
    layer = gaussian(features)
    specs = [tf.TensorSpec([rows, None, D])] + ([tf.TensorSpec([None, None, features])] if features else [])
    call = tf.function(layer.sample, input_signature=specs)
    for length in (5, 40):
        inputs = [normal(rows or 2, length, spec.shape[-1]) for spec in specs]
        for array, expected in zip(call(*inputs), layer.sample(*inputs), strict=True):
            np.testing.assert_allclose(array, expected, atol=1e-6)
