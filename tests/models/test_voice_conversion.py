"""Which stretches of speech are shown and listened to; what is made of them needs a model and is tested with one."""

import numpy as np
import pytest

from rwae_tf.data.base import Clips
from rwae_tf.errors import InputError
from rwae_tf.models import voice_conversion
from rwae_tf.types import SequenceSpec


class Levels(Clips):
    """Clips of 4 frames of 3 values that are all of one loudness, in utterances of so many clips."""

    def __init__(self, utterances):
        self.spec, self._count = SequenceSpec((3,), 4, "speech"), sum(map(len, utterances))
        self.levels = np.concatenate(utterances)
        self.utterances = np.repeat(np.arange(len(utterances)), list(map(len, utterances)))

    def labels(self, indices):
        return {}

    def frames(self, indices, epoch=0):
        return np.broadcast_to(self.levels[indices][:, None, None], (len(indices), 4, 3)).astype(np.float32)


CLIPS = Levels([[-80, -20, -30, -70], [-50, -60], [-10], [-90, -85, -20, -25, -30]])


@pytest.mark.parametrize("length, rows", [
    (4, [[1], [4], [6], [9]]),
    (8, [[1, 2], [4, 5], [9, 10]]),  # the third utterance is too short
    (12, [[1, 2, 3], [9, 10, 11]]),  # -120 beats -130; -75 beats -130 and -195
])
def test_loudest_stretch_of_each_utterance(length, rows):
    found = voice_conversion.find_loudest_stretches(CLIPS, length)
    assert found.tolist() == rows
    x = voice_conversion.join_segments(CLIPS, found)
    assert x.shape == (len(rows), length, 3)
    np.testing.assert_array_equal(x[0, :, 0], np.repeat(CLIPS.levels[rows[0]], 4))


@pytest.mark.parametrize("length, says", [
    (6, "--length=6: speech is taken apart into segments; give a multiple of 4 frames"),
    (24, "--length=24: the longest utterance has 20 frames"),
])
def test_wrong_length(length, says):
    with pytest.raises(InputError, match=says):
        voice_conversion.find_loudest_stretches(CLIPS, length)


def test_utterances_do_not_run_into_one_another():
    clips = Levels([[-50, -10], [-10, -50]])  # the loudest pair of all is half the one, half the other
    assert voice_conversion.find_loudest_stretches(clips, 8).tolist() == [[0, 1], [2, 3]]
