"""Measures of samples, on toy models whose samples are known."""

import json

import numpy as np
import pytest
from toys import CLIPS, FACTORS, LABELS, SPEC, Actor, Judge, Perfect, batches

from rwae_tf.errors import InputError
from rwae_tf.evaluation import console, report, sample_evaluators
from rwae_tf.metrics.interventions import ModelFunctions


class Counted:
    """The verbs of a toy model of which nothing but `generate` may be called."""

    def __init__(self, model):
        self.model, self.calls = model, 0

    def verbs(self):
        def generate(**given):
            self.calls += 1
            return self.model.generate(**given)

        def refuse(*args, **given):
            raise InputError("no encoder")

        return ModelFunctions(refuse, refuse, refuse, refuse, generate, refuse)


def test_samples_of_a_perfect_generator():
    model = Counted(Perfect())
    found = sample_evaluators.measure(batches, Judge(), model.verbs(), SPEC, repeats=2)
    assert model.calls == sample_evaluators.count_draws(CLIPS, SPEC, 2, 0)
    assert found["static_kept"] is found["dynamic_kept"] is found["probes"] is None
    assert found["judge_on_real"] == dict.fromkeys(FACTORS, 1.0)
    assert found["inception_of"] == "trend" and 1.05 < found["h_y"] <= np.log(3)
    assert found["consistency"]["last"] == 1.0 and found["consistency"]["last_of_data"] is None
    assert found["verdicts"] == [] and "action" not in found
    assert set(LABELS) == set(found["inception_per_factor"])


@pytest.fixture(scope="module")
def acted():
    model = Counted(Actor(trends=(2, 0, 1)))
    found = sample_evaluators.measure(batches, Judge(), model.verbs(), SPEC, repeats=2, size=3)
    assert model.calls == sample_evaluators.count_draws(CLIPS, SPEC, 2, 3)
    return found


def test_categories_are_matched_on_clips_of_their_own(acted):
    action = acted["action"]
    assert action["matching"] == [FACTORS["trend"][k] for k in (2, 0, 1)] and action["accuracy"] == 1.0
    assert action["counts"] == [[0, 0, 100], [100, 0, 0], [0, 100, 0]]
    assert action["conditional"]["accuracy"] == 1.0 and action["of_samples"]
    assert json.loads(json.dumps(acted)) == acted


def test_table_and_page_show_what_there_is(acted):
    result = {
        **acted, "split": "test", "squared_error_per_sequence": None, "test_sequences": CLIPS, "repeats": 2,
        "baselines": {"mean_image": 56.7, "first_frame": 8.9}, "match": {}, "codes": "mean",
        "terms": {"category": {"weight": 1.0, "value": 0.5, "weighted": 0.5, "gradient": None,
                               "null_deviations": None}},
        "budget": {"passes": 2.0, "iterations": 3, "sequences": 180, "seconds": 33.4, "hardware": "2 CPU cores"},
        "judge": {"architecture": "linear", "seed": 4, "classes": FACTORS, "on_real": acted["judge_on_real"]},
        "config": {"data": {"dataset": "toys"}, "objective": {"reconstruction": "squared_error"},
                   "training": {"seed": 0}}}
    lines = console.lines(result)
    assert lines[0] == console.NO_ENCODER
    text = "\n".join(lines)
    for words in ("actions of generated clips", "of 300 generated clips right", "inception score of trend",
                  "conditional: a given, all else new"):
        assert words in text
    for words in ("probes", "static kept", "use of z_c", "match of the codes"):
        assert words not in text
    labels = dict(console.key_numbers(result))
    assert "squared error per sequence" not in labels and labels["same identity after 100 frames"] == "100.0 %"
    page = report.page("runs/a", "evaluate", result, None, {"generate.png": b"a", "generate.gif": b"b",
                       "actions.png": b"c"}, None, LABELS, SPEC, [])
    assert "no encoder" in page and "<h2>Samples" in page and "<h2>Actions" in page
    for title in ("Swap", "Reconstruction", "Map of", "What each code", "Use of the codes"):
        assert f"<h2>{title}" not in page
