"""Which action is which and how each looks, on a toy model of known actions."""

import json
import types

import numpy as np
import pytest
from toys import FACTORS, Actor, read_colour, read_trend

from rwae_tf import errors
from rwae_tf.evaluation import action_matching
from rwae_tf.runs import run_dir


class Lamps(Actor):
    """Reads lamps: their noise is gone in the mean over all pixels."""

    def encode(self, x):
        return super().encode(x.mean((2, 3), keepdims=True))


@pytest.fixture
def toy():
    """The run of a model of known categories."""
    model = Lamps(categories=(1, 2, 0), trends=(2, 0, 1))
    model.config = types.SimpleNamespace(model=types.SimpleNamespace(action_size=3))
    return run_dir.Run("", model, {"iterations": 7})


def test_categories_are_matched_on_all_training_clips(toy, lamps):
    found = action_matching.match_actions(toy, lamps.Dataset("train", "", 16, 4, 0, 0.0))
    assert found["matching"] == ["level", "up", "down"] and found["accuracy"] == 1.0 and found["clips"] == 270
    assert found["entropy"] == pytest.approx(np.log(3)) and found["unused"] == [] and found["iterations"] == 7


def test_of_too_many_clips_evenly_spread_ones_are_taken(toy, lamps, monkeypatch):
    monkeypatch.setattr(action_matching, "CLIPS", 100)
    assert action_matching.match_actions(toy, lamps.Dataset("train", "", 16, 4, 0, 0.0))["clips"] == 90  # every third


@pytest.mark.parametrize("found, names, trends", [
    ({"matching": ["level", "up", "down"], "classes": list(FACTORS["trend"])}, list(FACTORS["trend"]), [0, 1, 2]),
    ({"matching": [None, "level", "up"], "classes": list(FACTORS["trend"])}, ["up", "level", "category 0"], [1, 0, 2]),
    (None, ["category 0", "category 1", "category 2"], [2, 0, 1]),
])
def test_rows_are_actions_and_columns_identities(toy, found, names, trends):
    clips, titles = action_matching.draw_table(toy.model, 5, 6, 3, found)
    assert clips.shape == (3, 5, 6, 1, 1, 3) and titles == names
    for row, trend in zip(clips, trends, strict=True):
        assert (read_trend(row) == trend).all()
        np.testing.assert_array_equal(read_colour(row), read_colour(clips[0]))  # one identity per column
    assert len(set(read_colour(clips[0]).tolist())) > 1
    other, _ = action_matching.draw_table(toy.model, 5, 6, 4, found)
    assert (read_colour(other[0]) != read_colour(clips[0])).any()


def test_file_is_of_these_weights_or_not_read(toy, tmp_path):
    toy = toy._replace(folder=str(tmp_path))
    assert run_dir.read_actions(toy) is None  # never measured
    path = tmp_path / "actions.json"
    path.write_text(json.dumps({"iterations": 7, "matching": [None] * 3}))
    assert run_dir.read_actions(toy)["matching"] == [None] * 3
    path.write_text(json.dumps({"iterations": 6, "matching": [None] * 3}))
    assert run_dir.read_actions(toy) is None  # trained on since
    for damaged in ('{"iterations"', "[]", "{}"):
        path.write_text(damaged)
        with pytest.raises(errors.InputError, match=r"actions.json: damaged; python -m rwae_tf.evaluate --run_dir="):
            run_dir.read_actions(toy)
    toy.model.config.model.action_size = 0
    assert run_dir.read_actions(toy) is None
