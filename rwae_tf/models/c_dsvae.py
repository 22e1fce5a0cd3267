"""C-DSVAE: the contrastively disentangled sequential variational autoencoder (Bai et al., NeurIPS 2021).

DS-VAE with three more terms: what z_c keeps when frames are shuffled, what z_m keeps when colours change, and the
mutual information of both, which is to be low. docs/baselines.md names what departs from the publication.
"""

import tensorflow as tf

from rwae_tf.errors import InputError
from rwae_tf.models.ds_vae import DSVAE
from rwae_tf.regularizers import contrast

_WEIGHTS = {"content_contrast": "content_contrast_weight", "motion_contrast": "motion_contrast_weight",
            "mutual_information": "mutual_information_weight"}
_LOWEST_GAIN, _HIGHEST_GAIN = 0.6, 1.4  # of a colour
_STRONGEST_BLUR = 1 / 3  # share of either neighbour: as much as of the pixel itself


class CDSVAE(DSVAE):
    """DS-VAE, two contrastive terms and a penalty on the mutual information of the codes."""

    TITLE = "A contrastively disentangled sequential variational autoencoder (Bai et al., NeurIPS 2021)"

    def __init__(self, config, spec, policy, name="c_dsvae"):
        if spec.modality != "video":
            raise InputError(
                f"model=c_dsvae: its views are recoloured pictures; dataset={config.data.dataset} is speech")
        super().__init__(config, spec, policy, name)

    def method(self):
        return f"c_dsvae, {self.config.model.motion_posterior} q"

    def own_weights(self):
        return super().own_weights() | _WEIGHTS

    def losses(self, x, noise, gather, **extras):
        """The negative bound and the three terms; see `SequenceModel.losses`."""
        del extras
        terms, q = self.bound(x, noise)
        z_c, z_m = self._means_of_views(shuffled(x, noise), recoloured(x, noise))
        temperature = self.config.objective.contrast_temperature
        terms.update({
            "content_contrast": contrast.info_nce(gather(q.z_c.loc), gather(z_c), temperature),
            "motion_contrast": contrast.info_nce(gather(q.z_m.loc), gather(z_m), temperature),
            "mutual_information": contrast.mutual_information(
                *([gather(array) for array in (code, of.loc, of.stddev())]
                  for code, of in ((q.codes.z_c, q.z_c), (q.codes.z_m, q.z_m))))})
        terms.update(self.action_terms(q, gather))
        terms["objective"] = self.objective(terms)
        return terms

    def _means_of_views(self, for_content, for_motion):
        """Means of q(z_c) of the one view [B, Dc] and of q(z_m) of the other [B, T, Dm], encoded at once."""
        h, _ = self.frame_features(tf.concat([for_content, for_motion], 0), training=True)
        content = self.content_posterior.distribution(h, training=True).loc
        of_content, of_motion = tf.split(content, 2)
        h = tf.split(h, 2)[1]
        noise = tf.zeros([tf.shape(h)[0], tf.shape(h)[1], self.config.model.motion_size])
        return of_content, self.motion_posterior.distribution(h, noise, of_motion, training=True)[1].loc


Model = CDSVAE


def shuffled(x, noise):
    """Clips [B, T, ...] with their frames in another order, drawn for each clip: the content, without the motion."""
    order = tf.argsort(noise.uniform("shuffled", [tf.shape(x)[1]]), axis=1)
    return tf.gather(x, order, axis=1, batch_dims=1)


def recoloured(x, noise):
    """Clips [B, T, H, W, C] in other colours and blurred, all frames of a clip alike: the motion, another content.

    Each channel takes a gain between 0.6 and 1.4; each pixel then takes a share of up to a third of either neighbour,
    along both axes.
    """
    spread = _HIGHEST_GAIN - _LOWEST_GAIN
    gain = _LOWEST_GAIN + spread * noise.uniform("recoloured", [x.shape[-1]])
    x = tf.clip_by_value(x * gain[:, None, None, None], 0.0, 1.0)
    share = _STRONGEST_BLUR * noise.uniform("blurred", [])[:, None, None, None, None]
    for axis in (2, 3):
        ends = [[0, 0]] * 5
        ends[axis] = [1, 1]
        padded = tf.pad(x, ends, "SYMMETRIC")
        before, after = (tf.gather(padded, first + tf.range(tf.shape(x)[axis]), axis=axis) for first in (0, 2))
        x = (1 - 2 * share) * x + share * (before + after)
    return x
