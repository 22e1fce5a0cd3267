"""TensorFlow-GAN, made to load: its training hooks want tf.estimator, which TensorFlow 2.16 dropped.

The one place that imports it; its evaluation functions need no estimator.
"""

import types

# tf.compat.v1 must be loaded before the stub is set, or loading it later would look for the real one.
import tensorflow as tf
import tensorflow.compat.v1 as v1

if not hasattr(tf, "estimator"):
    tf.estimator = v1.estimator = types.SimpleNamespace(SessionRunHook=v1.train.SessionRunHook)

import tensorflow_gan  # noqa: E402  after its stub

frechet_distance = tensorflow_gan.eval.frechet_classifier_distance_from_activations
