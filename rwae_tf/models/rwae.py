"""The Disentangled Recurrent Wasserstein Autoencoder (Han et al., ICLR 2021).

R-WAE(MMD) and R-WAE(GAN) differ in `objective.content_divergence` alone; a model with
`model.action_size` A > 0 is the weakly supervised variant of section 3.4.
"""

import tensorflow as tf

from rwae_tf import distributions, reconstruction, regularizers
from rwae_tf.inference.motion import MotionPosterior
from rwae_tf.models.autoencoder import SequenceAutoencoder
from rwae_tf.priors import content as content_prior
from rwae_tf.regularizers import kl, mmd
from rwae_tf.regularizers.critic import Critic
from rwae_tf.types import Phase, Update

_WEIGHTS = {"content_divergence": "content_weight", "motion_divergence": "motion_weight",
            "motion_kl": "motion_kl_weight", "content_kl": "content_kl_weight"}
_HORIZON_WEIGHTS = {"horizon_divergence": "horizon_weight"}


class RWAE(SequenceAutoencoder):
    """Encoders φ, motion prior ψ, decoder θ and critic γ of eq. 9."""

    TITLE = "A recurrent Wasserstein autoencoder (Han et al., ICLR 2021)"

    def __init__(self, config, spec, policy, name="rwae"):
        super().__init__(config, spec, policy, name)
        self.content_divergence = regularizers.content_divergence(config.objective.content_divergence)
        self.critic = Critic(
            self.content_divergence.SPECTRAL, config.training.seed, config.objective.critic_features, name="critic")
        codes = self.build_weights()
        self.critic(codes.z_c)

    def make_motion_posterior(self):
        model = self.config.model
        return MotionPosterior(self.policy, model.motion_size, model.hidden_size, model.motion_initial_scale,
                               model.motion_input == "mean_centered", model.motion_input_scale)

    def parts(self):
        return {"encoders": self.encoders(), "critic": [self.critic],
                "decoder": [self.decoder], "motion_prior": [self.motion_prior]}

    def phases(self):
        """Algorithms 1 and 2, or their joint step for L = 1."""
        inference = (Update("encoders", "objective", "encoder_learning_rate"),
                     Update("critic", "critic", "critic_learning_rate"))
        generation = (Update("decoder", "objective", "decoder_learning_rate"),
                      Update("motion_prior", "objective", "decoder_learning_rate"))
        if self.config.training.joint_update:
            return (Phase("joint", 1, inference + generation),)
        return (Phase("inference", self.config.training.inference_steps, inference),
                Phase("generation", 1, generation))

    def method(self):
        return f"rwae, {self.config.objective.content_divergence}"

    def own_weights(self):
        return _WEIGHTS | (_HORIZON_WEIGHTS if self.config.objective.motion_horizon else {})

    def after_critic_update(self):
        """One power iteration of the spectral parametrization (Appendix D)."""
        self.critic.power_iteration()

    def losses(self, x, noise, gather, **extras):
        """Eq. 9, term by term; see `SequenceModel.losses`."""
        del extras
        objective, model = self.config.objective, self.config.model
        q = self.posterior_of(x, noise, model.train_content == "sample", training=True)
        p = self.prior_of(q.codes.z_m, training=True)
        terms = {
            "reconstruction": reconstruction.cost(
                reconstruction.normalized(x, self.spec), self.likelihood_of(q.codes, training=True)),
            "motion_kl": kl.motion_kl(q.z_m, p.z_m),
            "content_kl": kl.content_kl(q.z_c, p.z_c),
        }
        terms.update(mmd.motion_mmd(
            gather(q.codes.z_m), lambda free: gather(self._motion_prior_samples(p.z_m, noise, free)), objective,
            gather(tf.nn.softmax(q.action.logits)) if objective.motion_given_action else None))
        if objective.motion_horizon:
            long = self._roll_outs(noise, objective.motion_horizon)
            terms.update(mmd.horizon_mmd(gather(q.codes.z_m), gather(long), objective))
        terms.update(self.content_divergence.terms(
            self.critic, gather(q.codes.z_c), gather(content_prior.sample(noise, model.content_size)),
            gather(noise.uniform("interpolation", [1])), objective))
        terms.update(self.action_terms(q, gather))
        terms["objective"] = self.objective(terms)
        return terms

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
            noise.normal("motion_prior_roll_out", [length, self.config.model.motion_size]), training=True)[0]


Model = RWAE
