"""The folder of a run: configuration, checkpoints, lock and the record of its data."""
