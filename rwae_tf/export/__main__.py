"""`python -m rwae_tf.export`."""

from rwae_tf.export import cli

cli()
