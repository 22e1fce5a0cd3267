"""The Disentangled Recurrent Wasserstein Autoencoder (Han et al., ICLR 2021).

R-WAE(MMD) and R-WAE(GAN) differ in `objective.content_divergence` alone; a model with
`model.action_size` A > 0 is the weakly supervised variant of section 3.4.
"""

import keras
import tensorflow as tf

from rwae_tf import backbones, distributions, reconstruction, regularizers, schedule
from rwae_tf.inference.action import ActionPosterior
from rwae_tf.inference.content import ContentPosterior
from rwae_tf.inference.motion import MotionPosterior
from rwae_tf.models.base import SequenceModel, centre
from rwae_tf.models.decoder import SequenceDecoder
from rwae_tf.noise import RowNoise
from rwae_tf.priors import action as action_prior
from rwae_tf.priors import content as content_prior
from rwae_tf.priors.motion import MotionPrior
from rwae_tf.regularizers import kl, mmd
from rwae_tf.regularizers.critic import Critic
from rwae_tf.types import Codes, Phase, Posterior, Prior, Update

_WEIGHTS = {"content_divergence": "content_weight", "motion_divergence": "motion_weight",
            "motion_kl": "motion_kl_weight", "content_kl": "content_kl_weight"}
_HORIZON_WEIGHTS = {"horizon_divergence": "horizon_weight"}
_ACTION_WEIGHTS = {"action_kl": "action_weight", "action_divergence": "action_divergence_weight"}


class RWAE(SequenceModel):
    """Encoders φ, motion prior ψ, decoder θ and critic γ of eq. 9."""

    def __init__(self, config, spec, name="rwae"):
        super().__init__(config, spec, name)
        model = config.model
        self.frame_encoder, frame_decoder = backbones.build(model, spec.frame_shape)
        self.content_posterior = ContentPosterior(model.content_size, model.hidden_size, model.content_encoder)
        self.motion_posterior = MotionPosterior(
            model.motion_size, model.hidden_size, model.motion_initial_scale, model.motion_input == "changes",
            model.motion_gain)
        self.action_posterior = (
            ActionPosterior(model.action_size, model.hidden_size, model.action_input == "motion_and_features")
            if model.action_size else None)
        self.motion_prior = MotionPrior(model.motion_size, model.hidden_size)
        self.decoder = SequenceDecoder(frame_decoder, model.feature_size, model.hidden_size, model.decoder)
        self.content_divergence = regularizers.content_divergence(config.objective.content_divergence)
        self.critic = Critic(
            self.content_divergence.SPECTRAL, config.training.seed, config.objective.critic_features, name="critic")
        self.temperature = self.add_weight(
            shape=(), initializer=keras.initializers.Constant(model.temperature), trainable=False, name="temperature")
        # No Keras weight: it follows the schedule, and no checkpoint holds it.
        self._term_weights = tf.Variable(
            [schedule.value(getattr(config.objective, option), 0.0) for option in self.weight_options().values()],
            trainable=False, name="term_weights")
        self._build_weights()

    def _build_weights(self):
        """Create every weight, so that optimizers and checkpoints find them before the first step."""
        x = tf.zeros([2, self.config.data.length, *self.spec.frame_shape])
        codes = self.encode_codes(x)
        self.decode_codes(codes)
        self.motion_prior(codes.z_m)
        self.critic(codes.z_c)
        self.built = True

    def parts(self):
        encoders = [self.frame_encoder, self.content_posterior, self.motion_posterior]
        if self.action_posterior:
            encoders.append(self.action_posterior)
        return {"encoders": encoders, "critic": [self.critic],
                "decoder": [self.decoder], "motion_prior": [self.motion_prior]}

    def phases(self):
        """Algorithms 1 and 2, or their joint step for L = 1."""
        inference = (Update("encoders", "objective", "encoder_learning_rate"),
                     Update("critic", "critic", "critic_learning_rate"))
        generation = (Update("decoder", "objective", "decoder_learning_rate"),
                      Update("motion_prior", "objective", "decoder_learning_rate"))
        if self.config.training.fused:
            return (Phase("joint", 1, inference + generation),)
        return (Phase("inference", self.config.training.inference_steps, inference),
                Phase("generation", 1, generation))

    def set_temperature(self, value):
        """Set the temperature of the relaxed action."""
        self.temperature.assign(value)

    def weight_options(self):
        return (_WEIGHTS | (_HORIZON_WEIGHTS if self.config.objective.motion_horizon else {})
                | (_ACTION_WEIGHTS if self.action_posterior else {}))

    def set_term_weights(self, weights):
        self._term_weights.assign([weights[term] for term in self.weight_options()])

    def after_critic_update(self):
        """One power iteration of the spectral parametrization (Appendix D)."""
        self.critic.power_iteration()

    def posterior_of(self, x, noise=None, sample_content=True, training=False):
        """q(z_c, z_m, a | x); see `SequenceModel.posterior_of`. z_c may be the mean where the others are samples."""
        noise = centre(x) if noise is None else noise
        model = self.config.model
        batch, length = tf.unstack(tf.shape(x)[:2])
        frames = tf.reshape(reconstruction.normalized(x, self.spec), [-1, *self.spec.frame_shape])
        h = tf.reshape(self.frame_encoder(frames, training=training), [batch, length, model.feature_size])
        h = tf.ensure_shape(h, [x.shape[0], x.shape[1], model.feature_size])
        content = self.content_posterior.distribution(h)
        z_c = (distributions.sample_normal(content, noise.normal("content_posterior", [model.content_size]))
               if sample_content else content.loc)
        z_m, motion = self.motion_posterior.distribution(
            h, noise.normal("motion_posterior", [length, model.motion_size]))
        if not self.action_posterior:
            return Posterior(Codes(z_c, z_m), content, motion)
        q = self.action_posterior.distribution(z_m, self.motion_posterior.seen(h), self.temperature)
        action = distributions.sample_action(q, noise.uniform("action_posterior", [model.action_size]))
        return Posterior(Codes(z_c, z_m, action), content, motion, q)

    def losses(self, x, noise, gather):
        """Eq. 9, term by term; see `SequenceModel.losses`."""
        objective, model = self.config.objective, self.config.model
        q = self.posterior_of(x, noise, model.train_content == "sample", training=True)
        p = self.prior_of(q.codes.z_m)
        terms = {
            "reconstruction": reconstruction.cost(
                reconstruction.normalized(x, self.spec), self.likelihood_of(q.codes, training=True)),
            "motion_kl": kl.motion_kl(q.z_m, p.z_m),
            "content_kl": kl.content_kl(q.z_c, p.z_c),
        }
        terms.update(mmd.motion_mmd(
            gather(q.codes.z_m), lambda free: gather(self._motion_prior_samples(p.z_m, noise, free)), objective))
        if objective.motion_horizon:
            long = self._roll_outs(noise, objective.motion_horizon)
            terms.update(mmd.horizon_mmd(gather(q.codes.z_m), gather(long), objective))
        terms.update(self.content_divergence.terms(
            self.critic, gather(q.codes.z_c), gather(content_prior.sample(noise, model.content_size)),
            gather(noise.uniform("interpolation", [1])), objective))
        if self.action_posterior:
            terms["action_kl"] = kl.action_kl(q.action, objective, q.codes.action)
            terms["action_divergence"] = kl.action_divergence(gather(q.action.logits))
        terms["objective"] = tf.add_n([weight * terms[name] for name, weight in self.weights_of_terms().items()])
        return terms

    def weights_of_terms(self):
        weights = dict(zip(self.weight_options(), tf.unstack(self._term_weights), strict=True))
        return {"reconstruction": 1.0, **weights}

    def _motion_prior_samples(self, prior, noise, free):
        """z_m ~ p_psi: own roll-outs, or from the `prior` that is teacher-forced on the posterior's samples."""
        length = prior.loc.shape[1]
        if free:
            return self._roll_outs(noise, self.config.objective.motion_horizon or length)[:, :length]
        return distributions.sample_normal(
            prior, noise.normal("motion_prior", [tf.shape(prior.loc)[1], self.config.model.motion_size]))

    def _roll_outs(self, noise, length):
        """Free roll-outs of p_psi, [B, length, Dm]: the same in every call for one step's noise."""
        return self.motion_prior.roll_out(
            noise.normal("motion_prior_roll_out", [length, self.config.model.motion_size]))[0]

    def prior_of(self, z_m=None, length=None):
        model = self.config.model
        motion = self.motion_prior.trajectories(length) if z_m is None else self.motion_prior.given(z_m)
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
