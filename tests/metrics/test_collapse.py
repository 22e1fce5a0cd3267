"""Use of codes against loops, scikit-learn and closed forms; what is said of hand-made numbers."""

import math

import numpy as np
import pytest
import scipy.stats

from rwae_tf.errors import InputError
from rwae_tf.metrics import collapse

NATS = "nats per clip, less than one bit"


def posterior(shape=(6, 5, 3), seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape), rng.uniform(0.1, 2, shape)


def test_kl_against_a_loop_over_the_closed_form():
    mean, variance = posterior()
    prior_mean, prior_variance = posterior(seed=1)
    found = collapse.code_usage(mean, variance, prior_mean, prior_variance)
    for d in range(3):
        total = 0.0
        for i in range(6):
            for t in range(5):
                m, v, pm, pv = (float(a[i, t, d]) for a in (mean, variance, prior_mean, prior_variance))
                total += math.log(math.sqrt(pv / v)) + (v + (m - pm) ** 2) / (2 * pv) - 0.5
        assert found["kl"][d] == pytest.approx(total / 6)
    assert found["kl_total"] == pytest.approx(sum(found["kl"]))


def test_kl_against_integration():
    """One clip, one dimension: the integral of q ln(q/p) over a grid, p = N(0, 1)."""
    z = np.linspace(-12, 12, 20001)
    q, p = scipy.stats.norm(0.7, 0.5).pdf(z), scipy.stats.norm(0, 1).pdf(z)
    expected = np.sum(q * np.log(np.maximum(q, 1e-300) / p)) * (z[1] - z[0])
    found = collapse.code_usage(np.array([[0.7]]), np.array([[0.25]]))
    assert found["kl_total"] == pytest.approx(expected, rel=1e-6)


def test_variances_leave_out_what_all_clips_share():
    """Means that move with the frame alone tell nothing of a clip: variance over clips 0 in every frame."""
    mean = np.tile(np.linspace(-3, 3, 5)[None, :, None], (6, 1, 2))
    mean[:, :, 1] += np.array([-1, 1, -1, 1, -1, 1])[:, None]  # variance 1 in every frame
    found = collapse.code_usage(mean, np.full(mean.shape, 0.3))
    assert found["variance_of_means"] == pytest.approx([0, 1])
    assert found["mean_variance"] == pytest.approx([0.3, 0.3])
    assert found["active_units"] == 1 and found["dimensions"] == 2


def test_active_units_are_those_above_a_hundredth():
    mean = np.array([[1.0], [-1.0]]) * np.sqrt([0.0099, 0.0101, 1.0, 0.0])  # variances 0.0099, 0.0101, 1, 0
    found = collapse.code_usage(mean, np.ones(mean.shape))
    assert found["variance_of_means"] == pytest.approx([0.0099, 0.0101, 1, 0])
    assert found["active_units"] == 2


def test_information_is_the_capacity_of_a_gaussian_channel():
    """Means of variance 3 behind noise of variance 1: ln(1 + 3) / 2 = ln 2 nats in each of 5 frames."""
    mean = np.tile(np.sqrt(3) * np.array([-1, 1])[:, None, None], (1, 5, 1))
    found = collapse.code_usage(mean, np.ones(mean.shape), prior_variance=100.0)
    assert found["information"] == pytest.approx([5 * math.log(2)])


def test_information_is_the_kl_to_the_best_gaussian_prior():
    mean, variance = posterior((50, 1))
    least = min(collapse.code_usage(mean, variance, mean.mean(), v)["kl_total"] for v in np.linspace(0.2, 6, 3000))
    assert collapse.code_usage(mean, variance)["information_total"] == pytest.approx(least, rel=1e-5)


def test_information_sees_through_a_narrow_posterior():
    """The same N(0, 0.02^2) for every clip: 3.4 nats a dimension to N(0, 1), and nothing about the clip."""
    found = collapse.code_usage(np.zeros((4, 3)), np.full((4, 3), 0.02 ** 2))
    assert found["kl"][0] == pytest.approx(math.log(50) - 0.5 + 0.0002)  # ln(1/s) + (s^2 - 1) / 2
    assert found["information_total"] == pytest.approx(0)


@pytest.mark.parametrize("decode, expected", [
    (lambda z_c, z_m: z_c[:, None] + z_m, None),
    (lambda z_c, z_m: z_c[:, None] + 0 * z_m, {"z_c": 1, "z_m": 0}),
    (lambda z_c, z_m: z_m, {"z_c": 0, "z_m": 1}),
    (lambda z_c, z_m: np.ones((len(z_c), 4, 2)), {"z_c": 0, "z_m": 0}),
])
def test_influence(decode, expected):
    rng = np.random.default_rng(0)
    z_c, z_m = rng.normal(size=(3, 2)), rng.normal(size=(3, 4, 2))
    if expected is None:  # the sum: change of one code alone over change of both, clip by clip
        changes = {"z_c": 0.0, "z_m": 0.0, "both": 0.0}
        for i in range(3):
            c, m = z_c[i - 1] - z_c[i], z_m[i - 1] - z_m[i]
            changes = {"z_c": changes["z_c"] + 4 * (c ** 2).sum(), "z_m": changes["z_m"] + (m ** 2).sum(),
                       "both": changes["both"] + ((c + m) ** 2).sum()}
        expected = {code: changes[code] / changes["both"] for code in ("z_c", "z_m")}
    assert collapse.influence(decode, z_c, z_m) == pytest.approx(expected)


def test_influence_of_one_clip_is_an_error():
    with pytest.raises(InputError, match="at least two"):
        collapse.influence(lambda z_c, z_m: z_m, np.zeros((1, 2)), np.zeros((1, 4, 2)))


def row(accuracy, chance=0.17):
    return {"accuracy": accuracy, "chance": chance}


def kept(body=1.0, action=1.0, body_by_motion=0.17, action_by_content=0.11):
    return {"static_kept": {"per_factor": {"body": row(body)}},
            "dynamic_kept": {"per_factor": {"action": row(action, 0.11)}},
            "leakage": {"body": {"code": "z_m", **row(body_by_motion)},
                        "action": {"code": "z_c", **row(action_by_content, 0.11)}}}


def used(kl_total, information_total=9.0):
    return {"kl_total": kl_total, "information_total": information_total}


@pytest.mark.parametrize("numbers, lines", [
    ({}, []),
    ({"kept": kept()}, []),
    ({"kept": kept(action=0.37, body_by_motion=0.30)},
     ["z_m leaks: body 30 % (chance 17 %)", "z_m loses: action 37 %"]),
    ({"kept": kept(body_by_motion=0.26, action_by_content=0.20)}, []),  # within ten points of chance
    ({"kept": kept(body=0.89)}, ["z_c loses: body 89 %"]),
    ({"kept": kept(action=0.12, action_by_content=1.0)},
     ["z_m is dead: no factor follows it", "z_c leaks: action 100 % (chance 11 %)"]),
    # A motion code that holds the body alone is not dead, only wrong.
    ({"kept": kept(action=0.11, body_by_motion=0.6)},
     ["z_m leaks: body 60 % (chance 17 %)", "z_m loses: action 11 %"]),
    ({"usage": {"z_c": used(40), "z_m": used(0.26)}}, [f"z_m is dead: 0.26 {NATS}"]),
    ({"usage": {"z_c": used(0.69), "z_m": used(0.70)}}, [f"z_c is dead: 0.69 {NATS}"]),  # ln 2 = 0.693
    ({"usage": {"z_c": used(40), "z_m": used(40, 0.1)}}, [f"z_m is dead: 0.10 {NATS}"]),
    ({"influence": {"z_c": 1.0, "z_m": 0.004}}, ["z_m is dead: it moves 0.4 % of the decoder's output"]),
    ({"influence": {"z_c": 0.6, "z_m": 0.3}}, []),
    ({"kept": kept(), "usage": {"z_c": used(40), "z_m": used(0.3)}}, [f"z_m is dead: 0.30 {NATS}"]),
])
def test_verdicts(numbers, lines):
    assert collapse.verdicts(**numbers) == lines


def test_a_factor_that_a_linear_probe_reads_and_an_identity_that_changes_are_wrong():
    """Above chance by more than 15 points, from the code that should not contain it; below 90 % of the roll-outs."""
    probes = {"z_c": {"body": row(1.0), "action": row(0.35, 0.11)}, "z_m": {"body": row(0.3), "action": row(1.0)}}
    lasting = {"frames": 100, "last": 0.74}
    assert collapse.verdicts(kept(), probes=probes, consistency=lasting) == [
        "z_c contains: action 35 % by a linear probe (chance 11 %)", "identity does not last: 74 % after 100 frames"]
    probes["z_c"]["action"] = row(0.25, 0.11)
    assert collapse.verdicts(kept(), probes=probes, consistency={**lasting, "last": 0.9}) == []


def test_holds_says_what_is_wanted_and_whether_it_is_so():
    # Less than the 90 % kept; 19 points above chance.
    found = collapse.summarize_contents(kept(body=0.89, action_by_content=0.3))
    assert {code: {factor: (row["accuracy"], row["wanted"], row["good"]) for factor, row in rows.items()}
            for code, rows in found.items()} == {
        "z_c": {"body": (0.89, True, False), "action": (0.3, False, False)},
        "z_m": {"action": (1.0, True, True), "body": (0.17, False, True)}}
    assert found["z_c"]["action"]["chance"] == 0.11
