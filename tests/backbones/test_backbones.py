"""What every backbone of pictures must do: shapes, gradients, batches, checkpoints, export."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

from rwae_tf import backbones
from rwae_tf.config import flags
from rwae_tf.layers.attention import SelfAttention
from rwae_tf.layers.policy import Policy
from rwae_tf.runs.checkpoints import Checkpoints, Counters
from rwae_tf.serving import saved_model

SIZES = {"channels": 4, "feature_size": 8}
KINDS = {
    "dcgan": {}, "biggan": {"decoder_channels": 3}, "text_filter": {"decoder_channels": 3},
    "biggan,concatenation": {"conditioning": "concatenation"}, "ds_vae256": {"size": 64, "channels": 1},
}
BATCH_NORM = {"dcgan": "both", "ds_vae256": "both", "text_filter": "none"}  # of biggan the decoder
FAST = ("dcgan", "biggan", "text_filter")
RNG = np.random.default_rng(0)


def build(kind, colours=3):
    """Encoder and decoder, and frames and features for them."""
    config = tiny.config(backbone=kind.partition(",")[0], **{**SIZES, **KINDS[kind]})
    shape = (config.data.size, config.data.size, colours)
    encoder, decoder = backbones.build(Policy(), config.model, shape)
    x, h = (tf.constant(RNG.normal(size=(5, *size)).astype(np.float32)) for size in (shape, (8,)))
    return encoder, decoder, x, h


@pytest.fixture(scope="module", params=[
    kind if kind in FAST else pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS])
def made(request):
    return (request.param, *build(request.param))


def test_every_choice_of_the_flag_is_here():
    choices = flags.new()
    flags.define_config(choices)
    assert {kind.partition(",")[0] for kind in KINDS} | {"speech"} == set(choices["backbone"].parser.enum_values)
    assert set(backbones._FAMILIES) == set(choices["backbone"].parser.enum_values)


def test_shapes_of_any_batch_in_one_trace(made):
    _, encoder, decoder, x, h = made
    for layer, given, shape in ((encoder, x, h.shape), (decoder, h, x.shape)):
        layer(given)
        call = tf.function(layer, input_signature=[tf.TensorSpec([None, *given.shape[1:]])])
        whole = call(given)
        assert whole.shape == shape
        # Outside training a row knows nothing of the others.
        np.testing.assert_allclose(call(given[3:4]), whole[3:4], atol=1e-5)
        assert np.std(whole, 0).mean() > 1e-4


def test_gradients_reach_every_weight_and_every_input(made):
    _, encoder, decoder, x, h = made
    for layer, given in ((encoder, x), (decoder, h)):
        layer(given)
        for part in layer._layers:
            if isinstance(part, SelfAttention):  # at its first gain, 0, nothing passes
                part.gain.assign(0.5)
        with tf.GradientTape() as tape:
            tape.watch(given)
            y = layer(given, training=True)
            loss = tf.reduce_mean(y * RNG.normal(size=y.shape).astype(np.float32))
        variables = layer.trainable_variables
        gradients = tape.gradient(loss, [given, *(variable.value for variable in variables)])
        for name, gradient in zip(["input", *(v.path for v in variables)], gradients, strict=True):
            assert gradient is not None and np.abs(gradient).max() > 1e-6, name
        # Of h every part: each enters at another depth.
        assert (np.abs(gradients[0]).reshape(5, 8, -1).max((0, 2)) > 1e-6).all()


def test_training_normalises_by_the_batch_and_moves_averages(made):
    kind, encoder, decoder, x, h = made
    for layer, given, name in ((encoder, x, "encoder"), (decoder, h, "decoder")):
        before = [v.numpy().copy() for v in layer.non_trainable_variables]
        at_rest = layer(given).numpy()
        for a, b in zip(before, layer.non_trainable_variables, strict=True):
            np.testing.assert_array_equal(a, b.numpy())
        trained = layer(given, training=True).numpy()
        moved = [(a != b.numpy()).any() for a, b in zip(before, layer.non_trainable_variables, strict=True)]
        if BATCH_NORM.get(kind, "decoder") in (name, "both"):
            assert moved and all(moved) and np.abs(trained - at_rest).max() > 1e-4
        else:
            assert not moved
            np.testing.assert_array_equal(trained, at_rest)


def test_a_checkpoint_brings_every_weight_back(made, tmp_path):
    """Averages too, and each to its place."""
    kind, _, decoder, _, h = made
    decoder(h, training=True)
    Checkpoints(str(tmp_path), decoder, {}, Counters()).save()
    keras.utils.set_random_seed(2)  # other weights
    _, other, _, _ = build(kind)
    assert np.abs(other(h) - decoder(h)).max() > 1e-3
    assert [v.shape for v in other.variables] == [v.shape for v in decoder.variables]
    assert Checkpoints(str(tmp_path), other, {}, Counters()).restore()
    np.testing.assert_allclose(other(h), decoder(h), atol=1e-6)


@pytest.mark.slow
def test_grey_frames():
    for kind in ("biggan", "text_filter"):
        encoder, decoder, x, h = build(kind, colours=1)
        assert encoder(x).shape == h.shape and decoder(h).shape == x.shape == (5, 16, 16, 1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [
    pytest.param("biggan", marks=pytest.mark.exhaustive), "text_filter"])  # tests/serving exports a BigGAN too
def test_exported_model_answers_as_the_model_does(kind, tmp_path):
    keras.backend.clear_session()
    model = tiny.build(backbone=kind)
    for weight in model.variables:
        if weight.path.endswith(("gain", "moving_mean")):  # at 0 at first
            weight.assign(weight + 0.3)
    loaded = tf.saved_model.load(saved_model.export(model, str(tmp_path))).signatures
    x = tiny.sequences(batch=2, length=3)
    found = loaded["reconstruct"](video=tf.constant(x))["video"]
    np.testing.assert_allclose(found, model.reconstruct(x), atol=1e-5)
    owned = [v.path for part in model.parts().values() for layer in part for v in layer.trainable_variables]
    assert sorted(owned) == sorted(v.path for v in model.trainable_variables) and len(owned) == len(set(owned))
