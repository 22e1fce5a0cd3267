"""Entropies and inception score against loops, scikit-learn and closed forms; lasting identity on made clips."""

import math

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from rwae_tf.errors import InputError
from rwae_tf.metrics import scores


def softmax(logits):
    p = np.exp(logits)
    return p / p.sum(1, keepdims=True)


def test_against_a_loop_over_the_definition():
    p = softmax(np.random.default_rng(0).normal(size=(7, 4)) * 2)
    marginal = [sum(row[k] for row in p) / 7 for k in range(4)]
    intra = sum(-sum(q * math.log(q) for q in row) for row in p) / 7
    inter = -sum(q * math.log(q) for q in marginal)
    divergence = sum(sum(row[k] * math.log(row[k] / marginal[k]) for k in range(4)) for row in p) / 7
    found = scores.inception_score(p)
    assert found["h_y_given_v"] == pytest.approx(intra, rel=1e-12)
    assert found["h_y"] == pytest.approx(inter, rel=1e-12)
    assert found["inception_score"] == pytest.approx(math.exp(divergence), rel=1e-12)  # E KL(p(y|v) || p(y))
    assert found["inception_score"] == pytest.approx(math.exp(found["h_y"] - found["h_y_given_v"]), rel=1e-12)


def test_sharp_answers_make_it_the_information_of_the_classes():
    """With one-hot p(y|v) of distinct samples, H(y) - H(y|v) is the mutual information of y with itself."""
    classes = np.random.default_rng(1).integers(0, 5, 200)
    found = scores.inception_score(np.eye(5)[classes])
    assert found["h_y_given_v"] == 0.0  # 0 ln 0 = 0
    assert math.log(found["inception_score"]) == pytest.approx(mutual_info_score(classes, classes), rel=1e-9)


@pytest.mark.parametrize("p, expected", [
    (np.eye(9), (9.0, 0.0, math.log(9))),  # each class once: as many as there are
    (np.full((5, 9), 1 / 9), (1.0, math.log(9), math.log(9))),  # unsure of all
    (np.eye(9)[[2, 2, 2]], (1.0, 0.0, 0.0)),  # always the same class
])
def test_extremes(p, expected):
    found = scores.inception_score(p.astype(np.float32))
    assert (found["inception_score"], found["h_y_given_v"], found["h_y"]) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("p, words", [
    (np.full((3, 2), np.nan), "not finite"),
    (np.ones((3, 2)), "softmax"),
    ([[1.5, -0.5]], "softmax"),
    (np.ones(3), r"\(3,\)"),
    (np.ones((0, 4)), "at least one clip"),
])
def test_what_are_no_probabilities_is_refused(p, words):
    with pytest.raises(InputError, match=words):
        scores.check_probabilities(p)


def test_over_repeats():
    found = scores.over_repeats([{"h_y": 1.0}, {"h_y": 2.0}, {"h_y": 6.0}])
    # Mean 3; squared distances 4 + 1 + 9 = 14, over 3 - 1.
    assert found == {"h_y": 3.0, "h_y_std": pytest.approx(math.sqrt(7))}
    assert scores.over_repeats([{"h_y": 2.0}])["h_y_std"] == 0.0


def judge(x):
    """A clip [B, T, 2] holds its body and its hair in every frame; reads the window's first."""
    return {"body": np.eye(4)[x[:, 0, 0]], "hair": np.eye(4)[x[:, 0, 1]], "action": np.eye(4)[x[:, 0, 0]]}


def test_consistency_of_identities_that_change_at_known_windows():
    clips = np.zeros((4, 35, 2), int)  # windows of 8 start at 0, 8, 16, 24; three frames are left out
    clips[0, 8:, 0] = 1  # body of the first clip is another from the second window on
    clips[1, 24:, 0] = 2  # that of the second clip in the last window
    clips[2, 24:, 1] = 1  # and the hair of the third
    clips[:, 32:] = 3
    found = scores.consistency(clips, judge, window=8, factors=("body", "hair"))
    assert found["curve"] == {"body": [3 / 4, 3 / 4, 2 / 4], "hair": [1.0, 1.0, 3 / 4]}
    assert found["per_factor"] == {"body": pytest.approx(8 / 12), "hair": pytest.approx(11 / 12)}
    assert found["mean"] == pytest.approx(19 / 24)
    assert found["last"] == 1 / 4  # only the fourth clip ends with the body and the hair that it began with


def test_consistency_counts_windows_after_the_first_only():
    """Every later window differs: 0, not the 1/n that counting the first against itself would give."""
    clips = np.zeros((2, 16, 2), int)
    clips[:, 8:] = 1
    assert scores.consistency(clips, judge, window=8, factors=("body",))["mean"] == 0.0


def test_consistency_needs_a_second_window():
    with pytest.raises(InputError, match="at least 16 frames"):
        scores.consistency(np.zeros((2, 15, 2), int), judge, window=8, factors=("body",))
