"""Scaled MMD and the adversarial divergence: known critics, then real ones against finite differences.

The networks run in float64, where central differences with step h err by about h^2 + 1e-16 / h.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rwae_tf import regularizers
from rwae_tf.config import ObjectiveConfig
from rwae_tf.regularizers import adversarial, scaled_mmd
from rwae_tf.regularizers.critic import Critic

RNG = np.random.default_rng(0)
Z_Q, Z_P = 0.5 + 1.5 * RNG.normal(size=(6, 4)), RNG.normal(size=(6, 4))
ALPHA = RNG.uniform(size=(6, 1))
W = np.array([0.3, -0.2, 0.5, 0.1])
STEP = 1e-6


def linear(z):
    """The critic f(z) = w z, with gradient w everywhere; |w|^2 = 0.39."""
    return tf.linalg.matvec(z, tf.constant(W, z.dtype))[:, None]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def loop_mmd2(q, p):
    """Eq. 22 on scalars, with coefficient 2."""
    k, n = (lambda x, y: np.exp(-((x - y) ** 2) / 2)), len(q)
    within = sum(k(x[i], x[j]) for x in (q, p) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    return within - 2 * sum(k(x, y) for x in q for y in p) / n**2


@pytest.fixture
def critic(request):
    """A built float64 critic of the divergence named by the parameter, biases away from 0."""
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    try:
        made = Critic(regularizers.content_divergence(request.param).SPECTRAL, seed=1)
        made(Z_P)
    finally:
        keras.config.set_dtype_policy(previous)
    for dense in made.denses:
        dense.bias.assign(0.3 * RNG.normal(size=dense.bias.shape))
        if made.spectral:
            dense.gain.assign(1.8)
    return made


def numeric_slope(critic, z):
    """|grad critic|^2 at each row of z by central differences -> [B]."""
    total = np.zeros(len(z))
    for axis in range(z.shape[1]):
        move = STEP * np.eye(z.shape[1])[axis]
        total += (((critic(z + move) - critic(z - move)).numpy() / (2 * STEP)) ** 2).sum(1)
    return total


def test_each_divergence_is_found_by_its_name():
    assert regularizers.content_divergence("scaled_mmd") is scaled_mmd and scaled_mmd.SPECTRAL
    assert regularizers.content_divergence("adversarial") is adversarial and not adversarial.SPECTRAL


@pytest.mark.parametrize("samples", ["prior", "posterior", "both"])
def test_scaled_mmd_of_a_linear_feature_map(samples):
    # S = 1 + 10 |w|^2 = 4.9, wherever the gradient is taken; with weight 2 it is 1.78.
    for weight, scale in ((10.0, 4.9), (2.0, 1.78)):
        objective = ObjectiveConfig(scale_samples=samples, scale_weight=weight)
        terms = scaled_mmd.terms(linear, tf.constant(Z_Q), tf.constant(Z_P), None, objective)
        assert float(terms["critic_scale"]) == pytest.approx(scale)
        assert float(terms["content_divergence"]) == pytest.approx(loop_mmd2(Z_Q @ W, Z_P @ W) / scale)
        assert float(terms["critic"]) == -float(terms["content_divergence"])


def test_scaled_mmd_options_reach_the_estimator():
    objective = ObjectiveConfig(mmd_cross_coefficient=1.0, mmd_estimator="biased", scale_weight=0.0)
    f = [Z_Q @ W, Z_P @ W]
    k = [[np.mean(np.exp(-np.subtract.outer(x, y) ** 2 / 2)) for y in f] for x in f]
    terms = scaled_mmd.terms(linear, tf.constant(Z_Q), tf.constant(Z_P), None, objective)
    assert float(terms["content_divergence"]) == pytest.approx(k[0][0] + k[1][1] - k[0][1])


@pytest.mark.slow
@pytest.mark.parametrize("critic", ["scaled_mmd"], indirect=True)
@pytest.mark.parametrize("samples", ["prior", "posterior", "both"])
def test_scale_of_a_network_is_that_of_finite_differences(critic, samples):
    slopes = {"prior": numeric_slope(critic, Z_P), "posterior": numeric_slope(critic, Z_Q)}
    slopes["both"] = np.concatenate([slopes["prior"], slopes["posterior"]])
    scale = 1 + 10 * slopes[samples].mean()
    objective = ObjectiveConfig(scale_samples=samples)
    terms = scaled_mmd.terms(critic, tf.constant(Z_Q), tf.constant(Z_P), None, objective)
    assert float(terms["critic_scale"]) - 1 == pytest.approx(scale - 1, rel=1e-6)
    expected = loop_mmd2(critic(Z_Q).numpy()[:, 0], critic(Z_P).numpy()[:, 0]) / scale
    assert float(terms["content_divergence"]) == pytest.approx(expected, rel=1e-6)


def test_scaled_mmd_of_a_map_to_two_features():
    # f(z) = V z: |grad f|^2 is the squared Frobenius norm of V everywhere, 0.39 + 5; distances are in the plane.
    v = np.array([W, [0.0, 1.0, 0.0, 2.0]])
    objective = ObjectiveConfig(scale_weight=2.0, critic_features=2)
    terms = scaled_mmd.terms(lambda z: tf.matmul(z, tf.constant(v.T, z.dtype)), tf.constant(Z_Q), tf.constant(Z_P),
                             None, objective)
    scale = 1 + 2 * (0.39 + 5.0)
    assert float(terms["critic_scale"]) == pytest.approx(scale)
    f = [Z_Q @ v.T, Z_P @ v.T]
    k = [[np.exp(-np.square(x[:, None] - y[None]).sum(-1) / 2) for y in f] for x in f]
    within = sum((k[i][i].sum() - 6) / 30 for i in (0, 1))
    assert float(terms["content_divergence"]) == pytest.approx((within - 2 * k[0][1].mean()) / scale)


def test_adversarial_of_a_linear_critic():
    q, p = Z_Q @ W, Z_P @ W
    value = np.log(sigmoid(p)).mean() + np.log(1 - sigmoid(q)).mean()
    args = linear, tf.constant(Z_Q), tf.constant(Z_P), tf.constant(ALPHA)
    terms = adversarial.terms(*args, ObjectiveConfig(gradient_penalty_weight=3.0))
    assert float(terms["gradient_penalty"]) == pytest.approx(0.39)
    assert float(terms["critic"]) == pytest.approx(3 * 0.39 - value)
    assert float(terms["jensen_shannon"]) == pytest.approx((value + np.log(4)) / 2)
    assert float(terms["content_divergence"]) == pytest.approx(-np.log(sigmoid(q)).mean())
    literal = adversarial.terms(*args, ObjectiveConfig(encoder_loss="saturating"))
    assert float(literal["content_divergence"]) == pytest.approx(np.log(1 - sigmoid(q)).mean())


@pytest.mark.parametrize("at, points", [("interpolate", ALPHA * Z_P + (1 - ALPHA) * Z_Q), ("prior", Z_P),
                                        ("both", np.concatenate([Z_P, Z_Q]))])
def test_penalty_on_the_probability_is_taken_at_the_right_points(at, points):
    # The gradient of D = sigmoid(w z) is D (1 - D) w.
    probability = sigmoid(points @ W)
    expected = 0.39 * np.mean((probability * (1 - probability)) ** 2)
    objective = ObjectiveConfig(gradient_penalty_of="probability", gradient_penalty_at=at)
    codes = tf.constant(Z_Q), tf.constant(Z_P), tf.constant(ALPHA)
    value = adversarial.gradient_penalty(linear, *codes, objective)
    assert float(value) == pytest.approx(expected)


@pytest.mark.parametrize("critic", ["adversarial"], indirect=True)
@pytest.mark.parametrize("at, points", [("interpolate", ALPHA * Z_P + (1 - ALPHA) * Z_Q), ("prior", Z_P),
                                        ("both", np.concatenate([Z_P, Z_Q]))])
def test_penalty_of_a_network_is_that_of_finite_differences(critic, at, points):
    objective = ObjectiveConfig(gradient_penalty_at=at)
    codes = tf.constant(Z_Q), tf.constant(Z_P), tf.constant(ALPHA)
    value = adversarial.gradient_penalty(critic, *codes, objective)
    assert float(value) == pytest.approx(numeric_slope(critic, points).mean(), rel=1e-6)


def test_the_best_discriminator_measures_jensen_shannon():
    # p = N(0, 1), q = N(2, 1): D* = p / (p + q) has the logit 2 - 2 z. JS by quadrature; the estimate's
    # standard error is about (std of log D*) / (2 sqrt(n)) < 0.003 at n = 50000.
    z = np.linspace(-10, 12, 100001)
    p, q = (np.exp(-((z - mean) ** 2) / 2) / np.sqrt(2 * np.pi) for mean in (0, 2))
    exact = np.sum(p * np.log(2 * p / (p + q)) + q * np.log(2 * q / (p + q))) * (z[1] - z[0]) / 2
    samples = tf.random.stateless_normal([2, 50000, 1], seed=(1, 2))
    terms = adversarial.terms(
        lambda z: 2 - 2 * z, samples[0] + 2, samples[1], tf.ones([50000, 1]), ObjectiveConfig())
    assert float(terms["jensen_shannon"]) == pytest.approx(exact, abs=0.012)


def in_double_precision(terms, critic, z_q, z_p, objective):
    """(critic, content_divergence) of `terms`; TensorFlow-GAN's losses are of single precision, so eq. 23 anew."""
    if critic.spectral:
        return float(terms["critic"]), float(terms["content_divergence"])
    logit_q, logit_p = critic(z_q).numpy(), critic(z_p).numpy()
    loss = np.logaddexp(0, -logit_p).mean() + np.logaddexp(0, logit_q).mean()
    penalty = objective.gradient_penalty_weight * float(terms["gradient_penalty"])
    return loss + penalty, np.logaddexp(0, -logit_q).mean()


CASES = [("scaled_mmd", dict(scale_samples=s)) for s in ("prior", "both")]
CASES += [("adversarial", dict(gradient_penalty_of=o)) for o in ("logit", "probability")]


@pytest.mark.slow
@pytest.mark.parametrize("critic, options", CASES, indirect=["critic"], ids=str)
def test_gradients_of_critic_and_encoders_are_those_of_finite_differences(critic, options):
    """Second order for the critic, under tf.function; along random directions, u and v standing still."""
    module = scaled_mmd if critic.spectral else adversarial
    objective = ObjectiveConfig(**options)
    variables = critic.trainable_variables
    z_q, z_p, alpha = tf.constant(Z_Q), tf.constant(Z_P), tf.constant(ALPHA)

    @tf.function
    def gradients(z_q):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(z_q)
            terms = module.terms(critic, z_q, z_p, alpha, objective)
        return (tape.gradient(terms["critic"], [v.value for v in variables]),
                tape.gradient(terms["content_divergence"], z_q))

    by_weights, by_codes = gradients(z_q)
    for i, variable in enumerate(variables):
        start, direction = variable.numpy(), RNG.normal(size=variable.shape)
        direction /= np.linalg.norm(direction)
        moved = []
        for sign in (1, -1):
            variable.assign(start + sign * 1e-5 * direction)
            terms = module.terms(critic, z_q, z_p, alpha, objective)
            moved.append(in_double_precision(terms, critic, z_q, z_p, objective)[0])
        variable.assign(start)
        slope = np.sum(by_weights[i].numpy() * direction)
        assert slope == pytest.approx((moved[0] - moved[1]) / 2e-5, rel=1e-5, abs=1e-9), variable.path

    direction = RNG.normal(size=Z_Q.shape)
    moved = [in_double_precision(module.terms(critic, z, z_p, alpha, objective), critic, z, z_p, objective)[1]
             for z in (z_q + STEP * direction, z_q - STEP * direction)]
    assert np.sum(by_codes * direction) == pytest.approx((moved[0] - moved[1]) / (2 * STEP), rel=1e-5)


@pytest.mark.parametrize("name", ["scaled_mmd", "adversarial"])
def test_all_is_finite_in_float32_for_wild_codes(name):
    module = regularizers.content_divergence(name)
    critic = Critic(module.SPECTRAL)
    z_q, z_p = tf.constant(1e3 * Z_Q, tf.float32), tf.constant(Z_P, tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z_q)
        terms = module.terms(critic, z_q, z_p, tf.constant(ALPHA, tf.float32), ObjectiveConfig())
    assert all(t.dtype == tf.float32 and np.isfinite(float(t)) for t in terms.values())
    assert np.isfinite(tape.gradient(terms["content_divergence"], z_q)).all()
    for gradient in tape.gradient(terms["critic"], [v.value for v in critic.trainable_variables]):
        assert np.isfinite(gradient).all()
