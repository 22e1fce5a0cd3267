"""TensorFlow-GAN, made to load: its training half builds on tf.estimator, which TensorFlow 2.16 dropped.

The one place that imports it. While it loads, a stub stands in for tf.estimator; its evaluation functions
need none.
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
