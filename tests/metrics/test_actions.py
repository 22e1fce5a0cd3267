"""Learned actions and known classes: the matching against all permutations, the rest on toys of known answers."""

import itertools
import json

import numpy as np
import pytest
from toys import CLIPS, FACTORS, SPEC, Actor, Judge, Perfect, batches, model_functions

from rwae_tf.evaluation import judge_measures
from rwae_tf.metrics import actions, interventions
from rwae_tf.types import SequenceSpec

TREND = FACTORS["trend"]


def of(matching):
    """The part of a `record` that conditional accuracy needs."""
    return {"factor": "trend", "classes": list(TREND), "matching": matching}


def conditional(model, matching, clips=99, repeats=2):
    return actions.conditional(Judge(), model_functions(model), SPEC, of(matching), clips, repeats,
                               interventions.Seeds(0))


@pytest.mark.parametrize("size, classes", [(1, 1), (3, 3), (5, 5), (4, 6), (6, 4), (1, 3), (3, 1)])
def test_matching_is_the_best_of_all_permutations(size, classes):
    rng = np.random.default_rng(size * 10 + classes)
    for _ in range(20):
        counts = rng.integers(0, 9, (size, classes))  # with ties
        found = actions.match(counts)
        taken = found[found >= 0]
        assert found.shape == (size,) and len(set(taken.tolist())) == len(taken) == min(size, classes)
        if size <= classes:
            best = max(sum(counts[k, kind] for k, kind in enumerate(order))
                       for order in itertools.permutations(range(classes), size))
        else:
            best = max(sum(counts[k, kind] for kind, k in enumerate(order))
                       for order in itertools.permutations(range(size), classes))
        assert sum(counts[k, kind] for k, kind in enumerate(found) if kind >= 0) == best


def test_record_of_a_table_by_hand():
    # The greatest count, 9, is not in the best matching: 8 + 7 + 1 = 16 beats 9 + 2 + 1 = 12 and 9 + 0 + 6 = 15.
    found = actions.record(np.array([[9, 8, 0], [7, 2, 6], [0, 0, 1]]), "trend", TREND)
    assert found["matching"] == ["down", "up", "level"] and found["factor"] == "trend"
    assert found["clips"] == 33 and found["accuracy"] == 16 / 33 and found["counts"][1] == [7, 2, 6]
    # H(17/33, 15/33, 1/33) = 0.3417 + 0.3584 + 0.1060; an even share is a third, a tenth of that 0.0333 > 1/33.
    assert found["entropy"] == pytest.approx(0.8060, abs=2e-4)
    assert found["entropy_at_most"] == pytest.approx(np.log(3)) and found["unused"] == [2]
    assert actions.list_matched_classes(found).tolist() == [1, 0, 2]
    assert json.loads(json.dumps(found)) == found


def test_more_categories_than_classes_leave_some_without_one():
    found = actions.record(np.array([[5, 0], [4, 0], [0, 3]]), "x", ("p", "q"))
    assert found["matching"] == ["p", None, "q"] and found["accuracy"] == 8 / 12 and found["unused"] == []
    assert actions.list_matched_classes(found).tolist() == [0, -1, 1]


def test_fewer_categories_than_classes_leave_classes_out():
    found = actions.record(np.array([[5, 1, 0], [0, 2, 7]]), "trend", TREND)
    assert found["matching"] == ["up", "level"] and found["accuracy"] == 12 / 15


def test_without_a_factor_only_the_use_of_the_categories_is_known():
    found = actions.record(np.array([[30], [0]]))
    assert (found["factor"], found["accuracy"], found["matching"]) == (None, None, [None, None])
    assert found["entropy"] == 0.0 and found["unused"] == [1]
    assert actions.verdicts(found) == ["a leaves 1 of 2 categories unused: H(a) 0.00 of 0.69 nats"]


def test_factor_is_the_one_of_the_motion_with_as_many_classes():
    spec = SequenceSpec((2, 2, 3), 4, "video", {"who": tuple("abcd"), "move": tuple("ab"), "way": tuple("abcd"),
                                                "turn": tuple("abcd")}, ("who",))
    assert actions.choose_factor(spec, 4) == "way" and actions.choose_factor(spec, 1) == "move"
    assert actions.choose_factor(spec._replace(static=tuple(spec.factors)), 4) is None


def test_counts_are_of_categories_and_classes():
    counts = actions.count(batches(), Actor().encode, "trend", (3, 3))
    # 69 clips of every trend; trend 0 is taken for category 1, 1 for 2, 2 for 0.
    np.testing.assert_array_equal(counts, 69 * np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]]))
    assert actions.count(batches(), Actor().encode, None, (3, 1)).ravel().tolist() == [69, 69, 69]


@pytest.mark.parametrize("matching, accuracies", [
    (["level", "up", "down"], [1.0, 1.0, 1.0]),  # as the toy draws them
    (["level", "down", "up"], [1.0, 0.0, 0.0]),
    (["up", "down", "level"], [0.0, 0.0, 0.0]),
])
def test_conditional_accuracy_of_what_is_drawn(matching, accuracies):
    found = conditional(Actor(), matching)
    # 33 clips of each category; answers and wanted classes are three alike, so that chance is a third.
    assert found["per_category"] == accuracies and found["accuracy"] == pytest.approx(np.mean(accuracies))
    assert found["chance"] == pytest.approx(1 / 3) and found["at_most"] == 1.0 and found["accuracy_std"] == 0.0
    # Every p(y|v) is (0.98, 0.01, 0.01), their mean a third.
    intra = -0.98 * np.log(0.98) - 0.02 * np.log(0.01)
    assert found["h_y_given_v"] == pytest.approx(intra) and found["h_y"] == pytest.approx(np.log(3))
    assert found["inception_score"] == pytest.approx(3 / np.exp(intra))


def test_a_category_without_a_class_is_never_right():
    # A = 4, K = 3: of 100 clips 25 of each; the second category draws "down", which is another's.
    found = conditional(Actor(trends=(0, 1, 1, 2)), ["up", None, "down", "level"], clips=100)
    assert found["accuracy"] == found["at_most"] == 0.75 and found["per_category"] == [1.0, 0.0, 1.0, 1.0]
    assert found["chance"] == pytest.approx(0.75 * (0.25 + 0.5 + 0.25) / 3)
    # A single clip asks for the first category alone.
    alone = conditional(Actor(trends=(0, 1, 1, 2)), [None, "up", "down", "level"], clips=1)
    assert alone["accuracy"] == alone["at_most"] == alone["chance"] == 0.0 and alone["per_category"][1:] == [None] * 3


def test_classes_without_a_category_are_not_asked_for():
    found = conditional(Actor(trends=(0, 1)), ["up", "down"], clips=100)
    assert found["accuracy"] == found["at_most"] == 1.0 and found["chance"] == pytest.approx(0.5)


def test_as_many_clips_as_are_asked_for_no_two_alike():
    asked = []

    class Counted(Actor):
        def generate(self, num, length, seed, action):
            asked.append((num, seed.tolist(), action.argmax(1).tolist()))
            return super().generate(num, length, seed, action=action)

    found = conditional(Counted(trends=(2, 0, 1, 1)), ["level", "up", "down", None], clips=203, repeats=2)
    assert [num for num, *_ in asked] == [68, 68, 67] * 2
    assert len({one for _, seeds, _ in asked for one in seeds}) == 406
    assert np.bincount(sum((categories for *_, categories in asked), [])).tolist() == [102, 102, 102, 100]
    assert found["per_category"] == [1.0, 1.0, 1.0, 0.0]
    assert conditional(Actor(), ["level", "up", "down"], clips=2)["per_category"] == [1.0, 1.0, None]


@pytest.fixture(scope="module")
def measured():
    """Everything about a toy that takes "level" and "up" for one action, of which it draws "up"."""
    model = Actor(categories=(1, 2, 1), trends=(2, 0, 1))
    counts = actions.count(batches(), model.encode, "trend", (3, 3))
    counts[1, 0] += 1  # "up" rather than "level", which are equally many
    found = actions.record(counts, "trend", TREND)
    return judge_measures.measure(batches, Judge(), model_functions(model), SPEC, 2, action=found), found


def test_both_accuracies_of_a_model(measured):
    result, found = measured
    action = result["action"]
    assert {name: action[name] for name in found} == found and found["matching"] == ["level", "up", "down"]
    assert found["unused"] == [0] and found["accuracy"] == (70 + 69) / 208
    # Of test clips two thirds are named right and keep their trend; of categories asked for, all are obeyed.
    assert action["recognised"] == pytest.approx(2 / 3) and action["swap"]["accuracy"] == pytest.approx(2 / 3)
    assert action["conditional"]["accuracy"] == 1.0
    assert action["swap"] == result["dynamic_kept"]["per_factor"]["trend"]
    # Swapped clips show "up" twice as often as "down", and never "level": p(y) = (2, 1, 0) / 3 blurred by the judge.
    p = 0.01 + 0.97 * np.array([2 / 3, 1 / 3, 0])
    assert action["swap"]["h_y"] == pytest.approx(-(p * np.log(p)).sum())
    assert "a leaves 1 of 3 categories unused: H(a) 0.64 of 1.10 nats" in result["verdicts"]
    assert not any(line.startswith("a loses") for line in result["verdicts"])
    assert json.loads(json.dumps(result)) == result


def test_what_is_not_obeyed_is_a_verdict():
    found = actions.record(69 * np.eye(3, dtype=int), "trend", TREND)
    assert actions.verdicts(found) == actions.verdicts({**found, "conditional": {"accuracy": 0.9}}) == []
    assert actions.verdicts({**found, "conditional": {"accuracy": 0.456}}) == ["a loses: trend 46 %"]


def test_draws_are_as_many_as_announced():
    calls = []

    class Counted(Actor):
        def generate(self, *arguments, **given):
            calls.append(1)
            return super().generate(*arguments, **given)

    found = actions.record(np.eye(3, dtype=int), "trend", TREND)
    judge_measures.measure(batches, Judge(), model_functions(Counted()), SPEC, 1, action=found)
    assert len(calls) == judge_measures.count_draws(CLIPS, SPEC, repeats=1, batch=60, action=found)


def test_a_model_without_actions_has_no_such_numbers():
    assert "action" not in judge_measures.measure(batches, Judge(), model_functions(Perfect()), SPEC, 1)
