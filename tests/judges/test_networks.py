"""The networks of a judge: what they can see, how they are fitted, how they are counted."""

import numpy as np
import pytest

from rwae_tf.judges import fit, network_training, networks
from rwae_tf.types import SequenceSpec

SPEC = SequenceSpec((16, 16, 1), 6, "video", {"shape": ("bar", "dot"), "way": ("right", "left")}, ("shape",))


def clips(count, seed, labels=None):
    """A bar or a dot that moves a pixel a frame to the right or the left: {"x", "labels"}, B = count."""
    draw = np.random.default_rng(seed)
    shape, way = draw.integers(0, 2, (2, count)) if labels is None else labels
    x = np.zeros((count, 6, 16, 16, 1), np.float32)
    for b in range(count):
        left, top = draw.integers(6, 8), draw.integers(2, 10)
        for t in range(6):
            at = left + (t if way[b] == 0 else 5 - t) - 2
            x[b, t, top:top + (4 if shape[b] == 0 else 2), at:at + 2] = 1
    return {"x": x, "labels": {"shape": shape.astype(np.int32), "way": way.astype(np.int32)}}


def endless(count):
    """New clips for ever."""
    seed = 1000
    while True:
        yield clips(count, seed)
        seed += 1


@pytest.mark.slow
def test_convolutional_judge_learns_what_needs_the_order_of_frames():
    made, held_out = networks.Judge("convolutional", SPEC), clips(200, 1)
    steps = network_training.train(made, endless(32), lambda: [held_out], 200)
    found = fit.accuracies(fit.confusion(made, [clips(300, 2)]))
    # Played backwards a clip goes the other way, so the frames alone say nothing.
    assert found["way"] > 0.97 and found["shape"] > 0.97
    assert steps <= 200
    backwards = clips(300, 2)
    backwards["x"] = backwards["x"][:, ::-1]
    found = fit.accuracies(fit.confusion(made, [backwards]))
    assert found["way"] < 0.03 and found["shape"] > 0.97


def test_static_factors_do_not_see_the_order_of_frames():
    made = networks.Judge("convolutional", SPEC, seed=3)
    x = np.random.default_rng(0).random((5, 6, 16, 16, 1), np.float32)
    one, two = made(x), made(x[:, [3, 0, 5, 1, 4, 2]])
    np.testing.assert_allclose(one["shape"], two["shape"], atol=1e-5)
    assert np.abs(one["way"] - two["way"]).max() > 1e-4


def test_places_are_where_a_detector_answers():
    answers = np.zeros((2, 5, 5, 3), np.float32)
    answers[0, 4, 0, 0] = answers[0, 0, 2, 1] = answers[1, 2, 3, 2] = 100  # y, x of one strong answer each
    found = networks._places(answers).numpy()  # y of the detectors, then x
    np.testing.assert_allclose(found[0], [1, -1, 0, -1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(found[1], [0, 0, 0, 0, 0, 0.5], atol=1e-6)  # no answer anywhere: the middle
    between = np.zeros((1, 5, 5, 1), np.float32)
    between[0, 2, 3] = between[0, 2, 4] = 100
    np.testing.assert_allclose(networks._places(between), [[0, 0.75]], atol=1e-6)


def test_static_factors_do_not_see_the_place():
    made = networks.Judge("convolutional", SPEC, seed=3)
    one, other = np.zeros((2, 1, 6, 16, 16, 1), np.float32)
    one[:, :, 6:8, 5:7], other[:, :, 8:10, 7:9] = 1, 1  # two pixels on, the stride of the detectors
    np.testing.assert_allclose(made(one)["shape"], made(other)["shape"], atol=1e-6)
    assert np.abs(made(one)["way"] - made(other)["way"]).max() > 1e-5


@pytest.mark.parametrize("size, strides", [(16, 1), (32, 2), (64, 3)])
def test_frames_are_halved_down_to_eight_by_eight(size, strides):
    spec = SPEC._replace(frame_shape=(size, size, 3), length=2)
    made = networks.Judge("convolutional", spec)
    kernels = [w.shape for w in made.network.get_weights() if w.ndim == 4]
    assert len(kernels) == strides + 2 and kernels[0][:3] == (5, 5, 3)
    p, features = made.read(np.zeros((3, 2, size, size, 3), np.float32))
    assert p["shape"].shape == (3, 2) and features.shape == (3, 128 + 64)


def test_changes_are_seen_beside_the_frames():
    made = networks.Judge("changes", SPEC, seed=3)
    plain = networks.Judge("convolutional", SPEC._replace(frame_shape=(16, 16, 2)))
    x = np.random.default_rng(0).random((5, 6, 16, 16, 1), np.float32)
    plain.network.set_weights(made.network.get_weights())
    one, two = made(x), plain(np.concatenate([x, 4 * (x - x.mean(1, keepdims=True))], -1))
    for factor in SPEC.factors:
        np.testing.assert_allclose(one[factor], two[factor], atol=1e-6)


def test_linear_judge_is_linear_in_pooled_pixels():
    made = networks.Judge("linear", SPEC, seed=1)
    x = np.random.default_rng(0).random((7, 6, 16, 16, 1), np.float32)
    pooled = np.zeros((7, 6, 4, 4), np.float32)
    for i in range(4):
        for j in range(4):
            pooled[:, :, i, j] = x[:, :, 4 * i:4 * i + 4, 4 * j:4 * j + 4, 0].mean((2, 3))
    kernels = made.network.get_weights()  # shape's kernel and bias, way's kernel and bias
    logits = np.concatenate([pooled.reshape(7, -1) @ kernels[0] + kernels[1],
                             pooled.reshape(7, -1) @ kernels[2] + kernels[3]], 1)
    p, features = made.read(x)
    np.testing.assert_allclose(features, logits, atol=1e-5)
    np.testing.assert_allclose(p["way"][:, 0], 1 / (1 + np.exp(logits[:, 3] - logits[:, 2])), atol=1e-5)


def test_fit_keeps_the_weights_that_did_best_on_held_out_clips():
    # Held-out clips with the other labels: the better the fit, the worse they are read. So the first look is
    # the best but for chance, and training ends after the looks that it is allowed to wait.
    made, other = networks.Judge("linear", SPEC), clips(200, 1)
    other["labels"] = {factor: 1 - label for factor, label in other["labels"].items()}
    looks = []

    def held_out():
        looks.append(made.network.get_weights())
        return [other]

    steps = network_training.train(made, endless(32), held_out, 400)
    losses = []
    for weights in looks:
        made.network.set_weights(weights)
        losses.append(np.mean([-np.log(p[np.arange(200), other["labels"][factor]])
                               for factor, p in made(other["x"]).items()]))
    best = int(np.argmin(losses))
    assert len(looks) == best + 1 + network_training.PATIENCE and steps == 20 * len(looks)  # one every 400 / 20 steps
    again = networks.Judge("linear", SPEC)
    network_training.train(again, endless(32), lambda: [other], 400)
    for kept, wanted in zip(again.network.get_weights(), looks[best], strict=True):
        np.testing.assert_allclose(kept, wanted, rtol=1e-4, atol=1e-5)


def test_training_ends_when_there_is_nothing_left_to_learn(monkeypatch):
    monkeypatch.setattr(network_training, "SOLVED", 10.0)
    made = networks.Judge("linear", SPEC)
    assert network_training.train(made, endless(8), lambda: [clips(20, 1)], 400) == 20  # at the first look


def test_without_motion_a_few_frames_are_enough_to_learn_from():
    still = SPEC._replace(factors={"shape": ("bar", "dot")})
    network = networks.Judge("convolutional", still).network
    assert network.frames_seen(6) == 4 and network.frames_seen(3) == 3
    # Frames 0..5 hold their own number: in training, the mean of some four of them, else of all.
    x = np.broadcast_to(np.arange(6, dtype=np.float32)[:, None, None, None] / 6, (2, 6, 16, 16, 1))
    whole = [np.asarray(network(x)["shape"]) for _ in range(2)]
    np.testing.assert_array_equal(*whole)
    glances = [np.asarray(network(x, training=True)["shape"]) for _ in range(5)]
    assert len({glance.tobytes() for glance in glances}) > 1
    assert network_training.clips_per_step(networks.Judge("convolutional", still)) == 512 // 4
    assert network_training.clips_per_step(networks.Judge("convolutional", SPEC)) == 512 // 6


def test_confusion_counts_every_clip_once():
    answers = {"a": np.array([0, 1, 2, 2, 1]), "b": np.array([1, 1, 0, 0, 1])}
    labels = {"a": np.array([0, 1, 1, 2, 1]), "b": np.array([1, 0, 0, 0, 1])}

    def reads(x):
        return {"a": np.eye(3)[answers["a"][x]], "b": np.eye(2)[answers["b"][x]]}

    batches = [{"x": rows, "labels": {name: label[rows] for name, label in labels.items()}}
               for rows in (np.arange(2), np.arange(2, 5))]
    counts = fit.confusion(reads, batches)
    assert counts["a"].tolist() == [[1, 0, 0], [0, 2, 1], [0, 0, 1]]
    assert counts["b"].tolist() == [[2, 1], [0, 2]]
    assert fit.accuracies(counts) == {"a": 0.8, "b": 0.8}
