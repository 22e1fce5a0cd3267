"""p(a): uniform over the A one-hot actions (section 3.4)."""

import tensorflow as tf
from tensorflow_probability import distributions as tfd


def distribution(action_size):
    """Uniform over one-hot actions: batch shape [], event shape [A]."""
    return tfd.OneHotCategorical(logits=tf.zeros([action_size]), dtype=tf.float32)


def sample(noise, action_size, tag="action_prior"):
    """One-hot a ~ uniform, [B, A], from uniform noise by the inverse of the distribution function."""
    uniform = noise.uniform(tag, [])
    return tf.one_hot(tf.minimum(tf.cast(uniform * action_size, tf.int32), action_size - 1), action_size)
