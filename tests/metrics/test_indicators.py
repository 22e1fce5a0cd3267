"""Indicators at a glance, of toy models whose codes are known: the right warning, and none where nothing is wrong."""

import json
import math

import pytest
from toys import CLIPS, SPEC, Collapsed, Forgetful, Hoarder, Judge, Mover, Perfect, batches, model_functions

from rwae_tf.metrics import indicators

NOTHING = "0.00 nats per clip, less than one bit"


def glance(model, reader=None, seed=0, ended=False):
    return indicators.measure(list(batches()), reader, model_functions(model), SPEC, seed, ended)


@pytest.mark.parametrize("model, verdicts", [
    (Perfect, []),
    (Hoarder, [f"z_m is dead: {NOTHING}", "z_c leaks: trend 100 % (chance 33 %)"]),
    (Mover, [f"z_c is dead: {NOTHING}", "z_m leaks: colour 100 % (chance 33 %)"]),
    (Collapsed, [f"z_m is dead: {NOTHING}", f"z_c is dead: {NOTHING}"]),
    (Forgetful, []),  # what is lost is no alarm
], ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.slow
def test_verdicts(model, verdicts):
    assert glance(model(), Judge())["verdicts"] == verdicts


def test_numbers_of_a_perfect_model():
    found = glance(Perfect(), Judge())
    assert found["kept"] == found["on_real"] == {"colour": 1.0, "trend": 1.0}
    for factor, code in (("colour", "z_m"), ("trend", "z_c")):
        row = found["leakage"][factor]
        # Drawn from three classes alike, once for each clip: within five standard errors of a third.
        assert row["code"] == code and abs(row["accuracy"] - 1 / 3) < 5 * (2 / 9 / CLIPS) ** 0.5
        assert row["excess"] == row["accuracy"] - row["chance"]
    # z_c: one-hot of three classes alike, variance 1/3 * 2/3 each, behind noise of variance 1e-6.
    use = found["usage"]["z_c"]
    assert use["active_units"] == 3
    assert use["information"] == pytest.approx(3 * 0.5 * math.log((2 / 9 + 1e-6) / 1e-6))
    # KL to N(0, 1): (v + m^2 - 1 - ln v) / 2, with m^2 = 1/3 on average.
    assert use["kl"] == pytest.approx(3 * 0.5 * (1e-6 + 1 / 3 - 1 - math.log(1e-6)))


def test_what_is_lost_is_in_the_numbers():
    found = glance(Forgetful(), Judge())
    assert found["kept"] == {"colour": 1.0, "trend": pytest.approx(2 / 3)}  # one class of three alike


def test_influence_is_that_of_few_clips():
    """Everything through z_c: all of the change and none; and no more than MOVED clips are decoded for it."""
    decoded = []

    class Counted(Hoarder):
        def decode(self, codes):
            decoded.append(len(codes.z_c))
            return super().decode(codes)

    found = glance(Counted())
    assert (found["usage"]["z_c"]["influence"], found["usage"]["z_m"]["influence"]) == (1.0, 0.0)
    assert decoded == [indicators.MOVED] * 4  # as it is, both codes exchanged, each of them


def test_without_a_reader_the_codes_still_tell():
    found = glance(Hoarder())
    assert found["kept"] == found["leakage"] == found["on_real"] == {}
    assert found["verdicts"] == [f"z_m is dead: {NOTHING}"]


@pytest.mark.slow
def test_every_call_draws_the_same_and_fits_json():
    one, two, other = glance(Perfect(), Judge()), glance(Perfect(), Judge()), glance(Perfect(), Judge(), seed=1)
    assert json.loads(json.dumps(one)) == one == two
    assert one["leakage"] != other["leakage"]
