"""p(a): uniform over the A one-hot actions (section 3.4)."""

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from rwae_tf.noise import BatchNoise


def distribution(action_size: int) -> tfd.Distribution:
    """Uniform over one-hot actions: batch shape [], event shape [A]."""
    return tfd.OneHotCategorical(logits=tf.zeros([action_size]), dtype=tf.float32)


def sample(noise: BatchNoise, action_size: int, tag: str = "action_prior") -> tf.Tensor:
    """One-hot a ~ uniform, [B, A], from uniform noise by the inverse of the distribution function."""
    uniform = noise.uniform(tag, [])
    return tf.one_hot(tf.minimum(tf.cast(uniform * action_size, tf.int32), action_size - 1), action_size)
