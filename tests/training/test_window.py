"""The steps between two lines of the log."""

import json

import numpy as np
import pytest
import tensorflow as tf

from rwae_tf.training.window import NotFinite, Window


def filled(*steps):
    window = Window()
    for terms in steps:
        window.add({name: tf.constant(value, tf.float32) for name, value in terms.items()})
    return window


def test_means_are_over_the_steps_that_have_the_term():
    window = filled({"a": 1.0, "b": 3.0}, {"a": 2.0})
    assert window.means() == {"a": 1.5, "b": 3.0} and window.skipped() == {} and len(window) == 2


def test_a_window_continues_from_plain_numbers_to_the_bit():
    steps = [{"a": float(value)} for value in np.random.default_rng(0).normal(size=11)]
    again = Window(json.loads(json.dumps(filled(*steps[:7]).plain())))
    for terms in steps[7:]:
        again.add({"a": tf.constant(terms["a"], tf.float32)})
    assert again.means() == filled(*steps).means()


def test_skipped_steps_count_and_are_in_no_mean():
    good = {"skipped/encoders": 0.0, "skipped/critic": 0.0, "skipped/terms": 0.0}
    window = filled({"a": 1.0, **good}, {"a": np.nan, **good, "skipped/encoders": 1.0, "skipped/terms": 1.0},
                    {"a": 9.0, **good, "skipped/encoders": 1.0}, {"a": 2.0, **good})
    assert window.means() == {"a": 1.5} and window.skipped() == {"steps": 2, "encoders": 2, "terms": 1}


@pytest.mark.parametrize("steps, says", [
    ([{"a": 1.0, "b": 1.0}, {"a": 1.0, "b": np.inf}], "b is inf"), ([{"a": np.nan}], "a is nan"),
    ([{"a": 1.0, "skipped/decoder": 1.0}] * 2, "2 steps in a row were skipped")])
def test_what_is_not_finite_is_named(steps, says):
    with pytest.raises(NotFinite, match=says):
        filled(*steps).means()
