"""The compiled twins of a model's verbs: one trace serves every batch and length."""

import functools

import keras
import tensorflow as tf

from rwae_tf.noise import BatchNoise
from rwae_tf.types import Codes


class CompiledVerbs(keras.Model):
    """A model whose graph-level verbs are traced when they are first asked for; see `base.SequenceModel`."""

    def _sequence_spec(self):
        return tf.TensorSpec([None, None, *self.spec.frame_shape], tf.float32)

    @functools.cached_property
    def _encode(self):
        return tf.function(self.encode_codes, input_signature=[self._sequence_spec()], autograph=False)

    @functools.cached_property
    def _posterior(self):
        return tf.function(self.posterior_of, input_signature=[self._sequence_spec()], autograph=False)

    @functools.cached_property
    def _posterior_sample(self):
        def sample(x, seed):
            return self.posterior_of(x, BatchNoise(seed, tf.shape(x)[0]))
        return tf.function(sample, input_signature=[self._sequence_spec(), tf.TensorSpec([2], tf.int32)],
                           autograph=False)

    @functools.cached_property
    def _parameters(self):
        def parameters(x):
            q = self.posterior_of(x)
            p = self.prior_of(q.codes.z_m)
            found = {}
            for code, ours, theirs in (("z_c", q.z_c, p.z_c), ("z_m", q.z_m, p.z_m)):
                shape = tf.shape(ours.mean())
                found[code] = {"mean": ours.mean(), "variance": ours.variance(),
                               "prior_mean": tf.broadcast_to(theirs.mean(), shape),
                               "prior_variance": tf.broadcast_to(theirs.variance(), shape)}
            return found
        return tf.function(parameters, input_signature=[self._sequence_spec()], autograph=False)

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
