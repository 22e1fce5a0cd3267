"""Third-party libraries made to load, to behave and to be silent; each workaround says why it is there."""
