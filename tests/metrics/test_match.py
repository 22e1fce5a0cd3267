"""Match of codes and priors: AUC beside scikit-learn's, MMD beside the regularizer's, and known distributions."""

import json

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from rwae_tf.metrics import match
from rwae_tf.regularizers import mmd

RNG = np.random.default_rng(0)


def test_area_under_curve_is_that_of_scikit_learn():
    for levels in (3, 1000):  # with ties and nearly without
        scores, positive = RNG.integers(0, levels, 200), RNG.random(200) < 0.3
        assert match.area_under_curve(scores, positive) == pytest.approx(roc_auc_score(positive, scores))


def test_auc_of_equal_distributions_is_a_half():
    # 600 samples held out of each: the standard error of an AUC of 0.5 is sqrt((2 * 600 + 1) / (12 * 600^2)) = 0.017.
    q, p = RNG.normal(size=(2, 2000, 8))
    assert match.auc(q, p) == pytest.approx(0.5, abs=4 * 0.017)


def test_auc_of_shifted_gaussians_is_the_best_one():
    # N(1, 1) beside N(0, 1) in one of 4 dimensions: P(x > y) = Phi(1 / sqrt(2)) = 0.760.
    q, p = RNG.normal(size=(2, 3000, 4))
    q[:, 0] += 1
    assert match.auc(q, p) == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=0.05)


def test_auc_sees_what_means_and_variances_do_not():
    # Two codes that always agree in sign beside independent ones; nothing in each alone.
    p, q = RNG.normal(size=(2, 3000, 2))
    q[:, 1] = np.sign(q[:, 0]) * np.abs(q[:, 1])
    # Half of p looks like q: the best AUC is 0.5 * 0.5 + 0.5 * 1 = 0.75.
    assert match.auc(q, p) == pytest.approx(0.75, abs=0.05)


def test_mmd_is_that_of_the_regularizer():
    # In 12 dimensions the bandwidths are the same.
    q, p = RNG.normal(size=(40, 12)), 0.8 * RNG.normal(size=(40, 12))
    k = mmd.grams(q, p, lambda d2: mmd.rbf(d2, match.BANDWIDTHS))
    assert match.mmd2(q, p)[0] == pytest.approx(float(mmd.mmd2(k)), rel=1e-6)


def test_null_deviation_is_that_of_many_draws():
    draws = [match.mmd2(*RNG.normal(size=(2, 60, 12))) for _ in range(300)]
    values, deviations = np.array(draws).T
    # 0.0104 at n = 60 (tests/regularizers/test_mmd.py derives it); a deviation of 300 values errs by some 4 %.
    assert np.mean(deviations) == pytest.approx(0.0104, rel=0.03) and np.std(values) == pytest.approx(0.0104, rel=0.15)
    assert abs(values.mean()) < 4 * 0.0104 / np.sqrt(300)


@pytest.mark.slow
def test_codes_that_match_and_codes_that_do_not():
    prior = {"z_c": RNG.normal(size=(2000, 5)), "z_m": RNG.normal(size=(2000, 4, 3))}
    posterior = {"z_c": RNG.normal(size=(2000, 5)), "z_m": RNG.normal(size=(2000, 4, 3)) + 0.7}
    found = match.measure(posterior, prior)
    assert json.loads(json.dumps(found)) == found
    assert found["z_c"]["auc"] < 0.6 and abs(found["z_c"]["null_deviations"]) < 3
    # 12 numbers, each 0.7 apart: Phi(0.7 sqrt(12 / 2)) = 0.957.
    assert found["z_m"]["auc"] == pytest.approx(norm.cdf(0.7 * np.sqrt(6)), abs=0.04)
    assert found["z_m"]["null_deviations"] > 10
    assert match.verdicts(found) == [f"z_m does not match its prior: AUC {found['z_m']['auc']:.2f} (0.5 is a match)"]


def test_nothing_is_said_of_a_few_clips():
    few = {"z_c": np.zeros((49, 2)), "z_m": np.zeros((49, 4, 1))}
    assert match.measure(few, few) == {} and match.verdicts({}) == []


def test_codes_that_are_all_alike_match():
    same = {"z_c": np.zeros((60, 2)), "z_m": np.zeros((60, 4, 1))}
    found = match.measure(same, same)
    assert found["z_c"]["auc"] == 0.5 and found["z_c"]["null_deviations"] == 0.0


def test_shares_and_their_verdicts():
    values = {"reconstruction": 40.0, "content_divergence": 0.5, "motion_divergence": -0.12,
              "motion_divergence_null_sd": 0.01, "motion_kl": 20.0, "content_kl": 3.0, "critic": 1.0}
    weights = {"reconstruction": 1.0, "content_divergence": 10.0, "motion_divergence": 60.0, "motion_kl": 1.0,
               "content_kl": 0.0}
    gradients = {"reconstruction": 20.0, "content_divergence": 0.1, "motion_divergence": 5.0, "motion_kl": 100.0}
    found = match.shares(values, weights, gradients)
    assert set(found) == set(gradients)  # a term of weight 0 contributes nothing
    assert found["motion_divergence"] == {"weight": 60.0, "value": -0.12, "weighted": pytest.approx(-7.2),
                                          "gradient": 5.0, "null_deviations": pytest.approx(-12)}
    assert found["reconstruction"]["null_deviations"] is None
    assert match.verdicts(terms=found) == [
        "motion_divergence is no divergence: 12.0 standard deviations below zero",
        "content_divergence hardly moves the encoders: its gradient is 0.1 % of the largest"]
    assert match.verdicts(terms=match.shares({**values, "motion_divergence": -0.02}, weights, {})) == []
