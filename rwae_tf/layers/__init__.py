"""Layers of the paper's networks that Keras lacks."""
