"""Clips drawn by programs, for tests and for trying what needs licensed data."""
