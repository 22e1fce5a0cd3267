"""Swaps of toy models: codes that mean the same beside every other one, and a code that is relative to the other."""

import numpy as np
import pytest
from toys import CLIPS, LABELS, SPEC, Hoarder, Judge, Perfect, batches, light

from rwae_tf.metrics import probes, swaps
from rwae_tf.types import Codes


class Relative(Perfect):
    """z_m is the light, z_c the colour relative to the trend, modulo three: of either code alone a perfect model."""

    def encode(self, x):
        codes = super().encode(x)
        return codes._replace(z_c=turned(codes.z_c, codes.z_m, 1))

    def decode(self, codes):
        return super().decode(codes._replace(z_c=turned(codes.z_c, codes.z_m, -1)))


def turned(one_hot, lights, sign):
    """Rows [B, 3], each rolled by `sign` times the number of the trend whose light it is beside."""
    trend = np.square(lights[:, None] - light(np.arange(3), lights.shape[1])).sum((2, 3)).argmin(1)
    return np.eye(3)[(one_hot.argmax(1) + sign * trend) % 3]


def encoded(model):
    codes = model.encode(np.concatenate([batch["x"] for batch in batches()]))
    return {"z_c": codes.z_c, "z_m": codes.z_m}


def measured(model, seed=0):
    return swaps.measure(encoded(model), LABELS, model.decode, Judge(), SPEC.static, seed)


def test_codes_that_mean_the_same_everywhere():
    found = measured(Perfect())
    for factor, beside in (("colour", "trend"), ("trend", "colour")):
        assert found[factor] == {"accuracy": 1.0, "beside": beside, "shared": 1.0, "other": 1.0, "error": 0.0}
    assert swaps.verdicts(found) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_code_that_is_relative_to_the_other(seed):
    # A colour is decoded as colour + trend of its clip - trend of the other: right where both trends are one, and
    # always wrong elsewhere. The trend is z_m's alone.
    found = measured(Relative(), seed)
    assert (found["colour"]["shared"], found["colour"]["other"]) == (1.0, 0.0)
    assert (found["trend"]["shared"], found["trend"]["other"]) == (1.0, 1.0)
    assert 0.2 < found["colour"]["accuracy"] < 0.5  # a third of the partners have the same trend
    # p (1 - p) of that share over both groups
    share = found["colour"]["accuracy"]
    groups = round(share * CLIPS), CLIPS - round(share * CLIPS)
    assert found["colour"]["error"] == pytest.approx((share * (1 - share) * sum(1 / n for n in groups)) ** 0.5)
    assert swaps.verdicts(found) == ["colour depends on trend: 100 % right in swaps of one trend, 0 % in others"]


def test_probes_do_not_see_it():
    found = probes.linear_probes(encoded(Relative()), LABELS)
    for code, factor in (("z_c", "trend"), ("z_m", "colour")):
        assert found[code][factor]["accuracy"] < 0.55  # chance: 0.33, 62 held-out clips


def test_what_a_code_lacks_does_not_depend_on_the_other():
    # All in z_c: the trend of the other clip is met in a third of the swaps, whatever its colour.
    found = measured(Hoarder())
    assert found["trend"]["accuracy"] < 0.5 and swaps.verdicts(found) == []


def test_action_goes_with_the_motion_and_no_clip_meets_itself():
    seen = []

    def decode(codes):
        seen.append((codes.z_c, codes.z_m, codes.action))
        return np.zeros((len(codes.z_c), 1))

    def judge(x):
        return {"colour": np.full((len(x), 3), 1 / 3)}

    rows = np.arange(207)
    codes = {"z_c": rows[:, None], "z_m": rows[:, None, None], "action": rows[:, None]}
    swaps.measure(codes, LABELS, decode, judge, SPEC.static, batch=50)
    z_c, z_m, action = (np.concatenate(parts).ravel() for parts in zip(*seen, strict=True))
    assert [len(one[0]) for one in seen] == [50, 50, 50, 50, 7]
    assert sorted(z_c) == sorted(z_m) == rows.tolist() and (z_c != z_m).all() and (z_m == action).all()


def test_factors_with_nothing_to_compare_are_left_out():
    codes = {"z_c": np.eye(3)[np.zeros(20, int)], "z_m": light(np.zeros(20, int))}
    few = {"colour": np.zeros(20, int), "trend": np.zeros(20, int)}
    assert swaps.measure(codes, few, Perfect().decode, Judge(), SPEC.static) == {}  # 20 swaps are too few
    alone = {"colour": LABELS["colour"]}  # no factor of the other code
    assert swaps.measure(encoded(Perfect()), alone, Perfect().decode, Judge(), SPEC.static) == {}


def test_at_most_a_thousand_clips():
    asked = []
    rows = np.zeros((1500, 1))

    def decode(codes):
        assert isinstance(codes, Codes) and codes.action is None
        asked.append(len(codes.z_c))
        return np.zeros((len(codes.z_c), 4, 2, 2, 3))

    swaps.measure({"z_c": rows, "z_m": rows[:, None]}, {name: np.resize(label, 1500) for name, label in LABELS.items()},
                  decode, Judge(), SPEC.static)
    assert sum(asked) == swaps.CLIPS == 1000
