"""Cartoon faces in MUG's folder layout."""
