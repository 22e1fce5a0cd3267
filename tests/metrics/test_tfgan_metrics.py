"""TensorFlow-GAN loads here, and its other scores equal ours."""

import numpy as np
import pytest

from rwae_tf.metrics import scores


def test_classifier_score_is_our_inception_score():
    from rwae_tf.metrics import tfgan

    logits = np.random.default_rng(0).normal(size=(20, 5)).astype(np.float32) * 3
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    theirs = float(tfgan.tensorflow_gan.eval.classifier_score_from_logits(logits))
    assert scores.inception_score(p)["inception_score"] == pytest.approx(theirs, rel=1e-5)
