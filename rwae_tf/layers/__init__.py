"""The layers of the models, and the policy that chooses Keras's own code or the faster code of `kernels`."""
