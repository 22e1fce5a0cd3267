"""Kept and leaked factors on toy models whose codes are known, against loops and scikit-learn."""

import itertools
import json
import math
import statistics

import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import accuracy_score

from rwae_tf.errors import InputError
from rwae_tf.metrics import collapse, disentanglement

CLASSES = {"body": 6, "hair": 4, "action": 9}
STATIC = ("body", "hair")
SIZES = (100, 100, 37)  # a short last batch


def draw_labels(rng, size):
    return {factor: rng.integers(0, classes, size) for factor, classes in CLASSES.items()}


def clip(labels):
    """A clip [B, T, 3]: body and hair in every frame, the action counting on from frame to frame."""
    x = np.stack([labels["body"], labels["hair"], labels["action"]], -1)[:, None].repeat(8, 1)
    x[..., 2] = (x[..., 2] + np.arange(8)) % CLASSES["action"]
    return x.astype(np.float32)


def judge(x):
    """Reads every factor off the first frame, without error."""
    return {factor: np.eye(classes)[x[:, 0, i].astype(int)] for i, (factor, classes) in enumerate(CLASSES.items())}


def batches(seed=0):
    rng = np.random.default_rng(seed)
    return [{"x": clip(labels), "labels": labels} for labels in (draw_labels(rng, size) for size in SIZES)]


class Toy:
    """A model that holds each factor in a code of choice; what neither holds is drawn by the decoder as class 0."""

    def __init__(self, z_c=(), z_m=()):
        self.held, self.rng = {"z_c": z_c, "z_m": z_m}, np.random.default_rng(1)

    def resampled(self, code):
        """(x, repeat) -> x with this code drawn anew and the other kept."""
        (other,) = {"z_c", "z_m"} - {code}

        def change(x, repeat):
            fresh = draw_labels(self.rng, len(x))
            seen = {factor: p.argmax(1) for factor, p in judge(x).items()}
            return clip({factor: seen[factor] if factor in self.held[other] else
                         fresh[factor] if factor in self.held[code] else np.zeros(len(x), int) for factor in CLASSES})

        return change

    def kept(self, judge=judge, repeats=4):
        return disentanglement.measure_kept(batches(), judge, self.resampled("z_m"), self.resampled("z_c"), STATIC,
                                            repeats)


PERFECT = {"z_c": ("body", "hair"), "z_m": ("action",)}


def test_perfect_model():
    found = Toy(**PERFECT).kept()
    for name, factors in (("static_kept", STATIC), ("dynamic_kept", ("action",))):
        group = found[name]
        assert group["accuracy"] == group["agreement"] == group["mean"] == 1.0 and group["std"] == 0.0
        assert tuple(group["per_factor"]) == factors
    assert found["judge_on_real"] == {"body": 1.0, "hair": 1.0, "action": 1.0}
    assert found["clips"] == 237  # the short batch counts
    assert {factor: row["code"] for factor, row in found["leakage"].items()} == {
        "body": "z_m", "hair": "z_m", "action": "z_c"}
    for row in found["leakage"].values():
        # 4 x 237 independent draws: the s.d. of the accuracy is at most sqrt(.25 x .75 / 948) = 0.014
        assert abs(row["excess"]) < 0.05
    assert collapse.verdicts(found) == []


def test_everything_in_the_content():
    found = Toy(z_c=tuple(CLASSES)).kept()
    assert found["static_kept"]["accuracy"] == 1.0
    assert found["leakage"]["action"]["accuracy"] == 1.0
    assert found["dynamic_kept"]["accuracy"] == pytest.approx(1 / 9, abs=0.05)
    dead, leaks = collapse.verdicts(found)
    assert dead == "z_m is dead: no factor follows it"
    assert leaks.startswith("z_c leaks: action 100 % (chance ")


def test_everything_in_the_motion():
    found = Toy(z_m=tuple(CLASSES)).kept()
    assert found["dynamic_kept"]["accuracy"] == 1.0
    assert found["leakage"]["body"]["accuracy"] == found["leakage"]["hair"]["accuracy"] == 1.0
    dead, leaks = collapse.verdicts(found)
    assert dead == "z_c is dead: no factor follows it"
    assert leaks.startswith("z_m leaks: body 100 % (chance ") and ", hair 100 % (chance " in leaks


def test_one_factor_in_the_wrong_code():
    leaks, loses = collapse.verdicts(Toy(z_c=("body",), z_m=("action", "hair")).kept())
    assert leaks.startswith("z_m leaks: hair 100 % (chance ") and "body" not in leaks
    assert loses.startswith("z_c loses: hair 2")  # 1/4


def test_untrained_model():
    """It makes the same clip of every code: its accuracy is chance to the last digit, whatever the labels."""
    found = Toy().kept()
    rows = {**found["static_kept"]["per_factor"], **found["dynamic_kept"]["per_factor"]}
    everything = [batch["labels"] for batch in batches()]
    for factor, row in rows.items():
        zeros = np.mean(np.concatenate([labels[factor] for labels in everything]) == 0)
        assert row["accuracy"] == pytest.approx(zeros) == row["chance"]
        assert found["leakage"][factor]["excess"] == pytest.approx(0, abs=1e-12)
    assert collapse.verdicts(found) == ["z_m is dead: no factor follows it", "z_c is dead: no factor follows it"]


def test_against_labels_and_against_the_judge_are_told_apart():
    """A judge that takes body 5 for 0: the perfect model agrees with it always and is right where it is."""

    def confused(x):
        found = judge(x)
        found["body"] = np.eye(6)[found["body"].argmax(1) % 5]
        return found

    found = Toy(**PERFECT).kept(confused)
    bodies = np.concatenate([batch["labels"]["body"] for batch in batches()])
    row = found["static_kept"]["per_factor"]["body"]
    assert row["agreement"] == 1.0
    assert row["accuracy"] == pytest.approx(np.mean(bodies != 5)) == found["judge_on_real"]["body"]
    assert found["static_kept"]["agreement"] == 1.0
    assert found["static_kept"]["accuracy"] == pytest.approx((row["accuracy"] + 1) / 2)  # with hair


def flat(pages, factor):
    return [int(value) for page in pages for value in page[factor]]


def test_every_number_against_loops_over_repeats_and_clips():
    """A model and a judge that answer at random, every answer written down."""
    rng, written = np.random.default_rng(5), {"real": [], "z_c": [[], [], []], "z_m": [[], [], []]}
    marks = {-1.0 - number: row for number, row in enumerate(itertools.product(("z_c", "z_m"), range(3)))}

    def random_judge(x):
        code, repeat = marks.get(x.flat[0], ("real", None))
        answers = draw_labels(rng, len(x))
        (written[code] if repeat is None else written[code][repeat]).append(answers)
        return {factor: np.eye(classes)[answers[factor]] for factor, classes in CLASSES.items()}

    def change(code):
        return lambda x, repeat: np.full_like(x, next(mark for mark, row in marks.items() if row == (code, repeat)))

    found = disentanglement.measure_kept(batches(), random_judge, change("z_c"), change("z_m"), STATIC, repeats=3)
    labels = [batch["labels"] for batch in batches()]

    for code, name, factors in (("z_c", "static_kept", STATIC), ("z_m", "dynamic_kept", ("action",))):
        per_repeat = [[accuracy_score(flat(labels, factor), flat(run, factor)) for factor in factors]
                      for run in written[code]]
        means = [sum(row) / len(row) for row in per_repeat]
        assert found[name]["accuracy"] == found[name]["mean"] == pytest.approx(statistics.mean(means))
        assert found[name]["std"] == pytest.approx(statistics.stdev(means))
        for i, factor in enumerate(factors):
            row = found[name]["per_factor"][factor]
            agreements = [accuracy_score(flat(written["real"], factor), flat(run, factor)) for run in written[code]]
            assert row["accuracy_std"] == pytest.approx(statistics.stdev(repeat[i] for repeat in per_repeat))
            assert row["agreement"] == pytest.approx(statistics.mean(agreements))
            assert row["agreement_std"] == pytest.approx(statistics.stdev(agreements))
            # The judge is sure of every answer: H(y|v) is 0, and H(y) that of how often it gives each.
            entropies = [scipy.stats.entropy(np.bincount(flat(run, factor))) for run in written[code]]
            assert row["h_y_given_v"] == 0.0 and row["h_y"] == pytest.approx(statistics.mean(entropies))
            assert row["h_y_std"] == pytest.approx(statistics.stdev(entropies))
            assert row["inception_score"] == pytest.approx(statistics.mean(map(math.exp, entropies)))
    for factor, row in found["leakage"].items():
        runs = written[row["code"]]
        truth, answers = flat(labels, factor), [answer for run in runs for answer in flat(run, factor)]
        # Chance: how often a label and an answer agree when any two of them are put together.
        pairs = sum(truth.count(k) * answers.count(k) for k in range(9)) / (len(truth) * len(answers))
        assert row["chance"] == pytest.approx(pairs)
        assert row["majority"] == pytest.approx(max(truth.count(k) for k in range(9)) / len(truth))
        accuracy = statistics.mean(accuracy_score(truth, flat(run, factor)) for run in runs)
        assert row["excess"] == pytest.approx(accuracy - pairs)


def test_result_is_ready_for_json():
    found = Toy(**PERFECT).kept(repeats=1)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["leakage"]["action"]["accuracy_std"] == 0.0  # one repeat shows no spread


def test_codes_of_a_batch_need_computing_once():
    """All calls of a batch come in a row and with the same array."""
    seen = []

    def change(x, repeat):
        seen.append((id(x), repeat))
        return x

    stream = batches()  # kept alive, so that ids stay apart
    disentanglement.measure_kept(stream, judge, change, change, STATIC, repeats=2)
    assert seen == [(id(batch["x"]), repeat) for batch in stream for repeat in (0, 1, 0, 1)]


def test_data_without_dynamic_labels():
    only = [{"x": batch["x"], "labels": {"body": batch["labels"]["body"]}} for batch in batches()]
    toy = Toy(**PERFECT)
    found = disentanglement.measure_kept(only, judge, toy.resampled("z_m"), toy.resampled("z_c"), STATIC)
    assert found["dynamic_kept"] is None and list(found["leakage"]) == ["body"]
    assert found["static_kept"]["accuracy"] == 1.0
    assert collapse.verdicts(found) == []  # without a label for its motion nothing says that z_m is dead


@pytest.mark.parametrize("stream", [[], [{"x": np.zeros((2, 8, 3)), "labels": {"digit": np.zeros(2, int)}}]])
def test_nothing_to_measure_is_an_error(stream):
    with pytest.raises(InputError, match="a judge of the same dataset"):
        disentanglement.measure_kept(stream, judge, None, None, STATIC, repeats=0)


def test_a_model_that_makes_nan_is_an_error():
    def nan_judge(x):
        return {factor: p * np.where(np.isnan(x).any(), np.nan, 1) for factor, p in judge(np.nan_to_num(x)).items()}

    def diverged(x, repeat):
        return np.full_like(x, np.nan)

    with pytest.raises(InputError, match="judge of 'body'.*NaN in the clips"):
        disentanglement.measure_kept(batches(), nan_judge, diverged, diverged, STATIC)


@pytest.mark.parametrize("labels, answers, expected", [
    ([0, 1, 2, 0, 1, 2], [2, 2, 1, 1, 0, 0], 1 / 3),  # three classes alike
    ([0, 0, 0, 1], [0, 0, 0, 0], 3 / 4),  # always the commonest
    ([0, 0, 0, 1], [1, 1, 1, 1], 1 / 4),
    ([0, 0, 0, 1], [0, 0, 1, 1], 3 / 4 * 2 / 4 + 1 / 4 * 2 / 4),
    ([0, 1], [[4, 4], [1, 0]], 1 / 2 * 1 / 4 + 1 / 2 * 1 / 4),  # over repeats, a class that no label has
])
def test_chance(labels, answers, expected):
    assert disentanglement.chance(labels, answers) == pytest.approx(expected)


def test_majority():
    assert disentanglement.majority(np.array([2, 0, 2, 1, 2])) == 3 / 5
