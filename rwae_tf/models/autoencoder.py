"""What R-WAE, DS-VAE and C-DSVAE share: encoders, motion prior, decoder and the verbs that follow from them.

A model that derives from it adds its motion posterior, its losses and its phases.
"""

import keras
import tensorflow as tf

from rwae_tf import backbones, distributions, reconstruction
from rwae_tf.config import schedule
from rwae_tf.inference.action import ActionPosterior
from rwae_tf.inference.content import ContentPosterior
from rwae_tf.models.base import SequenceModel
from rwae_tf.models.decoder import SequenceDecoder
from rwae_tf.noise import NoNoise, RowNoise
from rwae_tf.priors import action as action_prior
from rwae_tf.priors import content as content_prior
from rwae_tf.priors.motion import MotionPrior
from rwae_tf.regularizers import kl
from rwae_tf.types import Codes, Posterior, Prior

_ACTION_WEIGHTS = {"action_kl": "action_weight", "action_divergence": "action_divergence_weight"}


class SequenceAutoencoder(SequenceModel):
    """Encoders φ, motion prior ψ and decoder θ of sequences; an action where `model.action_size` is above 0."""

    def __init__(self, config, spec, policy, name):
        super().__init__(config, spec, policy, name)
        model = config.model
        self.frame_encoder, frame_decoder = backbones.build(policy, model, spec.frame_shape)
        self.content_posterior = ContentPosterior(
            policy, model.content_size, model.hidden_size, model.content_encoder)
        self.motion_posterior = self.make_motion_posterior()
        self.action_posterior = (
            ActionPosterior(policy, model.action_size, model.hidden_size, model.action_input == "motion_and_features")
            if model.action_size else None)
        self.motion_prior = MotionPrior(policy, model.motion_size, model.hidden_size)
        self.decoder = SequenceDecoder(
            policy, frame_decoder, model.feature_size, model.hidden_size, model.decoder)
        self.temperature = self.add_weight(
            shape=(), initializer=keras.initializers.Constant(schedule.value(model.temperature, 0.0)), trainable=False,
            name="temperature")
        self.make_term_weights()

    def make_motion_posterior(self):
        """The layer of q(z_m): `distribution(h, noise, z_c)` gives codes and q, `seen(h)` what it sees of h."""
        raise NotImplementedError

    def own_weights(self):
        """What `weight_options` says of all terms but those of the action."""
        raise NotImplementedError

    def build_weights(self):
        """Create every weight, so that optimizers and checkpoints find them before the first step.

        Returns:
          `Codes` of two clips.
        """
        x = tf.zeros([2, self.config.data.length, *self.spec.frame_shape])
        codes = self.encode_codes(x)
        self.decode_codes(codes)
        self.motion_prior(codes.z_m)
        self.built = True
        return codes

    def encoders(self):
        layers = [self.frame_encoder, self.content_posterior, self.motion_posterior]
        return [*layers, self.action_posterior] if self.action_posterior else layers

    def set_temperature(self, value):
        """Set the temperature of the relaxed action."""
        self.temperature.assign(value)

    def weight_options(self):
        return self.own_weights() | (_ACTION_WEIGHTS if self.action_posterior else {})

    def frame_features(self, x, training=False):
        """x [B, T, ...] -> h [B, T, Dh], of each frame alone, and T, a scalar."""
        batch, length = tf.unstack(tf.shape(x)[:2])
        frames = tf.reshape(reconstruction.normalized(x, self.spec), [-1, *self.spec.frame_shape])
        size = self.config.model.feature_size
        h = tf.reshape(self.frame_encoder(frames, training=training), [batch, length, size])
        return tf.ensure_shape(h, [x.shape[0], x.shape[1], size]), length

    def posterior_of(self, x, noise=None, sample_content=True, training=False):
        """q(z_c, z_m, a | x); see `SequenceModel.posterior_of`. z_c may be the mean where the others are samples."""
        noise = NoNoise(tf.shape(x)[0]) if noise is None else noise  # without noise, means
        model = self.config.model
        h, length = self.frame_features(x, training)
        content = self.content_posterior.distribution(h, training)
        z_c = (distributions.sample_normal(content, noise.normal("content_posterior", [model.content_size]))
               if sample_content else content.loc)
        z_m, motion = self.motion_posterior.distribution(
            h, noise.normal("motion_posterior", [length, model.motion_size]), z_c, training)
        if not self.action_posterior:
            return Posterior(Codes(z_c, z_m), content, motion)
        q = self.action_posterior.distribution(z_m, self.motion_posterior.seen(h), self.temperature, training)
        action = distributions.sample_action(q, noise.uniform("action_posterior", [model.action_size]))
        return Posterior(Codes(z_c, z_m, action), content, motion, q)

    def action_terms(self, q, gather):
        """The terms of the action of a `Posterior`; none for a model without actions."""
        if not self.action_posterior:
            return {}
        return {"action_kl": kl.action_kl(q.action, self.config.objective, q.codes.action),
                "action_divergence": kl.action_divergence(gather(q.action.logits))}

    def prior_of(self, z_m=None, length=None, training=False):
        model = self.config.model
        motion = self.motion_prior.trajectories(length) if z_m is None else self.motion_prior.given(z_m, training)
        action = action_prior.distribution(model.action_size) if model.action_size else None
        return Prior(content_prior.distribution(model.content_size), motion, action)

    def likelihood_of(self, codes, training=False):
        return reconstruction.likelihood(self.decoder(*codes, training=training),
                                         self.config.objective.reconstruction, self.spec.modality)

    def decode_codes(self, codes):
        output = reconstruction.output(self.decoder(*codes), self.spec.modality)
        return reconstruction.restored(output, self.spec)

    def generate_codes(self, seeds, length, action=None):
        model, noise = self.config.model, RowNoise(seeds)
        z_m, _, _ = self.motion_prior.roll_out(noise.normal("motion_prior", [length, model.motion_size]))
        if model.action_size and action is None:
            action = action_prior.sample(noise, model.action_size)
        return Codes(content_prior.sample(noise, model.content_size), z_m, action)
