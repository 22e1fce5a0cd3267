"""Linear probes and DCI on toy codes with known answers, and DCI's formulas by hand."""

import math

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from rwae_tf.metrics import probes

CLASSES = {"body": 3, "hair": 4, "action": 5}
SIZE = 400


@pytest.fixture(scope="module")
def labels():
    rng = np.random.default_rng(0)
    return {factor: rng.integers(0, classes, SIZE) for factor, classes in CLASSES.items()}


def perfect(labels, noise=0.05):
    """Body and hair one dimension each in z_c, the action one of z_m, beside a dimension of noise in both."""
    rng = np.random.default_rng(1)
    z_c = np.stack([labels["body"], labels["hair"], 0 * labels["body"]], 1) + rng.normal(size=(SIZE, 3)) * noise
    z_m = np.stack([labels["action"], 0 * labels["action"]], 1)[:, None].repeat(4, 1)
    return {"z_c": z_c, "z_m": z_m + rng.normal(size=z_m.shape) * noise}


def test_linear_probes_find_each_factor_where_it_is(labels):
    found = probes.linear_probes(perfect(labels), labels)
    for code, factor in (("z_c", "body"), ("z_c", "hair"), ("z_m", "action")):
        assert found[code][factor]["accuracy"] > 0.98
    for code, factor in (("z_c", "action"), ("z_m", "body"), ("z_m", "hair")):
        row = found[code][factor]
        # 120 held-out clips: the s.d. of a chance accuracy is at most sqrt(.33 x .67 / 120) = 0.043
        assert abs(row["accuracy"] - row["chance"]) < 0.13
        assert row["majority"] >= 1 / CLASSES[factor]


def test_linear_probes_read_rotated_codes_alike(labels):
    """What a probe knows does not depend on the axes: also a mixture of all dimensions holds every factor."""
    rotation = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    codes = {"z_c": perfect(labels)["z_c"] @ rotation}
    found = probes.linear_probes(codes, labels)["z_c"]
    assert found["body"]["accuracy"] > 0.98 and found["hair"]["accuracy"] > 0.98


def test_linear_probe_against_discriminant_analysis():
    """On two overlapping Gaussians of equal covariance both are the best there is: Phi(1) = 84 % in the limit."""
    rng = np.random.default_rng(3)
    classes = rng.integers(0, 2, 3000)
    z = rng.normal(size=(3000, 2)) + np.outer(classes, [2.0, 0.0])
    found = probes.linear_probes({"z_c": z}, {"y": classes})["z_c"]["y"]["accuracy"]
    other = LinearDiscriminantAnalysis().fit(z[:2000], classes[:2000]).score(z[2000:], classes[2000:])
    limit = 0.5 * (1 + math.erf(1 / math.sqrt(2)))
    assert found == pytest.approx(limit, abs=0.04) and found == pytest.approx(other, abs=0.04)


def test_accuracy_is_of_clips_never_fitted_to(labels):
    """400 dimensions of noise let a probe learn its 280 clips by heart; it still knows nothing."""
    noise = {"z_c": np.random.default_rng(4).normal(size=(SIZE, 400))}
    row = probes.linear_probes(noise, labels)["z_c"]["body"]
    assert abs(row["accuracy"] - row["chance"]) < 0.13


def test_dci_of_perfect_codes(labels):
    found = probes.dci(perfect(labels), labels)
    assert found["disentanglement"] > 0.9 and found["completeness"] > 0.9 and found["informativeness"] > 0.98
    for factor, code in (("body", "z_c"), ("hair", "z_c"), ("action", "z_m")):
        share = found["per_factor"][factor]["share"]
        assert share[code] > 0.95 and sum(share.values()) == pytest.approx(1)


def test_dci_of_entangled_codes(labels):
    """Every dimension mixes all factors: as informative to a forest as can be, and far from disentangled."""
    codes = np.stack(list(labels.values()), 1) - 1.0
    rotation = np.array([[1, 1, 1], [1, -1, 0], [1, 1, -2]]) / np.sqrt([[3], [2], [6]])
    found = probes.dci({"z_c": codes @ rotation}, labels)
    apart = probes.dci({"z_c": codes}, labels)
    assert found["disentanglement"] < 0.5 < 0.95 < apart["disentanglement"]
    assert found["completeness"] < 0.5 < 0.95 < apart["completeness"]
    assert found["informativeness"] > 0.6


def test_dci_of_noise(labels):
    rng = np.random.default_rng(5)
    found = probes.dci({"z_c": rng.normal(size=(SIZE, 3)), "z_m": rng.normal(size=(SIZE, 4, 2))}, labels)
    # Eleven features share importance alike, eight of them as two dimensions: 1 - H(1, 1, 1, 4, 4 elevenths)/ln 5.
    uneven = 1 - (3 / 11 * math.log(11) + 8 / 11 * math.log(11 / 4)) / math.log(5)
    assert found["disentanglement"] < 0.05 and found["completeness"] == pytest.approx(uneven, abs=0.05)
    chances = [row["chance"] for row in found["per_factor"].values()]
    assert found["informativeness"] == pytest.approx(np.mean(chances), abs=0.08)


def test_importances_are_summed_over_time(labels):
    codes = perfect(labels)
    matrix, measured = probes.importances(codes, labels)
    assert matrix.shape == (3 + 2, 3)  # dimensions of z_c and of z_m, though a forest saw 3 + 4 x 2
    np.testing.assert_allclose(matrix.sum(0), 1)
    assert matrix[0, 0] > 0.95 and matrix[1, 1] > 0.95 and matrix[3, 2] > 0.95
    assert list(measured) == list(labels)


@pytest.mark.parametrize("matrix, disentanglement, completeness", [
    (np.eye(3), 1, 1),
    (np.ones((4, 3)), 0, 0),
    ([[1, 0], [1, 0], [0, 1]], 1, 1 - math.log(2) / math.log(3) / 2),  # two dimensions share a factor
    ([[1, 1], [0, 0]], 0, 1),  # one dimension holds both factors, the other is dead
    # Rows weigh 4 and 1; the first splits 3 : 1, H = 0.5623 nats. Columns split 3 : 1 and 1 : 0.
    ([[3, 1], [1, 0]], 1 - 0.8 * 0.562335 / math.log(2), 1 - 0.562335 / math.log(2) / 2),
    (np.zeros((2, 2)), 0, 0),
    ([[1], [0]], None, 1),  # a single factor cannot be entangled with another
    ([[1, 1]], 0, None),
])
def test_dci_scores_by_hand(matrix, disentanglement, completeness):
    found = probes.dci_scores(matrix)
    for name, expected in (("disentanglement", disentanglement), ("completeness", completeness)):
        assert found[name] is None if expected is None else found[name] == pytest.approx(expected, abs=1e-6)


def test_factor_with_a_single_class(labels):
    """There is nothing to learn of it: always right, at a chance of one, of no importance to any dimension."""
    codes, alone = perfect(labels), {"body": labels["body"], "view": np.full(SIZE, 2)}
    assert probes.linear_probes(codes, alone)["z_c"]["view"] == {"accuracy": 1.0, "chance": 1.0, "majority": 1.0}
    found = probes.dci(codes, alone)
    assert found["per_factor"]["view"]["share"] == {"z_c": 0.0, "z_m": 0.0}
    assert found["completeness"] == pytest.approx(0.5, abs=0.06)  # body alone is complete


def test_same_seed_same_numbers(labels):
    codes = perfect(labels, noise=1.0)
    assert probes.dci(codes, labels, seed=3) == probes.dci(codes, labels, seed=3)
    assert probes.linear_probes(codes, labels, seed=3) == probes.linear_probes(codes, labels, seed=3)
    assert probes.linear_probes(codes, labels, seed=3) != probes.linear_probes(codes, labels, seed=4)
