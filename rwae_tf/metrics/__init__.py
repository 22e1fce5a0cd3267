"""Measures of a model: arrays and callables in, numbers out."""
