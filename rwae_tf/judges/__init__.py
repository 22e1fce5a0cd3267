"""Judges: classifiers of real clips, by which a model's clips are measured."""
