"""TensorFlow-GAN, made to load: its training half builds on tf.estimator, which TensorFlow 2.16 dropped.

The one place that imports it. While it loads, a stub stands in for tf.estimator; its losses and evaluation
functions need none. What of it cannot be used here: its spectral normalization and gradient penalty, which want
graphs of TensorFlow 1, and its Inception network, which it downloads.
"""

import types
import warnings

import tensorflow as tf
import tensorflow.compat.v1 as v1  # loaded before the stub is set, or it would not get it

_STUB = types.SimpleNamespace(SessionRunHook=v1.train.SessionRunHook, Estimator=object,
                              tpu=types.SimpleNamespace(TPUEstimator=object))
tf.estimator = v1.estimator = _STUB
try:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="pkg_resources is deprecated")  # used by tensorflow-hub
        import tensorflow_gan
finally:
    del tf.estimator, v1.estimator

frechet_distance = tensorflow_gan.eval.frechet_classifier_distance_from_activations
classifier_score = tensorflow_gan.eval.classifier_score_from_logits


def discriminator_loss(logit_real, logit_generated):
    """-E log D(real) - E log(1 - D(generated)), a scalar, from logits of D [B, 1]."""
    return tensorflow_gan.losses.wargs.minimax_discriminator_loss(
        logit_real, logit_generated, label_smoothing=0.0, loss_collection=None)


def generator_loss(logit_generated):
    """-E log D(generated), which does not saturate, a scalar, from logits of D [B, 1]."""
    return tensorflow_gan.losses.wargs.modified_generator_loss(logit_generated, loss_collection=None)
