"""The numbers of Keras's own layers and Adam, computed faster; `layers.policy` chooses them.

No other module of the package but `layers.policy` imports it, and that when a policy is named "fast". Every layer has
the weights, their names and their order of the one of `layers.plain` of the same name.
"""
