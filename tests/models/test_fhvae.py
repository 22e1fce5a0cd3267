"""FHVAE: the closed form of mu_2, its terms beside NumPy, its codes and its table."""

import numpy as np
import pytest
import tensorflow as tf
import tiny
from scipy.optimize import minimize

from rwae_tf import data
from rwae_tf.data.synthetic import voices
from rwae_tf.errors import InputError
from rwae_tf.metrics import verification
from rwae_tf.models import fhvae
from rwae_tf.noise import BatchNoise
from rwae_tf.runs import run_dir
from rwae_tf.serving import saved_model
from rwae_tf.training import gradients, launch
from rwae_tf.training.trainer import Trainer

NOISE = BatchNoise(np.array([0, 3], np.int32), 4)
X = tiny.sequences(spec=tiny.SPEECH)
SEQUENCE, SEGMENTS = np.array([2, 0, 2, 1], np.int32), np.array([7, 3, 7, 1], np.int32)


def build(spec=tiny.SPEECH, **changes):
    return tiny.build(spec=spec, model="fhvae", **{"reconstruction": "learned_normal", "content_kl_weight": 1.0,
                                                   **changes})


def log_normal(x, mean, deviation):
    return -((x - mean) ** 2) / (2 * deviation**2) - np.log(deviation) - np.log(2 * np.pi) / 2


def test_sequence_mean_is_the_most_probable_mu_of_the_means_of_its_segments():
    """argmax of sum_s log N(E z_2,s; mu, 0.5^2) + log N(mu; 0, 1), found by a minimizer."""
    means = np.random.default_rng(0).normal(1, 2, (5, 3))

    def loss(mu):
        return -log_normal(means, mu, 0.5).sum() - log_normal(mu, 0, 1).sum()

    found = minimize(loss, np.zeros(3), tol=1e-12).x
    np.testing.assert_allclose(fhvae.sequence_mean(means.sum(0), 5), found, atol=1e-5)


def test_losses_are_those_of_numpy():
    model = build(motion_kl_weight=0.7, discriminative_weight=10.0, l2_weight=0.01)
    for weight in model.trainable_weights:  # at their initial values biases are 0 and codes nearly so
        weight.assign(weight + tf.random.stateless_normal(weight.shape, [7, len(weight.path)], stddev=0.3))
    terms = {name: float(term) for name, term in model.losses(
        tf.constant(X), NOISE, lambda rows: rows, sequence=SEQUENCE, segments=SEGMENTS).items()}

    mean, deviation = np.array(tiny.SPEECH.normalization)
    x = np.float32((X - mean) / deviation)
    q_2 = model.content_posterior(x)
    loc_2, scale_2 = np.float64(q_2.mean()), np.float64(q_2.stddev())
    z_2 = loc_2 + scale_2 * NOISE.normal("content_posterior", [6]).numpy()
    q_1 = model.motion_posterior(np.concatenate([x, np.repeat(np.float32(z_2)[:, None], 4, 1)], -1))
    loc_1, scale_1 = np.float64(q_1.mean()), np.float64(q_1.stddev())
    z_1 = np.repeat((loc_1 + scale_1 * NOISE.normal("motion_posterior", [3]).numpy())[:, None], 4, 1)
    p = model.decoder(np.float32(z_2), np.float32(z_1)).distribution
    table = np.float64(model.table.rows)
    mu = table[SEQUENCE]
    scores = -((loc_2[:, None] - table) ** 2).sum(-1) / (2 * 0.25)

    def kl(loc, scale, mean, deviation):
        return (np.log(deviation / scale) + (scale**2 + (loc - mean) ** 2) / (2 * deviation**2) - 0.5).sum(-1).mean()

    expected = {
        "reconstruction": -log_normal(x, np.float64(p.mean()), np.float64(p.stddev())).sum((1, 2)).mean(),
        "motion_kl": kl(loc_1, scale_1, 0, 1), "content_kl": kl(loc_2, scale_2, mu, 0.5),
        "table_prior": (-log_normal(mu, 0, 1).sum(-1) / SEGMENTS).mean(),
        "discriminative": (np.log(np.exp(scores).sum(-1)) - scores[np.arange(4), SEQUENCE]).mean(),
        "weight_penalty": sum((weight.numpy() ** 2).sum() / 2 for layer in (*model.encoders(), model.decoder)
                              for weight in layer.trainable_weights)}
    expected["objective"] = (expected["reconstruction"] + 0.7 * expected["motion_kl"] + expected["content_kl"]
                             + expected["table_prior"] + 10 * expected["discriminative"]
                             + 0.01 * expected["weight_penalty"])
    assert set(terms) == set(expected) and expected["discriminative"] > 0.1
    np.testing.assert_allclose([terms[name] for name in expected], list(expected.values()), rtol=1e-4)


@pytest.mark.slow
def test_a_segment_that_is_in_no_table_is_a_sequence_of_its_own():
    model = build()
    terms = model.losses(tf.constant(X), NOISE, lambda rows: rows)
    assert float(terms["discriminative"]) == 0
    loc = np.float64(model.encode(X).z_c)
    expected = (-log_normal(loc / 1.25, 0, 1).sum(-1)).mean()
    assert float(terms["table_prior"]) == pytest.approx(expected, rel=1e-4)
    norms = gradients.GradientNorms(model)(X)  # which has no table to look at, and no warning of a term without effect
    assert set(norms) == {"reconstruction", "table_prior", "motion_kl", "content_kl"} and min(norms.values()) > 0


def test_codes_of_a_segment_are_the_same_at_all_frames_and_count_once():
    model = build()
    codes = model.encode(X)
    np.testing.assert_array_equal(codes.z_m, np.repeat(codes.z_m[:, :1], 4, 1))
    found = model.parameters(X)
    assert found["z_m"]["mean"].shape == found["z_m"]["prior_variance"].shape == (4, 1, 3)
    np.testing.assert_allclose(found["z_c"]["prior_variance"], 1.25, rtol=1e-5)
    drawn = model.draw(500, 10, seed=3)
    z_m = np.asarray(drawn.z_m)
    np.testing.assert_array_equal(z_m, np.repeat(z_m[:, [0, 4, 8]], 4, 1)[:, :10])  # one of each segment of 4
    assert (z_m[:, 0] != z_m[:, 4]).all()
    assert abs(np.var(drawn.z_c) - 1.25) < 5 * 1.25 * np.sqrt(2 / 3000)  # 500 codes of 6 numbers


def test_a_round_fills_the_table_with_the_closed_form():
    model = build()
    rows = np.array([1, 0, 1, 2])
    model.begin_round([(X[:3], rows[:3]), (X[3:], rows[3:])])
    z_2 = np.float64(model.encode(X).z_c)
    expected = [z_2[1] / 1.25, (z_2[0] + z_2[2]) / 2.25, z_2[3] / 1.25]
    np.testing.assert_allclose(model.table.rows, expected, atol=1e-5)


def test_cosines_of_utterance_means_are_those_of_mu():
    """So that trials scored by the mean of z_2, as those of other models, are scored by mu_2."""
    means = np.random.default_rng(0).normal(size=(7, 4))
    utterances = np.array([0, 0, 0, 1, 1, 2, 2])
    sums, counts = np.stack([means[utterances == k].sum(0) for k in range(3)]), np.array([[3], [2], [2]])
    mu = fhvae.sequence_mean(sums, counts)
    unit, unit_mu = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (sums / counts, mu))
    np.testing.assert_allclose(unit @ unit.T, unit_mu @ unit_mu.T)
    np.testing.assert_allclose(verification.means(means, utterances), sums / counts)


@pytest.mark.slow
def test_a_step_moves_every_weight_and_steps_descend():
    made = Trainer(build(learning_rate=5e-3), tf.distribute.get_strategy())
    made.follow_schedules(0)
    extras = {"sequence": tf.constant(SEQUENCE), "segments": tf.constant(SEGMENTS)}
    before = [weight.numpy() for weight in made.model.trainable_weights]
    first = made.step(made.phases[0], tf.constant(X), 0, extras)
    assert all((old != weight.numpy()).any() for old, weight in
               zip(before, made.model.trainable_weights, strict=True) if old.ndim > 1)
    later = [float(made.step(made.phases[0], tf.constant(X), number, extras)["objective"]) for number in range(1, 40)]
    assert np.mean(later[-5:]) < float(first["objective"]) - 5


@pytest.mark.slow
def test_training_in_rounds_has_a_table_of_one_round(tmp_path, monkeypatch):
    """Synthetic speakers: 9 train, of 2 utterances each; 4 utterances in the table at a time."""
    voices.write_corpus(str(tmp_path / "voices"), "speakers", speakers=11, utterances=2, vowels=4)
    config = tiny.config(
        model="fhvae", reconstruction="learned_normal", dataset="speakers", data_dir=str(tmp_path / "voices"),
        length=20, batch_size=4, epochs=1, sequences_per_round=4, log_every=2)
    begun, begin = [], fhvae.FHVAE.begin_round

    def watched(model, parts):
        parts = list(parts)
        begun.append(sorted(set(np.concatenate([rows for _, rows in parts]).tolist())))
        begin(model, parts)

    monkeypatch.setattr(fhvae.FHVAE, "begin_round", watched)
    assert launch.train(config, str(tmp_path / "run")) == 0
    clips = data.from_config(config.data, "train")
    assert clips.spec.sequences == clips.utterances.max() + 1 == 18
    assert len(begun) >= 3 and all(rows == [0, 1, 2, 3] for rows in begun)
    model = run_dir.load(str(tmp_path / "run"))
    assert model.table.rows.shape == (4, 6) and np.abs(model.table.rows).max() > 0


@pytest.mark.slow
def test_an_exported_model_answers_as_the_model_does(tmp_path):
    model = build()
    served = tf.saved_model.load(saved_model.export(model, str(tmp_path))).signatures
    x = tf.constant(tiny.sequences(batch=2, length=40, spec=tiny.SPEECH))
    codes = model.encode(x)
    for name, answer in served["encode"](speech=x).items():
        np.testing.assert_allclose(answer, codes._asdict()[name], atol=1e-5)
    made = served["generate"](seed=tf.constant([3, 4]), length=tf.constant([6, 6]))["speech"]
    np.testing.assert_allclose(made, model.generate(2, 6, seed=3), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("spec, changes, words", [
    (tiny.SPEC, {}, "needs clips that are segments of utterances"),
    (tiny.SPEECH._replace(sequences=0), {}, "needs clips that are segments of utterances"),
    (tiny.SPEECH, {"reconstruction": "normal"}, "give reconstruction=learned_normal"),
    (tiny.SPEECH, {"model": "rwae"}, "learns no deviations"),
])
def test_what_it_is_not_for_is_refused(spec, changes, words):
    with pytest.raises(InputError, match=words):
        tiny.build(spec=spec, **{"model": "fhvae", "reconstruction": "learned_normal", **changes})
