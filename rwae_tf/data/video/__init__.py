"""Users' own videos, for datasets that are files: found, labelled, read, kept decoded and cut into clips.

No dataset itself. `rwae_tf.data.datasets.folder` is made of all of it.
"""
