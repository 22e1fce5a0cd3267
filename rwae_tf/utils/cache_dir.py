"""The folder for what can be made again: RWAE_CACHE, or else rwae_tf in the user's cache folder."""

import os


def path(*names):
    """Path of the folder, or of `names` in it. XDG_CACHE_HOME and ~/.cache are the user's cache folders."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(os.environ.get("RWAE_CACHE") or os.path.join(base, "rwae_tf"), *names)
