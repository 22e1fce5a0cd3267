"""The model's verbs refuse wrong arrays in one line that says what came and what was expected."""

import numpy as np
import pytest
import tensorflow as tf
import tiny

from rwae_tf import models
from rwae_tf.errors import InputError
from rwae_tf.models import checks
from rwae_tf.types import Codes, SequenceSpec

SPEECH = SequenceSpec((200,), 20, "speech")


@pytest.fixture(scope="module")
def model():
    return models.build(tiny.config(), tiny.SPEC)


@pytest.fixture(scope="module")
def acting():
    """A model with three actions."""
    return models.build(tiny.config(action_size=3), tiny.SPEC)


def refusal(function, *args, **kwargs):
    with pytest.raises(InputError) as caught:
        function(*args, **kwargs)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def holding(value, position=(1, 2, 3, 4, 0)):
    """Sequences with one value changed."""
    x = tiny.sequences()
    x[position] = value
    return x


WRONG = {
    "rank": (tiny.sequences()[0], "shape [4, 16, 16, 3], expected [batch, length, 16, 16, 3]"),
    "size": (np.zeros((2, 4, 32, 32, 3)), "shape [2, 4, 32, 32, 3], expected [batch, length, 16, 16, 3]"),
    "channels": (np.zeros((2, 4, 16, 16, 1)), "shape [2, 4, 16, 16, 1], expected [batch, length, 16, 16, 3]"),
    "channels first": (np.zeros((2, 4, 3, 16, 16)), "shape [2, 4, 3, 16, 16], expected"),
    "no rows": (np.zeros((0, 4, 16, 16, 3)), "shape [0, 4, 16, 16, 3], expected"),
    "no frames": (np.zeros((2, 0, 16, 16, 3)), "shape [2, 0, 16, 16, 3], expected"),
    "NaN": (holding(np.nan), "1 of 12288 values are NaN or infinite"),  # 4 * 4 * 16 * 16 * 3 values
    "infinite": (holding(np.inf), "1 of 12288 values are NaN or infinite"),
    "above": (holding(1.5), "1.5, expected 0 to 1"),
    "below": (holding(-0.5), "values from -0.5 to "),
    "levels": (np.full((2, 4, 16, 16, 3), 200.0), "values from 200 to 200, expected 0 to 1; divide frames of 0 to 255"),
    "integers": (np.full((2, 4, 16, 16, 3), 200), "values from 200 to 200, expected 0 to 1; divide frames of 0 to 255"),
    "uint8": (np.full((2, 4, 16, 16, 3), 255, np.uint8), "values from 255 to 255, expected 0 to 1; divide uint8"),
    "text": ([["a"]], "expected numbers, got list"),
    "ragged": ([[1.0], [1.0, 2.0]], "expected numbers, got list"),
    "nothing": (None, "shape []"),
}


@pytest.mark.parametrize("x, words", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("verb", ["encode", "reconstruct"])
def test_wrong_sequences(model, verb, x, words):
    message = refusal(getattr(model, verb), x)
    assert message.startswith("x: ") and words in message


@pytest.mark.parametrize("x, words", WRONG.values(), ids=WRONG)
def test_wrong_sequences_to_swap_are_named(model, x, words):
    assert refusal(model.swap, content=x, motion=tiny.sequences()).startswith("content: ")
    message = refusal(model.swap, content=tiny.sequences(), motion=x)
    assert message.startswith("motion: ") and words in message


def test_swap_of_other_numbers_of_sequences(model):
    message = refusal(model.swap, content=tiny.sequences(2), motion=tiny.sequences(3))
    assert message == "batch sizes differ: content has 2, motion has 3"


def test_tensors_lists_and_other_numbers_are_welcome():
    x = tiny.sequences()
    for given in (tf.constant(x), x.tolist(), x.astype(np.float64), np.ones(x.shape, bool)):
        checked = checks.sequences(given, tiny.SPEC)
        assert checked.dtype == np.float32 and checked.shape == x.shape
    np.testing.assert_array_equal(checks.sequences(tf.constant(x), tiny.SPEC), x)
    assert checks.sequences(np.array([0.0, 1.0]).repeat(1536).reshape(1, 4, 16, 16, 3), tiny.SPEC).max() == 1


def test_what_rounding_leaves_beyond_the_range_is_cut():
    spec = SequenceSpec((16, 16, 3), 4, "video", {}, ())
    x = np.full((2, 4, 16, 16, 3), 1.0000002, np.float32)
    x[0] = -1e-7
    found = checks.sequences(x, spec)
    assert found.max() == 1 and found.min() == 0
    with pytest.raises(InputError, match="values from -1e-07 to 1.001, expected 0 to 1$"):
        checks.sequences(np.where(x > 1, 1.001, x), spec)


def test_speech_may_take_any_finite_value():
    frames = np.full((2, 20, 200), -7.0)
    assert checks.sequences(frames, SPEECH).min() == -7
    assert refusal(checks.sequences, frames[..., :80], SPEECH) == (
        "x: shape [2, 20, 80], expected [batch, length, 200]")
    frames[0, 0, 0] = np.nan
    assert "1 of 8000 values" in refusal(checks.sequences, frames, SPEECH)


def codes(batch=2, length=4, content=6, motion=3, action=None):
    """Codes of the tiny model, or of others."""
    return Codes(np.zeros((batch, content)), np.zeros((batch, length, motion)),
                 None if action is None else np.zeros((batch, action)))


@pytest.mark.parametrize("given, message", [
    (codes(content=7), "z_c: shape [2, 7], expected [batch, 6]"),
    (codes(motion=4), "z_m: shape [2, 4, 4], expected [batch, length, 3]"),
    (codes()._replace(z_m=np.zeros((2, 3))), "z_m: shape [2, 3], expected [batch, length, 3]"),
    (codes()._replace(z_c=np.zeros((3, 6))), "batch sizes differ: z_c has 3, z_m has 2"),
    (codes()._replace(z_c=np.full((2, 6), np.nan)), "z_c: 12 of 12 values are NaN or infinite"),
    (codes()._replace(z_c="code"), "z_c: expected numbers, got str"),
    ((np.zeros((2, 6)), np.zeros((2, 4, 3))), "codes: expected Codes(z_c, z_m, action), got tuple"),
    (codes(action=3), "action: given, but this model has no actions"),
])
def test_wrong_codes(model, given, message):
    assert refusal(model.decode, given) == message


@pytest.mark.parametrize("given, message", [
    (codes(), "action: missing; this model has 3 actions"),
    (codes(action=2), "action: shape [2, 2], expected [batch, 3]"),
    (codes(action=3)._replace(action=np.zeros((1, 3))), "batch sizes differ: z_c has 2, z_m has 2, action has 1"),
])
def test_wrong_codes_of_a_model_with_actions(acting, given, message):
    assert refusal(acting.decode, given) == message


@pytest.mark.parametrize("arguments, message", [
    ({"num": 0}, "num=0: expected a positive integer"),
    ({"num": -1}, "num=-1: expected a positive integer"),
    ({"num": 2.0}, "num=2.0: expected a positive integer"),
    ({"num": True}, "num=True: expected a positive integer"),
    ({"length": 0}, "length=0: expected a positive integer"),
    ({"length": None}, "length=None: expected a positive integer"),
    ({"seed": -1}, "seed=-1: must not be negative"),
    ({"seed": 0.5}, "seed=0.5: expected one integer, or 2 of them, one per row"),
    ({"seed": "a"}, "seed='a': expected one integer, or 2 of them, one per row"),
    ({"seed": [1, 2, 3]}, "seed=[1, 2, 3]: expected one integer, or 2 of them, one per row"),
    ({"seed": [[1, 2]]}, "seed=[[1, 2]]: expected one integer, or 2 of them, one per row"),
    ({"z_c": np.zeros((2, 5))}, "z_c: shape [2, 5], expected [batch, 6]"),
    ({"z_m": np.zeros((2, 4, 5))}, "z_m: shape [2, 4, 5], expected [batch, length, 3]"),
    ({"z_c": np.zeros((2, 6)), "z_m": np.zeros((3, 4, 3))}, "batch sizes differ: z_c has 2, z_m has 3"),
    ({"z_c": np.full((2, 6), np.inf)}, "z_c: 12 of 12 values are NaN or infinite"),
    ({"action": np.zeros((2, 3))}, "action: given, but this model has no actions"),
])
def test_wrong_wishes(model, arguments, message):
    assert refusal(model.generate, **{"num": 2, "length": 4, **arguments}) == message


def test_seeds_of_rows_must_fit_their_type(model):
    message = refusal(model.generate, num=2, length=4, seed=[1, 2**40])
    assert message.startswith("seed=") and "2147483647" in message


@pytest.mark.parametrize("name, shape", [("z_c", (0, 6)), ("z_m", (0, 4, 3)), ("z_m", (2, 0, 3))])
def test_empty_codes(model, name, shape):
    message = refusal(model.generate, **{name: np.zeros(shape)})
    assert message.startswith(f"{name}: shape {list(shape)}, expected [batch, ")


def test_wrong_seed_of_a_sample(model):
    assert refusal(model.encode, tiny.sequences(), sample=True, seed=-3) == "seed=-3: must not be negative"


def test_counts_of_numpy_are_welcome():
    assert checks.count(np.int64(3), "num") == 3
    assert checks.seeds(np.int64(5), 2).tolist() == checks.seeds(5, 2).tolist()
    assert checks.seeds([4, 5], 2).dtype == np.int32


def test_rows_count_up_from_one_seed(model):
    assert checks.seeds(7, 3).tolist() == [7, 8, 9] and checks.seeds(2**31 - 3, 3).dtype == np.int32
    assert refusal(checks.seeds, 2**31 - 2, 3).endswith("must be at most 2147483645, as each of 3 rows has the next "
                                                        "integer")
    np.testing.assert_array_equal(model.generate(num=1, length=3, seed=6), model.generate(1, 3, seed=[6]))
    np.testing.assert_array_equal(model.generate(num=2, length=3, seed=6), model.generate(2, 3, seed=[6, 7]))
    np.testing.assert_array_equal(model.draw(2, 3, seed=6).z_m, model.draw(2, 3, seed=[6, 7]).z_m)


@pytest.mark.parametrize("row", [[0, 0, 0], [1, 1, 0], [2, -1, 0], [0.5, 0.48, 0]])
def test_actions_that_are_no_shares(acting, row):
    given = codes(action=3)._replace(action=np.array([[0.333, 0.333, 0.333], row]))
    for message in (refusal(acting.decode, given), refusal(acting.generate, action=given.action, length=3)):
        assert message.startswith("action: row 1 is ") and "sum of 1" in message
