"""tools/theory.py: its identity by other sums, its minima against known ones, its figures."""

import numpy as np
import pytest
import theory
from PIL import Image


@pytest.mark.parametrize("sharpness", [0.0, 0.5, 3.0])
def test_terms_are_sums_over_everything(sharpness):
    p_x, q_c, q_1, q_2, prior_c, prior_2 = theory.posteriors(sharpness)
    found = theory.identity(sharpness)
    xs, zs = range(theory.X), range(theory.Z)
    q_z = [sum(p_x[x] * q_c[x, z] for x in xs) for z in zs]
    expected = {
        "aggregate": sum(q_z[z] * np.log(q_z[z] / prior_c[z]) for z in zs),
        "mean": sum(p_x[x] * q_c[x, z] * np.log(q_c[x, z] / prior_c[z]) for x in xs for z in zs),
        "information": sum(p_x[x] * q_c[x, z] * np.log(q_c[x, z] / q_z[z]) for x in xs for z in zs)}
    assert found["z_c"] == pytest.approx(expected, abs=1e-12)

    def weight(x, a, b):
        return p_x[x] * q_1[x, a] * q_2[x, a, b]

    triples = [(x, a, b) for x in xs for a in zs for b in zs]
    q_of = {(a, b): sum(weight(x, a, b) for x in xs) / sum(p_x[x] * q_1[x, a] for x in xs) for a in zs for b in zs}
    expected = {
        "aggregate": sum(weight(*t) * np.log(q_of[t[1:]] / prior_2[t[1:]]) for t in triples),
        "mean": sum(weight(*t) * np.log(q_2[t] / prior_2[t[1:]]) for t in triples)}
    # I(x; z_2 | z_1) is of the posterior of x given z_1: q(z_2|z_1, x) against q(z_2|z_1).
    expected["information"] = sum(weight(*t) * np.log(q_2[t] / q_of[t[1:]]) for t in triples)
    assert found["z_m"] == pytest.approx(expected, abs=1e-12)
    for row in found.values():
        assert row["aggregate"] == pytest.approx(row["mean"] - row["information"], abs=1e-12)
        assert row["information"] >= -1e-12 and (row["information"] < 1e-12) == (sharpness == 0)


@pytest.mark.parametrize("d, bandwidths, c, best", [
    (1, (1.0,), 2.0, 1.0), (12, theory.MIXTURE, 2.0, 1.0), (1, (1.0,), 1.0, 2.30), (12, theory.MIXTURE, 1.0, 3.18)])
def test_best_scale(d, bandwidths, c, best):
    found = theory.best_scale(d, bandwidths, c)
    assert found == pytest.approx(best, abs=0.006)
    if d == 1:
        # The slope is 0 where c (2 s^2 + 1)^(3/2) = 2 (s^2 + 2)^(3/2), that is, 2 s^2 + 1 = r (s^2 + 2).
        r = (2 / c) ** (2 / 3)
        assert found == pytest.approx(np.sqrt((2 * r - 1) / (2 - r)), abs=1e-4)


@pytest.mark.parametrize("d, bandwidths", theory.TOYS)
def test_closed_form_is_the_mean_of_estimates(d, bandwidths):
    for s, c in ((1.0, 2.0), (2.0, 1.0)):
        one = [theory.estimates(s, d, bandwidths, c, batches=1, n=60, seed=seed) for seed in range(60)]
        assert np.mean(one) == pytest.approx(theory.mmd2(s, d, bandwidths, c), abs=4 * np.std(one) / np.sqrt(60))


@pytest.mark.slow
@pytest.mark.exhaustive
def test_command_prints_numbers_and_draws(tmp_path, capsys):
    assert theory.main(["theory", f"--out={tmp_path}"]) == 0
    printed = capsys.readouterr().out
    assert "2.296 times the prior's scale with factor 1" in printed and "1.000 times" in printed
    assert printed.count("Theorem 3, z_") == 2 and "e-1" in printed  # errors of rounding
    for name in ("theory_identity.png", "theory_mmd.png"):
        assert (tmp_path / name).stat().st_size < 200_000 and Image.open(tmp_path / name).size == (990, 374)
