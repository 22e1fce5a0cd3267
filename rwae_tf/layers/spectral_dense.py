"""A dense layer under spectral parametrization (Miyato et al. 2018, Arbel et al. 2018; Appendix D)."""

import keras
import tensorflow as tf


class SpectralDense(keras.layers.Layer):
    """Linear map z -> z W_bar + b with W_bar = s W / sigma(W).

    sigma(W) = u^T W v is W's largest singular value; u and v come from power iteration and are held
    constant in the gradient, W in sigma is not (keras.layers.SpectralNormalization overwrites its
    kernel and misses that part). s is learned from 1, so the layer's Lipschitz constant is |s|. A call
    never moves u and v: `power_iteration` does, once per update of the critic.

    Input [..., D], output [..., units].
    """

    def __init__(self, units, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.seed = seed

    def build(self, input_shape):
        """Make W, b, s, and u and v at W's leading singular vectors."""
        shape = (input_shape[-1], self.units)
        glorot = keras.initializers.GlorotUniform(self.seed)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=glorot)
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")
        self.gain = self.add_weight(name="gain", shape=(), initializer="ones")
        # By initialisers, as Keras may build a layer symbolically, where an assignment would be lost; the
        # seeded one gives W's first value again.
        self.left = self._direction("left", shape[0], lambda _, dtype: _leading(glorot(shape, dtype))[0])
        self.right = self._direction("right", shape[1], lambda _, dtype: _leading(glorot(shape, dtype))[1])

    def _direction(self, name, size, initializer):
        """A weight for u or v. Every replica computes the same update, so the first replica's is used."""
        return self.add_weight(name=name, shape=(size,), initializer=initializer, trainable=False,
                               aggregation="only_first_replica")

    def sigma(self):
        """u^T W v: the largest singular value of W, with gradient to W alone."""
        left, right = tf.stop_gradient(self.left.value), tf.stop_gradient(self.right.value)
        return tf.tensordot(left, tf.linalg.matvec(self.kernel.value, right), 1)

    def power_iteration(self):
        """Move u and v one step towards the leading singular vectors of W."""
        left, right = _power_step(self.kernel.value, self.left.value)
        self.left.assign(left)
        self.right.assign(right)

    def call(self, inputs):
        """[..., D] -> [..., units]."""
        kernel = self.kernel.value * (self.gain.value / self.sigma())
        return tf.tensordot(inputs, kernel, 1) + self.bias.value


def _power_step(kernel, left):
    """The next u and v for W `kernel` [D, units] from u `left` [D]."""
    right = tf.math.l2_normalize(tf.linalg.matvec(kernel, left, transpose_a=True))
    return tf.math.l2_normalize(tf.linalg.matvec(kernel, right)), right


def _leading(kernel):
    """The leading singular vectors u and v of W, by decomposition, with the sign of sum(u) > 0."""
    left = tf.linalg.svd(kernel)[1][:, 0]
    return _power_step(kernel, left * tf.sign(tf.reduce_sum(left)))
