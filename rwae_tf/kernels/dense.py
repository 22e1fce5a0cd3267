"""Dense with the gradient of `matmul`: Keras's weights and numbers."""

from keras import layers

from rwae_tf.kernels import matmul


class Dense(layers.Dense):
    """`keras.layers.Dense`: [..., D] -> [..., units], in float32 whatever training multiplies in."""

    def call(self, inputs):
        y = matmul.of_all(inputs, self.kernel.value)
        y = y + self.bias.value if self.use_bias else y
        return self.activation(y)
