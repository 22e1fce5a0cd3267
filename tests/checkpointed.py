"""The checkpoints of a run of one variable."""

import pathlib
import types

import keras
import numpy as np
import pytest

from rwae_tf.errors import InputError
from rwae_tf.runs.checkpoints import Checkpoints, Counters


def model(width=3):
    """Something with variables, all that checkpoints ask of a model."""
    return types.SimpleNamespace(variables=[keras.Variable(np.zeros(width, np.float32), name="w")])


class Run:
    """The folder of a run whose weights are its iteration."""

    def __init__(self, folder):
        self.folder, self.place = str(folder), pathlib.Path(folder) / "checkpoints"
        self.model, self.counters = model(), Counters()
        self.checkpoints = Checkpoints(self.folder, self.model, {"w": model()}, self.counters)

    def save(self, *iterations):
        for number in iterations:
            self.counters.iteration.assign(number)
            self.model.variables[0].assign([number] * 3)
            self.checkpoints.save({"window": [number / 3]})
        return self

    def read(self):
        """Iteration and weights of the newest checkpoint, by a process that knows nothing of this one; None if none."""
        found, counters = model(), Counters()
        if not Checkpoints(self.folder, found, {}, counters).restore():
            return None
        return int(counters.iteration), np.asarray(found.variables[0]).tolist()

    def refusal(self):
        with pytest.raises(InputError) as caught:
            self.read()
        return str(caught.value)

    def names(self):
        return sorted(path.name for path in self.place.iterdir())


def pair(*numbers):
    return [f"ckpt-{n}{end}" for n in numbers for end in (".data-00000-of-00001", ".index", ".json")]


def train(run):
    """What a training restores of a run: (iteration, weights, notes)."""
    found, counters = model(), Counters()
    restored = Checkpoints(run.folder, found, {"w": model()}, counters)
    assert restored.restore()
    return int(counters.iteration), np.asarray(found.variables[0]).tolist(), restored.notes
