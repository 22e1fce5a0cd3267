"""Layers that Keras does not have, or does not have right."""
