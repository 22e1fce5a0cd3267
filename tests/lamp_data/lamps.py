"""A dataset simple enough for a linear judge: a lamp in one of three colours that brightens, dims or stays."""

import numpy as np

from rwae_tf.data.base import Clips, identities, source

FACTORS = {"colour": ("red", "green", "blue"), "trend": ("up", "down", "level")}
COUNTS = {"train": 270, "test": 90}


class Dataset(Clips):
    """Every pair of classes in turn, with noise; 4 frames."""

    def __init__(self, split, data_dir, size, length, seed, validation_fraction):
        self._chosen = identities(COUNTS[source(split)], split, validation_fraction)
        super().__init__(len(self._chosen), size, length or 4, 3, FACTORS, ("colour",))
        self._stream = (seed, split == "test")

    def labels(self, indices):
        colour, trend = np.divmod(self._chosen[indices] % 9, 3)
        return {"colour": colour.astype(np.int32), "trend": trend.astype(np.int32)}

    def frames(self, indices, epoch=0):
        labels, length = self.labels(indices), self.spec.length
        ramp = np.linspace(60, 180, length)
        light = np.stack([ramp, ramp[::-1], np.full(length, 120)])[labels["trend"]]
        frames = light[:, :, None, None, None] * np.eye(3)[labels["colour"]][:, None, None, None]
        noise = np.stack([np.random.default_rng((*self._stream, int(i))).integers(0, 30, (length, 8, 8, 3))
                          for i in self._chosen[indices]])
        return (frames + noise).astype(np.uint8).repeat(8, 2).repeat(8, 3)
