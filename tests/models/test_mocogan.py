"""MoCoGAN: sizes of its networks, what each of its three steps sees and moves, its losses, no encoder."""

import numpy as np
import pytest
import tensorflow as tf
import tiny

from rwae_tf import generate
from rwae_tf.errors import InputError
from rwae_tf.layers import discriminators
from rwae_tf.layers.policy import Policy
from rwae_tf.models import mocogan
from rwae_tf.noise import BatchNoise
from rwae_tf.runs import run_dir
from rwae_tf.serving import model_card, saved_model, signatures
from rwae_tf.training.trainer import Trainer

STEPS = ["image_discriminator", "video_discriminator", "generator"]
X = tiny.sequences()


def build(**changes):
    return tiny.build(model="mocogan", **{"action_size": 3, **changes})


def noise(number):
    return BatchNoise(np.array([0, number], np.int32), len(X))


def parameters(layer):
    return sum(int(np.prod(weight.shape)) for weight in layer.trainable_variables)


def test_networks_have_the_parameters_of_the_paper():
    """64x64 frames, 16 of them, z of 50 + 10; batch norms have two numbers a channel."""
    generator = mocogan.FrameGenerator(Policy(), (64, 64, 3), 64)
    frames = discriminators.FrameDiscriminator(Policy(), 64)
    clips = discriminators.ClipDiscriminator(Policy(), 64, 16, 64, 1)
    made = generator(tf.zeros([1, 60]))
    assert made.shape == (1, 64, 64, 3)
    assert frames(made).shape == (1, 4, 4, 1)
    assert clips(tf.zeros([1, 16, 64, 64, 3])).shape == (1, 1, 1, 1, 1)
    to_colours = 16 * 64 * 3 + 3
    assert parameters(generator) == (
        16 * (60 * 512 + 512 * 256 + 256 * 128 + 128 * 64) + 2 * (512 + 256 + 128 + 64) + to_colours)
    assert parameters(frames) == (
        16 * (3 * 64 + 64 * 128 + 128 * 256 + 256) + 64 + 1 + 2 * (128 + 256))
    assert parameters(clips) == (
        64 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512) + 64 + 1 + 2 * (128 + 256 + 512))
    assert parameters(build(motion_size=10).motion) == 3 * (10 * 10 + 10 * 10 + 2 * 10)  # two biases, as in PyTorch


@pytest.mark.parametrize("length, count, kernels", [
    (16, 5, [4, 4, 4, 4, 4]), (20, 5, [4, 4, 4, 4, 4]), (10, 5, [4, 4, 4, 1, 1]), (8, 5, [4, 4, 2, 1, 1]),
    (16, 4, [4, 4, 4, 4]), (1, 3, [1, 1, 1]),
])
def test_short_clips_take_fewer_temporal_kernels(length, count, kernels):
    assert discriminators.temporal_kernels(length, count) == kernels


@pytest.fixture(scope="module")
def seen():
    """Of every step, what either discriminator saw: {step: [(layer, input), ...]}, and the model."""
    model, found = build(), {}

    def watch(layer, name, calls):
        def called(x, training=False):
            calls.append((name, x.numpy()))
            return type(layer).call(layer, x, training=training)
        return called

    for number, step in enumerate(STEPS):
        found[step] = []
        for name in STEPS[:2]:
            layer = getattr(model, name)
            layer.call = watch(layer, name, found[step])
        model.phase_losses(step, tf.constant(X), noise(number), lambda rows: rows)
    return found


def test_the_image_discriminator_sees_a_frame_of_each_clip(seen):
    (one, real), (two, made) = seen["image_discriminator"]
    assert one == two == "image_discriminator" and real.shape == made.shape == (4, 16, 16, 3)
    chosen = np.abs(real[:, None] - (2 * X - 1)).max((2, 3, 4)).argmin(1)
    np.testing.assert_allclose(real, (2 * X - 1)[np.arange(4), chosen], atol=1e-6)
    model, found = build(), set()
    for number in range(20):  # drawn, and evenly: 80 draws leave out one of 4 frames with a probability of 4e-10
        frames = mocogan._one_frame(tf.constant(X), noise(number), "real_frame").numpy()
        found |= set(np.abs(frames[:, None] - X).max((2, 3, 4)).argmin(1).tolist())
    assert found == {0, 1, 2, 3} and model.phases()[0].name == "image_discriminator"


def test_the_video_discriminator_sees_whole_clips(seen):
    (one, real), (two, made) = seen["video_discriminator"]
    assert one == two == "video_discriminator"
    np.testing.assert_allclose(real, 2 * X - 1, atol=1e-6)
    assert made.shape == real.shape and np.abs(made).max() <= 1


def test_the_generator_is_seen_by_both_and_every_step_has_fakes_of_its_own(seen):
    calls = dict(seen["generator"])
    assert list(calls) == ["video_discriminator", "image_discriminator"]
    clips = {"D_V": seen["video_discriminator"][1][1], "G": calls["video_discriminator"]}
    frames = {"D_I": seen["image_discriminator"][1][1], "G": calls["image_discriminator"]}
    assert np.abs(clips["D_V"] - clips["G"]).max() > 0.01 and np.abs(frames["D_I"] - frames["G"]).max() > 0.01
    for clip in clips.values():  # no frame of a step is one of a clip
        for frame in frames.values():
            assert np.abs(clip - frame[:, None]).max((2, 3, 4)).min() > 1e-3


@pytest.mark.slow
def test_steps_come_in_order_and_each_moves_its_own_part():
    made = Trainer(build(l2_weight=1e-5, instance_noise=0.1), tf.distribute.get_strategy())
    made.follow_schedules(0)
    assert [phase.name for phase in made.phases] == STEPS and [phase.repeats for phase in made.phases] == [1, 1, 1]
    for number, phase in enumerate(made.phases):
        before = {part: [weight.numpy() for weight in made.variables(part)] for part in STEPS}
        made.step(phase, tf.constant(X), number)
        for part, weights in before.items():
            matrices = [(old != weight.numpy()).any() for old, weight in
                        zip(weights, made.variables(part), strict=True) if old.ndim > 1]
            assert all(matrices) if part == phase.name else not any(matrices), (phase.name, part)


def softplus(x):
    return np.log1p(np.exp(x))


def entropy(shares, logits):
    logits = logits - logits.max(-1, keepdims=True)
    return -(shares * (logits - np.log(np.exp(logits).sum(-1, keepdims=True)))).sum(-1).mean()


@pytest.mark.parametrize("label", [None, np.array([0, 2, 1, 2], np.int32)])
def test_losses_are_those_of_numpy(label):
    """From the logits that the discriminators gave; with labels the category is learned from real clips."""
    changes, spec = {"l2_weight": 0.01, "category_weight": 0.7}, tiny.SPEC
    if label is not None:
        changes["category_training"] = "supervised"
        spec = spec._replace(factors={"hair": ("a", "b", "c"), "move": ("d", "e", "f")}, static=("hair",))
    model = tiny.build(spec=spec, model="mocogan", action_size=3, **changes)
    if label is not None:
        assert model.extras({"x": X, "labels": {"hair": label[::-1], "move": label}})["label"] is label
    logits, codes, draw = [], [], model._codes
    for name in STEPS[:2]:
        layer = getattr(model, name)
        layer.call = lambda x, training=False, layer=layer: logits.append(
            type(layer).call(layer, x, training=training)) or logits[-1]
    model._codes = lambda *args: codes.append(draw(*args)) or codes[-1]
    terms = {}
    for number, step in enumerate(STEPS):
        terms.update(model.phase_losses(step, tf.constant(X), noise(number), lambda rows: rows, label=label))
    image_real, image_made, real, made, clips, frames = (np.float64(array) for array in logits)
    half_squares = {part: sum((weight.numpy() ** 2).sum() / 2 for layer in layers for weight in
                              layer.trainable_variables) for part, layers in model.parts().items()}
    category = (entropy(np.eye(3)[label], real[..., 1:].mean((1, 2, 3))) if label is not None
                else entropy(codes[1].action.numpy(), made[..., 1:].mean((1, 2, 3))))
    asked = entropy(codes[3].action.numpy(), clips[..., 1:].mean((1, 2, 3)))
    fooled = softplus(-frames).mean(), softplus(-clips[..., 0]).mean()
    expected = {
        "image_critic": softplus(-image_real).mean() + softplus(image_made).mean()
        + 0.01 * half_squares["image_discriminator"],
        "video_critic": softplus(-real[..., 0]).mean() + softplus(made[..., 0]).mean() + 0.7 * category
        + 0.01 * half_squares["video_discriminator"],
        "category_critic": category, "image_adversarial": fooled[0], "video_adversarial": fooled[1], "category": asked,
        "weight_penalty": half_squares["generator"],
        "objective": sum(fooled) + 0.7 * asked + 0.01 * half_squares["generator"]}
    assert set(terms) == set(expected)
    np.testing.assert_allclose([float(terms[name]) for name in expected], list(expected.values()), rtol=1e-4)


def test_motion_is_the_state_of_a_gru_and_content_the_same_in_all_frames():
    model = build(motion_size=2)
    codes = model.draw(3, 5, seed=1)
    kernel, recurrent, bias = (np.asarray(weight, np.float64) for weight in model.motion.cell.weights)
    rows = mocogan.RowNoise(tf.constant([1, 2, 3]))
    steps, h = rows.normal("motion", [5, 2]).numpy(), rows.normal("first_state", [2]).numpy()
    for t in range(5):
        x, state = steps[:, t] @ kernel + bias[0], h @ recurrent + bias[1]
        update, reset = (1 / (1 + np.exp(-(x + state)[:, k:k + 2])) for k in (0, 2))
        h = update * h + (1 - update) * np.tanh(x[:, 4:] + reset * state[:, 4:])
        np.testing.assert_allclose(codes.z_m[:, t], h, atol=1e-5)
    np.testing.assert_allclose(np.sum(codes.action, -1), 1)
    np.testing.assert_allclose(model.likelihood(codes).mode(), model.decode(codes), atol=1e-6)


def test_what_needs_an_encoder_says_so_in_a_line(tmp_path, monkeypatch):
    model = build()
    for verb, given in (("encode", (X,)), ("reconstruct", (X,)), ("swap", (X, X)), ("posterior", (X,)),
                        ("parameters", (X,))):
        with pytest.raises(InputError, match=f"^{verb}: model=mocogan has no encoder; it can generate and decode$"):
            getattr(model, verb)(*given)
    with pytest.raises(InputError, match="has no density"):
        model.prior(length=3)
    monkeypatch.setattr(run_dir, "load_run", lambda folder: run_dir.Run(folder, model, {}))
    for mode in ("swap", "reconstruct", "resample_motion"):
        with pytest.raises(InputError, match=f"--mode={mode}: model=mocogan has no encoder"):
            generate.main(["generate", "--run_dir=R", f"--mode={mode}", f"--out={tmp_path}/a.png"])


def test_what_is_exported_is_what_it_has():
    model = build()
    functions = signatures.on_tensors(model, 100)
    assert list(functions) == ["generate", "decode"]
    action = tf.one_hot([0, 2], 3)
    video = functions["generate"](tf.constant([3, 4]), tf.constant([6, 6]), action)["video"]
    np.testing.assert_allclose(video, model.generate(2, 6, seed=3, action=action), atol=1e-5)
    card = model_card.write(model, functions)
    assert "It has no encoder" in card and "`serving_default` is `generate`" in card and "posterior means" not in card
    assert "| method | mocogan, 3 categories, unsupervised |" in card


@pytest.mark.slow
def test_an_exported_model_answers_as_the_model_does(tmp_path):
    model = build()
    path = saved_model.export(model, str(tmp_path))
    served = tf.saved_model.load(path).signatures
    assert set(served) == {"serving_default", "metadata",
                           *(verb + form for verb in ("generate", "decode") for form in ("", "_bytes", "_uint8"))}
    action = tf.one_hot([0, 2], 3)
    video = served["serving_default"](seed=tf.constant([3, 4]), length=tf.constant([6, 6]), action=action)["video"]
    np.testing.assert_allclose(video, model.generate(2, 6, seed=3, action=action), atol=1e-5)


@pytest.mark.parametrize("changes, spec, words", [
    ({"category_training": "supervised", "action_size": 3}, tiny.SPEC, "needs a labelled factor of as many classes"),
    ({}, tiny.SPEECH, "it generates videos; dataset=moving_shapes is speech"),
])
def test_data_that_it_is_not_for_are_refused(changes, spec, words):
    with pytest.raises(InputError, match=words):
        tiny.build(spec=spec, model="mocogan", **changes)
