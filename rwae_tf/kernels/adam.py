"""Adam by TensorFlow's own kernel."""

import keras
import tensorflow as tf

from rwae_tf.compat import private


class Adam(keras.optimizers.Adam):
    """Keras's Adam, its slots and its formula, in one operation for each weight instead of a dozen.

    Each of the dozen reads and writes as many numbers as the weight has; the kernel does so once.
    """

    def update_step(self, gradient, variable, learning_rate):
        """Move one weight and its two slots."""
        slots = private.adam_slots(self, variable)
        if slots is None:
            super().update_step(gradient, variable, learning_rate)
            return
        mean, square = slots
        step = tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle, m=mean.value.handle, v=square.value.handle,
            beta1_power=self.beta_1**step, beta2_power=self.beta_2**step, lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1, beta2=self.beta_2, epsilon=self.epsilon, grad=gradient)
