"""The critic on z_c: the discriminator D_gamma of R-WAE(GAN), the feature map f_gamma of R-WAE(MMD)."""

import keras
import tensorflow as tf

from rwae_tf.layers.spectral_dense import SpectralDense
from rwae_tf.layers.stack import Composite

HIDDEN = (256, 256, 128)
"""Units of the fully-connected layers before the last (Appendix G)."""


class Critic(Composite):
    """A fully-connected network with linear outputs.

    Args:
      spectral: whether the layers are under spectral parametrization (f_gamma), or plain (D_gamma).
      seed: of the initial weights; layer i takes seed + 10 i.
      features: outputs K; 1 in the paper.
    """

    def __init__(self, spectral, seed=0, features=1, **kwargs):
        super().__init__(**kwargs)
        self.spectral = spectral
        self.denses = [_dense(units, spectral, seed + 10 * i) for i, units in enumerate((*HIDDEN, features))]

    def call(self, z):
        """The logit of D_gamma, or f_gamma: z [B, D] -> [B, K]."""
        for dense in self.denses[:-1]:
            z = tf.nn.leaky_relu(dense(z), 0.2)
        return self.denses[-1](z)

    def power_iteration(self):
        """One power iteration in every spectral layer, once per update; nothing for a plain critic."""
        if self.spectral:
            for dense in self.denses:
                dense.power_iteration()


def _dense(units, spectral, seed):
    if spectral:
        return SpectralDense(units, seed=seed)
    return keras.layers.Dense(units, kernel_initializer=keras.initializers.GlorotUniform(seed))
