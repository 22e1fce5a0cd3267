"""p(a): uniform over the A one-hot actions (section 3.4)."""

import tensorflow as tf


def sample(noise, action_size):
    """One-hot a ~ uniform, [B, A]."""
    uniform = noise.uniform("action_prior", [])
    return tf.one_hot(tf.minimum(tf.cast(uniform * action_size, tf.int32), action_size - 1), action_size)
