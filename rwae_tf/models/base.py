"""What every model answers: encode, decode, reconstruct, generate, swap.

The verbs take arrays, check them and return tensors; their graph-level twins (`encode_codes`,
`decode_codes`, `generate_codes`), which a model implements, take tensors of any batch and length and
are what training summaries and exported signatures call.
"""

import functools

import keras
import numpy as np
import tensorflow as tf

from rwae_tf.models import checks
from rwae_tf.noise import BatchNoise, NoNoise
from rwae_tf.types import Codes


class SequenceModel(keras.Model):
    """A model of sequences with a content code and motion codes.

    Args:
      config: the `Config` of the run.
      spec: the `SequenceSpec` of its data.
    """

    def __init__(self, config, spec, name):
        super().__init__(name=name)
        self.config, self.spec = config, spec

    # What a model implements.

    def parts(self):
        """Part name -> its layers; each trainable weight belongs to exactly one part."""
        raise NotImplementedError

    def phases(self):
        """The algorithm as data: a tuple of `Phase`."""
        raise NotImplementedError

    def losses(self, x, noise, gather):
        """Named scalar terms of one batch, "objective" among them, from x [B, T, ...].

        Args:
          noise: a `BatchNoise` for the rows of x.
          gather: joins a tensor's rows over all replicas, with gradient.
        """
        raise NotImplementedError

    def weight_options(self):
        """Term name -> the field of `ObjectiveConfig` with its weight in the objective, which may follow a schedule."""
        raise NotImplementedError

    def weights_of_terms(self):
        """Term name -> its weight in the objective now, a number or a scalar tensor."""
        raise NotImplementedError

    def set_term_weights(self, weights):
        """Set weights of terms, numbers by the names of `weight_options`."""
        raise NotImplementedError

    def encode_codes(self, x, noise=None):
        """x [B, T, ...] -> `Codes`: posterior means, or samples with the given noise."""
        raise NotImplementedError

    def parameters_of_codes(self, x):
        """x -> {"z_c", "z_m": (loc, scale, prior's loc, prior's scale)}, given the means of the codes before."""
        raise NotImplementedError

    def decode_codes(self, codes):
        """`Codes` -> x_hat [B, T, ...]."""
        raise NotImplementedError

    def generate_codes(self, seeds, length, action=None):
        """`Codes` from the priors: row i depends on seeds[i] (int32 [B]) alone; length is a scalar."""
        raise NotImplementedError

    def set_temperature(self, value):
        """Set the temperature of a relaxed action; nothing for a model without one."""

    def after_critic_update(self):
        """Called after each update of the part "critic"."""

    # The five verbs.

    def encode(self, x, sample=False, seed=None):
        """Codes of sequences.

        Args:
          x: [B, T, *frame_shape], values in [0, 1] for video; speech as its dataset gives it, in decibels.
          sample: draw from the posterior instead of taking its mean.
          seed: int, for `sample`; None draws a fresh one.

        Returns:
          `Codes`: z_c [B, Dc], z_m [B, T, Dm], action [B, A] or None.

        Raises:
          InputError: (a ValueError) for a wrong shape, range or NaN.
        """
        x = checks.sequences(x, self.spec)
        if not sample:
            return self._encode_mean(x)
        if seed is None:
            seed = int(np.random.SeedSequence().generate_state(1)[0] >> 1)
        return self._encode_sample(x, tf.constant([checks.seeds(seed, 1)[0], 0], tf.int32))

    def parameters(self, x):
        """Means and variances of the codes' Gaussians, for measures of how a code is used.

        Args:
          x: [B, T, *frame_shape].

        Returns:
          {"z_c" and "z_m": {"mean", "variance", "prior_mean", "prior_variance"}}, like the codes or broadcastable;
          for z_m given the codes of the frames before, at their posterior means.
        """
        found = self._parameters(checks.sequences(x, self.spec))
        return {code: {"mean": loc, "variance": scale**2, "prior_mean": prior_loc, "prior_variance": prior_scale**2}
                for code, (loc, scale, prior_loc, prior_scale) in found.items()}

    def decode(self, codes):
        """`Codes` -> sequences [B, T, *frame_shape]."""
        return self._decode(Codes(*checks.codes(codes, self.config.model)))

    def reconstruct(self, x):
        """Sequences -> their reconstructions from posterior means, same shape."""
        return self._decode(self._encode_mean(checks.sequences(x, self.spec)))

    def generate(self, num=8, length=100, seed=0, z_c=None, z_m=None, action=None):
        """New sequences [num, length, *frame_shape]; what is not given is drawn from the priors.

        Args:
          num, length: rows and frames; a given code sets them instead.
          seed: one int, or `num` ints, one per row: a row depends on its own seed alone.
          z_c: [num, Dc], z_m: [num, length, Dm], action: [num, A]; any of them None.
        """
        model = self.config.model
        z_c = None if z_c is None else checks.code(z_c, model.content_size, 2, "z_c")
        z_m = None if z_m is None else checks.code(z_m, model.motion_size, 3, "z_m")
        if action is not None:
            if not model.action_size:
                raise checks.InputError("action: given, but this model has no actions")
            action = checks.code(action, model.action_size, 2, "action")
        checks.same_batch(z_c=z_c, z_m=z_m, action=action)
        given = [array for array in (z_c, z_m, action) if array is not None]
        num = len(given[0]) if given else checks.count(num, "num")
        length = checks.count(length, "length") if z_m is None else z_m.shape[1]
        drawn = self._generate(checks.seeds(seed, num), length, action)
        return self._decode(Codes(drawn.z_c if z_c is None else z_c, drawn.z_m if z_m is None else z_m, drawn.action))

    def draw(self, num=8, length=100, seed=0):
        """`Codes` drawn from the priors: z_c [num, Dc], z_m [num, length, Dm], action [num, A] or None.

        Args:
          num, length: rows and frames.
          seed: one int, or `num` ints, one per row: a row depends on its own seed alone.
        """
        num, length = checks.count(num, "num"), checks.count(length, "length")
        return self._generate(checks.seeds(seed, num), length, None)

    def swap(self, content, motion):
        """Sequences with the content of one batch and the motion (and action) of another.

        Args:
          content: [B, T, *frame_shape]; motion: [B, T', *frame_shape].

        Returns:
          [B, T', *frame_shape].
        """
        content = checks.sequences(content, self.spec, "content")
        motion = checks.sequences(motion, self.spec, "motion")
        checks.same_batch(content=content, motion=motion)
        moving = self._encode_mean(motion)
        return self._decode(Codes(self._encode_mean(content).z_c, moving.z_m, moving.action))

    # The verbs' compiled twins: one trace serves every batch and length.

    def _sequence_spec(self):
        return tf.TensorSpec([None, None, *self.spec.frame_shape], tf.float32)

    @functools.cached_property
    def _encode_mean(self):
        return tf.function(self.encode_codes, input_signature=[self._sequence_spec()], autograph=False)

    @functools.cached_property
    def _encode_sample(self):
        def encode(x, seed):
            return self.encode_codes(x, BatchNoise(seed, tf.shape(x)[0]))
        return tf.function(encode, input_signature=[self._sequence_spec(), tf.TensorSpec([2], tf.int32)],
                           autograph=False)

    @functools.cached_property
    def _parameters(self):
        return tf.function(self.parameters_of_codes, input_signature=[self._sequence_spec()], autograph=False)

    @functools.cached_property
    def _decode(self):
        model = self.config.model
        widths = [[None, model.content_size], [None, None, model.motion_size]]
        if model.action_size:
            widths.append([None, model.action_size])
        function = tf.function(lambda *codes: self.decode_codes(Codes(*codes)),
                               input_signature=[tf.TensorSpec(width, tf.float32) for width in widths], autograph=False)
        return lambda codes: function(*(code for code in codes if code is not None))

    @functools.cached_property
    def _generate(self):
        function = tf.function(self.generate_codes, reduce_retracing=True, autograph=False)
        return lambda seeds, length, action: function(tf.constant(seeds), tf.constant(length), action)


def centre(x):
    """The noise of posterior means for a batch like x."""
    return NoNoise(tf.shape(x)[0])
