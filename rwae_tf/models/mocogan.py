"""MoCoGAN: motion and content decomposed adversarial generation of videos (Tulyakov et al., CVPR 2018).

It has no encoder: it generates and decodes. Its codes are z_c and the category, once a clip, and z_m,t, the states of
a recurrent network that noise drives. docs/baselines.md names what departs from the publication.
"""

import tensorflow as tf
from keras import layers
from tensorflow_probability import distributions as tfd

from rwae_tf.compat import tfgan
from rwae_tf.errors import InputError
from rwae_tf.layers import stack
from rwae_tf.layers.discriminators import ClipDiscriminator, FrameDiscriminator
from rwae_tf.layers.stack import Stack
from rwae_tf.models import terms
from rwae_tf.models.base import SequenceModel
from rwae_tf.noise import RowNoise
from rwae_tf.priors import action as action_prior
from rwae_tf.types import Codes, Phase, Update

_RATE = "learning_rate"


class FrameGenerator(Stack):
    """Codes [N, Dc + A + Dm] -> frames [N, H, W, C] in [-1, 1]: transposed convolutions 4x4, batch norm, ReLU, tanh.

    The first one makes a 4x4 map of a single place, so it is a Dense.

    Args:
      policy: the `Policy` that makes its layers.
      frame_shape: (H, W, C).
      channels: c; at 64x64 the convolutions before the last have 8c, 4c, 2c and c, at 32x32 4c, 2c and c.
    """

    def __init__(self, policy, frame_shape, channels, name="frame_generator"):
        widths = stack.widths(frame_shape[0], channels)[::-1]
        parts = [policy.dense(16 * widths[0], use_bias=False), layers.Reshape((4, 4, widths[0])), policy.batch_norm(),
                 layers.ReLU()]
        for width in widths[1:]:
            parts += [policy.conv_transpose(width, 4, 2, use_bias=False), policy.batch_norm(), layers.ReLU()]
        super().__init__([*parts, policy.conv_transpose(frame_shape[-1], 4, 2), layers.Activation("tanh")], name)


class MoCoGAN(SequenceModel):
    """Generator, discriminator of frames and discriminator of clips, which reads the category too."""

    TITLE = "A motion and content decomposed adversarial generator (MoCoGAN; Tulyakov et al., CVPR 2018)"
    FIXED = {"image_adversarial": 1.0, "video_adversarial": 1.0}

    def __init__(self, config, spec, policy, name="mocogan"):
        super().__init__(config, spec, policy, name)
        if spec.modality != "video":
            raise InputError(f"model=mocogan: it generates videos; dataset={config.data.dataset} is speech")
        model = config.model
        self._factor = self._labelled_factor() if model.category_training == "supervised" else None
        self.motion = layers.GRU(model.motion_size, return_sequences=True, name="motion")
        self.frame_generator = FrameGenerator(policy, spec.frame_shape, model.decoder_channels or model.channels)
        self.image_discriminator = FrameDiscriminator(policy, model.channels)
        self.video_discriminator = ClipDiscriminator(
            policy, spec.frame_shape[0], config.data.length, model.channels, 1 + model.action_size)
        self.make_term_weights()
        x = self._generated(self._codes(RowNoise([0, 1]), config.data.length))
        self.image_discriminator(x[:, 0])
        self.video_discriminator(x)
        self.built = True

    def _labelled_factor(self):
        """The factor whose labels are the categories: one of the motion if any has as many classes."""
        size, spec = self.config.model.action_size, self.spec
        fitting = sorted((factor in spec.static, factor) for factor, classes in spec.factors.items()
                         if len(classes) == size)
        if not fitting:
            raise InputError(f"action_size={size}: category_training=supervised needs a labelled factor of as many "
                             f"classes; {self.config.data.dataset} has "
                             + (", ".join(f"{name} of {len(kinds)}" for name, kinds in spec.factors.items()) or "none"))
        return fitting[0][1]

    def parts(self):
        return {"image_discriminator": [self.image_discriminator], "video_discriminator": [self.video_discriminator],
                "generator": [self.motion, self.frame_generator]}

    def phases(self):
        """D_I, D_V, then the generator, each in a step of its own and so against clips of its own."""
        return (Phase("image_discriminator", 1, (Update("image_discriminator", "image_critic", _RATE),)),
                Phase("video_discriminator", 1, (Update("video_discriminator", "video_critic", _RATE),)),
                Phase("generator", 1, (Update("generator", "objective", _RATE),)))

    def method(self):
        size, training = self.config.model.action_size, self.config.model.category_training
        return f"mocogan, {size} categories, {training}" if size else "mocogan"

    def weight_options(self):
        category = {"category": "category_weight"} if self.config.model.action_size else {}
        return {**category, "weight_penalty": "l2_weight"}

    def extras(self, batch):
        """The category of real clips, "label" int [B], where it is learned from labels."""
        return {"label": batch["labels"][self._factor]} if self._factor else {}

    def losses(self, x, noise, gather, **extras):
        """The terms of all three steps; see `SequenceModel.losses`."""
        return {name: term for phase in self.phases()
                for name, term in self.phase_losses(phase.name, x, noise, gather, **extras).items()}

    def phase_losses(self, phase, x, noise, gather, label=None):
        """The terms of one step; non-saturating cross-entropies, means over patches.

        Args:
          phase: the name of a phase.
          label: categories of x, int [B], for category_training=supervised; None leaves their term out.
        """
        del gather
        steps = {"image_discriminator": self._image_critic, "video_discriminator": self._video_critic,
                 "generator": self._generator}
        return steps[phase](2 * x - 1, noise, label)

    def _image_critic(self, x, noise, label):
        """D_I between a frame of each clip and a frame of as many generated ones."""
        del label
        real = _one_frame(x, noise, "real_frame")
        made = self._generated(_one_code(self._codes(noise, tf.shape(x)[1], "image/"), noise, "image/frame"), True)
        logits = [self.image_discriminator(self._noisy(frames, noise, f"image/{tag}"), training=True)
                  for frames, tag in ((real, "real"), (made[:, 0], "made"))]
        penalty = self.weights_of_terms()["weight_penalty"] * terms.weight_penalty([self.image_discriminator])
        return {"image_critic": tfgan.discriminator_loss(*logits) + penalty}

    def _video_critic(self, x, noise, label):
        """D_V between clips and generated ones; its category head learns from those, or from labels of the clips."""
        codes = self._codes(noise, tf.shape(x)[1], "video/")
        real, q_real = self._seen(x, noise, "video/real")
        made, q_made = self._seen(self._generated(codes, True), noise, "video/made")
        weights = self.weights_of_terms()
        found = {"video_critic": tfgan.discriminator_loss(real, made)
                 + weights["weight_penalty"] * terms.weight_penalty([self.video_discriminator])}
        size = self.config.model.action_size
        if size and (label is not None or not self._factor):
            found["category_critic"] = (_cross_entropy(tf.one_hot(label, size), q_real) if self._factor
                                        else _cross_entropy(codes.action, q_made))
            found["video_critic"] += weights["category"] * found["category_critic"]
        return found

    def _generator(self, x, noise, label):
        """What the generator descends on: frames and clips that either discriminator takes for real."""
        del label
        length = tf.shape(x)[1]
        frames = self._generated(
            _one_code(self._codes(noise, length, "frames/"), noise, "frames/frame"), True)[:, 0]
        codes = self._codes(noise, length, "clips/")
        logits, category = self._seen(self._generated(codes, True), noise, "clips/made")
        judged = self.image_discriminator(self._noisy(frames, noise, "frames/made"), training=True)
        found = {"image_adversarial": tfgan.generator_loss(judged), "video_adversarial": tfgan.generator_loss(logits),
                 "weight_penalty": terms.weight_penalty([self.motion, self.frame_generator])}
        if self.config.model.action_size:
            found["category"] = _cross_entropy(codes.action, category)
        return {**found, "objective": self.objective(found)}

    def _seen(self, clips, noise, tag):
        """D_V of clips: logits of real [B, ...], and of the category, means over places [B, A]."""
        logits = self.video_discriminator(self._noisy(clips, noise, tag), training=True)
        return logits[..., 0], tf.reduce_mean(logits[..., 1:], [1, 2, 3])

    def _noisy(self, x, noise, tag):
        """What a discriminator sees: x, with normal noise of the deviation `instance_noise`."""
        deviation = self.config.model.instance_noise
        return x + deviation * noise.normal(tag, tf.shape(x)[1:]) if deviation else x

    def _codes(self, noise, length, tag=""):
        """`Codes` from the priors; an h_0 and a noise for each frame drive the GRU whose states are z_m."""
        model = self.config.model
        steps = noise.normal(f"{tag}motion", [length, model.motion_size])
        z_m = self.motion(steps, initial_state=noise.normal(f"{tag}first_state", [model.motion_size]))
        action = action_prior.sample(noise, model.action_size, f"{tag}category") if model.action_size else None
        return Codes(noise.normal(f"{tag}content", [model.content_size]), z_m, action)

    def _generated(self, codes, training=False):
        """Clips [B, T, H, W, C] in [-1, 1]."""
        model, (z_c, z_m, action) = self.config.model, codes
        static = z_c if action is None else tf.concat([z_c, action], -1)
        z = tf.concat([tf.repeat(static[:, None], tf.shape(z_m)[1], axis=1), z_m], -1)
        width = model.content_size + model.action_size + model.motion_size
        frames = self.frame_generator(tf.reshape(z, [-1, width]), training=training)
        clips = tf.reshape(frames, tf.concat([tf.shape(z_m)[:2], self.spec.frame_shape], 0))
        return tf.ensure_shape(clips, [None, z_m.shape[1], *self.spec.frame_shape])

    def prior_of(self, z_m=None, length=None, training=False):
        raise InputError("prior: the motion of model=mocogan has no density; draw gives samples of its codes")

    def likelihood_of(self, codes, training=False):
        frames = self._generated(codes, training)
        return tfd.Independent(tfd.Deterministic((frames + 1) / 2), reinterpreted_batch_ndims=frames.shape.rank - 1)

    def decode_codes(self, codes):
        return (self._generated(codes) + 1) / 2

    def generate_codes(self, seeds, length, action=None):
        codes = self._codes(RowNoise(seeds), length)
        return codes if action is None else codes._replace(action=action)


Model = MoCoGAN


def _one_frame(x, noise, tag):
    """A frame of each clip of x [B, T, ...], drawn evenly: [B, ...]."""
    length = tf.shape(x)[1]
    number = tf.cast(tf.cast(length, tf.float32) * noise.uniform(tag, []), tf.int32)
    return tf.gather(x, tf.minimum(number, length - 1), axis=1, batch_dims=1)


def _one_code(codes, noise, tag):
    """`Codes` of clips of one frame, drawn evenly from the frames of `codes`."""
    return codes._replace(z_m=_one_frame(codes.z_m, noise, tag)[:, None])


def _cross_entropy(shares, logits):
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(shares, logits))
