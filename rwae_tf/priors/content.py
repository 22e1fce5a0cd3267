"""p(z_c) = N(0, I) (section 3.2)."""

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from rwae_tf import distributions
from rwae_tf.noise import BatchNoise


def distribution(content_size: int) -> tfd.Distribution:
    """N(0, I): batch shape [], event shape [Dc]."""
    return tfd.MultivariateNormalDiag(tf.zeros([content_size]), tf.ones([content_size]))


def sample(noise: BatchNoise, content_size: int) -> tf.Tensor:
    """z_c ~ N(0, I), [B, Dc]."""
    return distributions.sample_normal(distribution(content_size), noise.normal("content_prior", [content_size]))
