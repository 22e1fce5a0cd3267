"""DS-VAE: its loss beside NumPy, its bound beside an exact likelihood, its step, its checkpoints, its export."""

import numpy as np
import pytest
import tensorflow as tf
import tiny
from tensorflow_probability import distributions as tfd

from rwae_tf import reconstruction
from rwae_tf.models import ds_vae
from rwae_tf.noise import BatchNoise
from rwae_tf.runs import checkpoints
from rwae_tf.serving import saved_model, signatures
from rwae_tf.training.trainer import Trainer
from rwae_tf.types import Codes, Posterior, Prior

SEED = np.array([0, 3], np.int32)


def build(**changes):
    return tiny.build(model="ds_vae", **{"reconstruction": "normal", "content_kl_weight": 1.0, **changes})


# The loss in NumPy, from the weights of every layer behind the frame encoder and before the frame decoder.


def dense(layer, x):
    return x @ np.asarray(layer.kernel, np.float64) + np.asarray(layer.bias, np.float64)


def scale(raw):
    return np.log1p(np.exp(raw)) + 1e-4


def gaussian(head, h):
    return dense(head.loc, h), scale(dense(head.raw_scale, h))


def lstm_step(cell, x, h, c):
    kernel, recurrent, bias = (np.asarray(weight, np.float64) for weight in cell.weights)
    i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4, axis=-1)
    i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
    c = f * c + i * np.tanh(g)
    return o * np.tanh(c), c


def lstm(layer, x):
    """All outputs for x [B, T, D], in the order of its frames."""
    h = c = np.zeros((len(x), layer.cell.units))
    outputs = {}
    for t in range(x.shape[1])[:: -1 if layer.backwards else 1]:
        outputs[t] = h, c = lstm_step(layer.cell, x[:, t], h, c)
    return np.stack([outputs[t][0] for t in range(x.shape[1])], 1)


def content(posterior, h):
    forwards, backwards = (lstm(layer, h) for layer in posterior.summary.lstms)
    return gaussian(posterior, np.concatenate([forwards[:, -1], backwards[:, 0]], -1))


def motion(posterior, h, z_c):
    if hasattr(posterior, "hidden"):
        hidden = dense(posterior.hidden, h)
        return gaussian(posterior.head, np.where(hidden > 0, hidden, 0.2 * hidden))
    inputs = np.concatenate([h, np.repeat(z_c[:, None], h.shape[1], 1)], -1)
    inputs = np.concatenate([lstm(layer, inputs) for layer in posterior.lstms], -1)
    kernel, recurrent, bias = (np.asarray(weight, np.float64) for weight in posterior.rnn.cell.weights)
    state, states = 0.0 * bias, []
    for t in range(h.shape[1]):
        state = np.tanh(inputs[:, t] @ kernel + state @ recurrent + bias)
        states.append(state)
    return gaussian(posterior.head, np.stack(states, 1))


def prior(layer, z_m, noise=None):
    """(loc, scale) of the prior given z_m, or along its own samples from noise."""
    h = c = np.zeros((len(z_m), layer.codes.cell.units))
    previous, found = np.zeros_like(z_m[:, 0]), []
    for t in range(z_m.shape[1]):
        h, c = lstm_step(layer.codes.cell, previous, h, c)
        loc, deviation = gaussian(layer.codes, h)
        previous = z_m[:, t] if noise is None else loc + deviation * noise[:, t]
        found.append((loc, deviation))
    return [np.stack(arrays, 1) for arrays in zip(*found, strict=True)]


def kl(q, p):
    """Of diagonal Gaussians (loc, scale), summed over all but the batch, and its mean over that."""
    (m_q, s_q), (m_p, s_p) = q, p
    each = np.log(s_p / s_q) + (s_q**2 + (m_q - m_p) ** 2) / (2 * s_p**2) - 0.5
    return each.reshape(len(each), -1).sum(-1).mean()


@pytest.mark.parametrize("posterior, kl_prior, cost", [
    ("factorised", "teacher_forced", "normal"), ("full", "free", "normal"), ("full", "teacher_forced", "squared_error"),
])
def test_the_loss_is_that_of_numpy(posterior, kl_prior, cost):
    model = build(motion_posterior=posterior, motion_kl_prior=kl_prior, reconstruction=cost, motion_kl_weight=0.7)
    for weight in model.trainable_weights:  # at their initial values biases are 0 and codes nearly so
        weight.assign(weight + tf.random.stateless_normal(weight.shape, [7, len(weight.path)], stddev=0.2))
    x, noise = tiny.sequences(), BatchNoise(SEED, 4)
    terms = {name: float(value) for name, value in model.losses(tf.constant(x), noise, lambda rows: rows).items()}

    h = model.frame_encoder(x.reshape(16, 16, 16, 3), training=True).numpy().reshape(4, 4, 8).astype(np.float64)
    q_c = content(model.content_posterior, h)
    z_c = q_c[0] + q_c[1] * noise.normal("content_posterior", [6]).numpy()
    q_m = motion(model.motion_posterior, h, z_c)
    z_m = q_m[0] + q_m[1] * noise.normal("motion_posterior", [4, 3]).numpy()
    own = noise.normal("motion_prior_roll_out", [4, 3]).numpy() if kl_prior == "free" else None
    p_m = prior(model.motion_prior, z_m, own)
    x_hat = 1 / (1 + np.exp(-model.decoder(np.float32(z_c), np.float32(z_m), training=True).numpy().astype(np.float64)))
    error = ((x - x_hat) ** 2).sum((1, 2, 3, 4)).mean()
    if cost == "normal":
        error = error / 2 + x[0].size * np.log(2 * np.pi) / 2
    expected = {"reconstruction": error, "motion_kl": kl(q_m, p_m),
                "content_kl": kl(q_c, (np.zeros(6), np.ones(6)))}
    expected["objective"] = error + 0.7 * expected["motion_kl"] + expected["content_kl"]
    assert set(terms) == set(expected) and terms["motion_kl"] > 0.1
    np.testing.assert_allclose([terms[name] for name in expected], list(expected.values()), rtol=1e-3)


# The bound, beside the likelihood of a linear-Gaussian model of sequences: z_c ~ N(0, 1), z_t ~ N(0.9 z_t-1, 0.6^2),
# x_t ~ N(A z_c + B z_t, I), all of whose conditionals are known.


FRAMES, ROWS, BLOCKS, KEEP, STEP = 4, 5000, 20, 0.9, 0.6
A, B = np.array([1.0, 0.5]), np.array([-0.7, 1.2])
X = np.random.default_rng(2).normal(0, 2, (FRAMES, 2))


def joint():
    """Covariance of (z_c, z_1:T) [1 + T, 1 + T], and the matrix from them to x [2 T, 1 + T]."""
    to_z = STEP * np.tril(KEEP ** np.maximum(np.subtract.outer(range(FRAMES), range(FRAMES)), 0))
    covariance = np.eye(1 + FRAMES)
    covariance[1:, 1:] = to_z @ to_z.T
    return covariance, np.concatenate([np.tile(A, FRAMES)[:, None], np.kron(np.eye(FRAMES), B[:, None])], 1)


def true_posterior():
    """Mean and covariance of (z_c, z_1:T) given X."""
    covariance, to_x = joint()
    posterior = np.linalg.inv(np.linalg.inv(covariance) + to_x.T @ to_x)
    return posterior @ to_x.T @ X.ravel(), posterior


def log_likelihood():
    covariance, to_x = joint()
    of_x = to_x @ covariance @ to_x.T + np.eye(2 * FRAMES)
    return -0.5 * (X.ravel() @ np.linalg.solve(of_x, X.ravel()) + np.linalg.slogdet(2 * np.pi * of_x)[1])


def bound(mean, covariance, block):
    """`ds_vae.bound_terms` with q = N(mean, covariance) of (z_c, z_1:T), each code given those before it."""
    noise = np.random.default_rng(block).normal(size=(ROWS, 1 + FRAMES))
    root = np.linalg.cholesky(covariance)
    z = np.float32(mean + noise @ root.T)
    loc = np.float32(mean + noise @ np.tril(root, -1).T)  # of each coordinate given those before
    deviation = np.broadcast_to(np.float32(np.diag(root)), z.shape)

    def normals(start, stop, shape):
        return tfd.MultivariateNormalDiag(*(a[:, start:stop].reshape(shape) for a in (loc, deviation)))

    codes = Codes(z[:, :1], z[:, 1:, None])
    q = Posterior(codes, normals(0, 1, (ROWS, 1)), normals(1, None, (ROWS, FRAMES, 1)))
    before = np.pad(codes.z_m, ((0, 0), (1, 0), (0, 0)))[:, :-1]
    p = Prior(tfd.MultivariateNormalDiag([0.0], [1.0]),
              tfd.MultivariateNormalDiag(np.float32(KEEP) * before, STEP * np.ones_like(before)))
    x_hat = tf.constant(np.float32(codes.z_c[:, None] * A + codes.z_m * B))
    x = tf.tile(tf.constant(X[None], tf.float32), [ROWS, 1, 1])
    terms = ds_vae.bound_terms(x, reconstruction.likelihood(x_hat, "normal", "speech"), q, p)
    return -float(sum(terms.values()))


@pytest.mark.parametrize("kind", ["true", "independent frames", "wrong mean"])
def test_the_bound_is_tight_at_the_true_posterior_and_below_elsewhere(kind):
    """The gap is KL(q || true posterior), which is known too."""
    true_mean, true = true_posterior()
    mean, covariance = true_mean, true
    if kind == "independent frames":  # what a q factorised over frames and z_c can do
        covariance = np.diag(1 / np.diag(np.linalg.inv(true)))
    elif kind == "wrong mean":
        mean = true_mean + 0.2
    gap = 0.5 * (np.trace(np.linalg.solve(true, covariance)) - len(mean)
                 + (mean - true_mean) @ np.linalg.solve(true, mean - true_mean)
                 + np.linalg.slogdet(true)[1] - np.linalg.slogdet(covariance)[1])
    assert (gap > 0.05) if kind != "true" else (abs(gap) < 1e-9)
    values = [bound(mean, covariance, block) for block in range(BLOCKS)]
    error = np.std(values, ddof=1) / np.sqrt(BLOCKS)
    assert error < 0.02
    assert abs(np.mean(values) - (log_likelihood() - gap)) < 5 * error + 1e-4


# The model in training and as a file.


def trainer(**changes):
    made = Trainer(build(**changes), tf.distribute.get_strategy())
    made.follow_schedules(0)
    return made


@pytest.mark.slow
def test_a_step_moves_every_weight_a_resumed_one_repeats_itself_and_steps_descend(tmp_path):
    """Full q with actions."""
    made = trainer(motion_posterior="full", action_size=3, learning_rate=5e-3)
    x, (phase,), model, ends = tf.constant(tiny.sequences()), made.phases, made.model, []
    before = [weight.numpy() for weight in model.trainable_weights]
    terms = made.step(phase, x, 0)
    for old, weight in zip(before, model.trainable_weights, strict=True):
        assert old.ndim < 2 or (old != weight.numpy()).any(), weight.path
    expected = (terms["reconstruction"] + terms["motion_kl"] + terms["content_kl"]
                + model.config.objective.action_weight * terms["action_kl"])
    np.testing.assert_allclose(terms["objective"], expected, rtol=1e-5)

    kept = checkpoints.Checkpoints(str(tmp_path), model, made.optimizers, checkpoints.Counters())
    kept.save()
    for _ in range(2):
        assert kept.restore()
        made.step(phase, x, 1)
        ends.append([variable.numpy() for variable in (*model.variables, *made.optimizers["autoencoder"].variables)])
    for mine, theirs in zip(*ends, strict=True):
        np.testing.assert_array_equal(mine, theirs)

    objectives = [float(made.step(phase, x, number)["objective"]) for number in range(2, 32)]
    assert np.mean(objectives[-5:]) < terms["objective"] - 5


@pytest.mark.slow
def test_an_exported_model_answers_as_the_model_does(tmp_path, monkeypatch):
    verbs = signatures.on_tensors  # those of bytes take longest
    monkeypatch.setattr(signatures, "signatures", lambda model, max_length: {
        name: function for name, function in verbs(model, max_length).items() if name in ("encode", "generate")})
    model = build(motion_posterior="full")
    path = saved_model.export(model, str(tmp_path))
    served = tf.saved_model.load(path).signatures
    x = tf.constant(tiny.sequences(batch=2, length=40))
    answer, codes = served["encode"](video=x), model.encode_codes(x)
    np.testing.assert_allclose(answer["z_m"], codes.z_m, atol=1e-5)
    np.testing.assert_allclose(answer["z_c"], codes.z_c, atol=1e-5)
    seeds = tf.constant([3, 4])
    video = served["generate"](seed=seeds, length=tf.constant([6, 6]))["video"]
    np.testing.assert_allclose(video, model.decode_codes(model.generate_codes(seeds, 6)), atol=1e-5)
    card = (tmp_path / path.rsplit("/", 1)[-1] / "README.md").read_text()
    assert "variational autoencoder (Li & Mandt" in card and "| method | ds_vae, full q |" in card
