"""FHVAE: the factorized hierarchical variational autoencoder of speech (Hsu, Zhang and Glass, NIPS 2017).

z_2 (here z_c) is alike in all segments of a sequence, whose mean of it is mu_2; z_1 (here z_m, the same at all frames)
is of one segment. docs/baselines.md names what departs from the publication.
"""

import functools

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from tensorflow_probability import distributions as tfd

from rwae_tf import distributions, reconstruction
from rwae_tf.errors import InputError
from rwae_tf.layers.stack import Composite
from rwae_tf.models import terms
from rwae_tf.models.base import SequenceModel
from rwae_tf.noise import NoNoise, RowNoise
from rwae_tf.regularizers import kl
from rwae_tf.types import Codes, Phase, Posterior, Prior, Update

SEQUENCE_VARIANCE = 0.25
"""Variance of p(z_2 | mu_2), where that of p(mu_2) is 1."""
_FIRST_DEVIATION = 0.1  # of the rows of the table before training


class SegmentPosterior(Composite):
    """An LSTM on frames, whose last output gives mean and deviation of a code.

    Args:
      policy: the `Policy` that makes its layers.
      size: of the code.
      units: of the LSTM.
    """

    def __init__(self, policy, size, units, name):
        super().__init__(name=name)
        self.summary = policy.lstm(units, last=True)
        self.loc, self.raw_scale = layers.Dense(size), layers.Dense(size)

    def call(self, x, training=False):
        """x [B, T, F] -> N(loc, scale): batch shape [B], event shape [D]."""
        summary = self.summary(x, training=training)
        return tfd.MultivariateNormalDiag(self.loc(summary), distributions.scale(self.raw_scale(summary)))


class SegmentDecoder(Composite):
    """An LSTM on [z_1, z_2] at every frame, whose outputs give mean and deviation of each of a frame's values."""

    def __init__(self, policy, width, units, name="decoder"):
        super().__init__(name=name)
        self.features = policy.lstm(units)
        self.loc, self.raw_scale = layers.Dense(width), layers.Dense(width)

    def call(self, z_c, z_m, training=False):
        """z_c [B, Dc], z_m [B, T, Dm] -> p(x|z): batch shape [B], event shape [T, F]."""
        static = tf.repeat(z_c[:, None], tf.shape(z_m)[1], axis=1)
        h = self.features(tf.ensure_shape(tf.concat([static, z_m], -1), [None, z_m.shape[1], None]), training=training)
        return tfd.Independent(tfd.Normal(self.loc(h), distributions.scale(self.raw_scale(h))), 2)


class SequenceTable(layers.Layer):
    """mu_2 of the training sequences, [K, D]: all of them, or those of a round."""

    def __init__(self, rows, size, name="table"):
        super().__init__(name=name)
        start = keras.initializers.RandomNormal(stddev=_FIRST_DEVIATION)
        self.rows = self.add_weight(shape=(rows, size), initializer=start, name="rows")
        self.built = True


class FHVAE(SequenceModel):
    """Encoders of z_2 and z_1, decoder and table, on the segment bound and the discriminative term."""

    TITLE = "A factorized hierarchical variational autoencoder (FHVAE; Hsu et al., NIPS 2017)"
    FIXED = {"reconstruction": 1.0, "table_prior": 1.0}
    UNMEASURED = ("discriminative", "weight_penalty")

    def __init__(self, config, spec, policy, name="fhvae"):
        super().__init__(config, spec, policy, name)
        model = config.model
        if spec.modality != "speech" or not spec.sequences:
            raise InputError("model=fhvae: it needs clips that are segments of utterances, as datasets of speech have "
                             f"them; dataset={config.data.dataset} does not")
        self.content_posterior = SegmentPosterior(policy, model.content_size, model.hidden_size, "content_posterior")
        self.motion_posterior = SegmentPosterior(policy, model.motion_size, model.hidden_size, "motion_posterior")
        self.decoder = SegmentDecoder(policy, spec.frame_shape[0], model.hidden_size)
        rows = min(config.training.sequences_per_round or spec.sequences, spec.sequences)
        self.table = SequenceTable(rows, model.content_size)
        self.make_term_weights()
        codes = self.encode_codes(tf.zeros([2, config.data.length, *spec.frame_shape]))
        self.decode_codes(codes)
        self.built = True

    def parts(self):
        return {"autoencoder": [*self.encoders(), self.decoder, self.table]}

    def encoders(self):
        return [self.content_posterior, self.motion_posterior]

    def phases(self):
        return (Phase("bound", 1, (Update("autoencoder", "objective", "learning_rate"),)),)

    def weight_options(self):
        return {"motion_kl": "motion_kl_weight", "content_kl": "content_kl_weight",
                "discriminative": "discriminative_weight", "weight_penalty": "l2_weight"}

    def extras(self, batch):
        """"sequence", whose row of the table a segment has, and "segments" of its sequence, int [B] each."""
        return {name: batch[name] for name in ("sequence", "segments")}

    def losses(self, x, noise, gather, sequence=None, segments=None):
        """The negative segment bound and the discriminative term; see `SequenceModel.losses`.

        Args:
          sequence, segments: see `extras`. Without them every segment is a sequence of its own, not in the table,
            and there is no discriminative term.
        """
        del gather
        x = reconstruction.normalized(x, self.spec)
        q_2, q_1, codes = self._encoded(x, noise, training=True)
        table = tf.convert_to_tensor(self.table.rows.value)
        known = sequence is not None
        mean = tf.gather(table, sequence) if known else sequence_mean(q_2.loc, 1.0)
        found = bound_terms(x, self.decoder(codes.z_c, codes.z_m, training=True), q_2, q_1, mean,
                            tf.cast(segments, tf.float32) if known else tf.ones(tf.shape(x)[:1]))
        found["discriminative"] = discriminative(q_2.loc, table, sequence) if known else tf.zeros([])
        found["weight_penalty"] = terms.weight_penalty([*self.encoders(), self.decoder])
        return {**found, "objective": self.objective(found)}

    def begin_round(self, parts):
        """Fill the table with the closed form of the sequences of a round.

        Args:
          parts: iterable of (x [B, T, F], rows int [B]) over all segments of those sequences.
        """
        shape = self.table.rows.shape
        sums, counts = np.zeros(shape), np.zeros([shape[0], 1])
        for x, rows in parts:
            np.add.at(sums, rows, np.asarray(self.encode(x).z_c, np.float64))
            np.add.at(counts, rows, 1)
        self.table.rows.assign(sequence_mean(sums, counts).astype(np.float32))

    def _encoded(self, x, noise, training=False):
        """q(z_2|x), q(z_1|x, z_2) and samples of both, for x [B, T, F] as the networks see it."""
        model, length = self.config.model, tf.shape(x)[1]
        q_2 = self.content_posterior(x, training=training)
        z_2 = distributions.sample_normal(q_2, noise.normal("content_posterior", [model.content_size]))
        static = tf.ensure_shape(tf.repeat(z_2[:, None], length, axis=1), [None, x.shape[1], None])
        q_1 = self.motion_posterior(tf.concat([x, static], -1), training=training)
        z_1 = distributions.sample_normal(q_1, noise.normal("motion_posterior", [model.motion_size]))
        return q_2, q_1, Codes(z_2, tf.ensure_shape(tf.repeat(z_1[:, None], length, axis=1), [None, x.shape[1], None]))

    def posterior_of(self, x, noise=None):
        """q; that of z_m is q(z_1|x, z_2) at every frame. See `SequenceModel.posterior_of`."""
        noise = NoNoise(tf.shape(x)[0]) if noise is None else noise
        q_2, q_1, codes = self._encoded(reconstruction.normalized(x, self.spec), noise)
        loc, scale = (tf.repeat(array[:, None], tf.shape(x)[1], axis=1) for array in (q_1.loc, q_1.stddev()))
        return Posterior(codes, q_2, tfd.MultivariateNormalDiag(loc, scale))

    @functools.cached_property
    def _parameters(self):
        """As of other models, but for z_m, which has one frame: the code is that of the segment."""
        parameters = super()._parameters

        def of_segments(x):
            found = parameters(x)
            return {**found, "z_m": {name: array[:, :1] for name, array in found["z_m"].items()}}

        return of_segments

    def prior_of(self, z_m=None, length=None, training=False):
        if z_m is None:
            raise InputError("prior: z_m of model=fhvae is the same at all frames, and has no density; give z_m")
        size = self.config.model.content_size
        scale = tf.fill([size], (1 + SEQUENCE_VARIANCE) ** 0.5)
        return Prior(tfd.MultivariateNormalDiag(tf.zeros([size]), scale),
                     tfd.MultivariateNormalDiag(tf.zeros_like(z_m), tf.ones_like(z_m)))

    def likelihood_of(self, codes, training=False):
        return self.decoder(codes.z_c, codes.z_m, training=training)

    def decode_codes(self, codes):
        return reconstruction.restored(self.likelihood_of(codes).mode(), self.spec)

    def generate_codes(self, seeds, length, action=None):
        """z_2 of a new sequence, and a z_1 for each of its segments; see `SequenceModel.generate_codes`."""
        del action
        model, segment, noise = self.config.model, self.config.data.length, RowNoise(seeds)
        z_2 = (1 + SEQUENCE_VARIANCE) ** 0.5 * noise.normal("content_prior", [model.content_size])
        z_1 = noise.normal("motion_prior", [-(-length // segment), model.motion_size])
        return Codes(z_2, tf.repeat(z_1, segment, axis=1)[:, :length])


Model = FHVAE


def sequence_mean(sums, counts):
    """The most probable mu_2 of sequences: sum_s E[z_2,s] / (n + 0.5^2 / 1^2), of sums [..., D] over n segments."""
    return sums / (counts + SEQUENCE_VARIANCE)


def bound_terms(x, likelihood, q_2, q_1, mean, segments):
    """The terms of the negative segment bound, in nats, means over segments.

    Args:
      x: segments [B, T, F], as the networks see them.
      likelihood: p(x|z_1, z_2) given samples of q; batch shape [B].
      q_2, q_1: q(z_2|x) and q(z_1|x, z_2); batch shape [B].
      mean: mu_2 of the sequence of each, [B, D].
      segments: n, how many the sequence has, [B].

    Returns:
      "reconstruction", "motion_kl" (of z_1), "content_kl" (of z_2) and "table_prior", -log p(mu_2) / n.
    """
    given = tfd.MultivariateNormalDiag(mean, tf.fill(tf.shape(mean), SEQUENCE_VARIANCE ** 0.5))
    normal, plain = (tfd.MultivariateNormalDiag(tf.zeros_like(loc), tf.ones_like(loc)) for loc in (mean, q_1.loc))
    return {"reconstruction": reconstruction.cost(x, likelihood), "motion_kl": kl.content_kl(q_1, plain),
            "content_kl": kl.content_kl(q_2, given),
            "table_prior": tf.reduce_mean(-normal.log_prob(mean) / segments)}


def discriminative(means, table, sequence):
    """-log p(sequence | z_2), mean over segments: a softmax of -|E z_2 - mu_2,k|^2 / (2 0.5^2) over the table.

    Args:
      means: E[z_2] [B, D]; table: mu_2 [K, D]; sequence: own rows, int [B].
    """
    distances = tf.reduce_sum((means[:, None] - table) ** 2, -1)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(
        sequence, -distances / (2 * SEQUENCE_VARIANCE)))
