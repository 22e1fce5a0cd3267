"""p(z_c) = N(0, I) (section 3.2)."""

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from rwae_tf import distributions


def distribution(content_size):
    """N(0, I): batch shape [], event shape [Dc]."""
    return tfd.MultivariateNormalDiag(tf.zeros([content_size]), tf.ones([content_size]))


def sample(noise, content_size):
    """z_c ~ N(0, I), [B, Dc]."""
    return distributions.sample_normal(distribution(content_size), noise.normal("content_prior", [content_size]))
