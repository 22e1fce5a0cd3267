"""The disentangled sequential variational autoencoder, DS-VAE (Li & Mandt, ICML 2018).

R-WAE's networks but for the motion posterior, trained on the evidence lower bound by one optimizer. A model with
`model.action_size` A > 0 has R-WAE's action beside its codes, as DS-VAE (W) in Table 3 of the paper of R-WAE.
docs/baselines.md names what departs from the publication.
"""

from tensorflow_probability import distributions as tfd

from rwae_tf import reconstruction
from rwae_tf.inference.motion import FactorisedMotionPosterior, FullMotionPosterior
from rwae_tf.models.autoencoder import SequenceAutoencoder
from rwae_tf.regularizers import kl
from rwae_tf.types import Phase, Update

_WEIGHTS = {"motion_kl": "motion_kl_weight", "content_kl": "content_kl_weight"}
_POSTERIORS = {"factorised": FactorisedMotionPosterior, "full": FullMotionPosterior}


class DSVAE(SequenceAutoencoder):
    """Encoders, motion prior and decoder of the bound, q factorised or full as `model.motion_posterior` says."""

    TITLE = "A disentangled sequential variational autoencoder (Li & Mandt, ICML 2018)"

    def __init__(self, config, spec, policy, name="ds_vae"):
        super().__init__(config, spec, policy, name)
        self.build_weights()

    def make_motion_posterior(self):
        model = self.config.model
        return _POSTERIORS[model.motion_posterior](
            self.policy, model.motion_size, model.hidden_size, model.motion_initial_scale,
            model.motion_input == "mean_centered", model.motion_input_scale)

    def parts(self):
        return {"autoencoder": [*self.encoders(), self.decoder, self.motion_prior]}

    def phases(self):
        """One optimizer that moves everything on one loss."""
        return (Phase("bound", 1, (Update("autoencoder", "objective", "learning_rate"),)),)

    def method(self):
        return f"ds_vae, {self.config.model.motion_posterior} q"

    def own_weights(self):
        return _WEIGHTS

    def losses(self, x, noise, gather, **extras):
        """The negative bound, term by term; see `SequenceModel.losses`."""
        del extras
        terms, q = self.bound(x, noise)
        terms.update(self.action_terms(q, gather))
        terms["objective"] = self.objective(terms)
        return terms

    def bound(self, x, noise):
        """The terms of `bound_terms` for x [B, T, ...], and the `Posterior` behind them."""
        q = self.posterior_of(x, noise, self.config.model.train_content == "sample", training=True)
        p = self.prior_of(q.codes.z_m, training=True)
        if self.config.objective.motion_kl_prior == "free":
            p = p._replace(z_m=self._free_prior(q.codes.z_m.shape[1], noise))
        likelihood = self.likelihood_of(q.codes, training=True)
        return bound_terms(reconstruction.normalized(x, self.spec), likelihood, q, p), q

    def _free_prior(self, length, noise):
        """p(z_m,t | z_m,<t) along one roll-out of the prior for each row: batch shape [B, T], event shape [Dm]."""
        noise = noise.normal("motion_prior_roll_out", [length, self.config.model.motion_size])
        _, loc, scale = self.motion_prior.roll_out(noise, training=True)
        return tfd.MultivariateNormalDiag(loc, scale)


Model = DSVAE


def bound_terms(x, likelihood, q, p):
    """The terms of the negative evidence lower bound, in nats, means over the batch.

    With weights of 1 and a likelihood that has a density, minus their sum is in the mean over q at most
    log p(x), and equal to it where q is the true posterior.

    Args:
      x: sequences [B, T, ...], as the networks see them.
      likelihood: p(x|z), given a sample of q; batch shape [B].
      q: `Posterior`; q(z_m,t | ...) is given the sample of the frames before, where it depends on it.
      p: `Prior`; p(z_m,t | z_m,<t) given that sample makes it a bound. Given roll-outs of the prior instead, as in
        published code of DS-VAE, the KL compares every q(z_m,t) with a past that is not its own, and is no less, in
        the mean, than that from the marginal p(z_m,t).

    Returns:
      Scalars "reconstruction", "motion_kl" and "content_kl".
    """
    return {"reconstruction": reconstruction.cost(x, likelihood), "motion_kl": kl.motion_kl(q.z_m, p.z_m),
            "content_kl": kl.content_kl(q.z_c, p.z_c)}
