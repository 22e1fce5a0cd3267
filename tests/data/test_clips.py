import numpy as np
import pytest

from rwae_tf.data import base
from rwae_tf.data.datasets import moving_shapes


@pytest.mark.parametrize("size", [64, 32, 16])
@pytest.mark.parametrize("channels", [1, 3])
def test_area_average_is_the_mean_of_blocks(size, channels):
    frames = np.random.default_rng(0).integers(0, 256, (2, 3, 64, 64, channels), dtype=np.uint8)
    k = 64 // size
    expected = frames.reshape(2, 3, size, k, size, k, channels).mean((3, 5)) / 255
    found = base.area_average(frames, size)
    assert found.dtype == np.float32
    assert found.shape == (2, 3, size, size, channels)
    # Integer sums are exact, so that only the last division is rounded, to half an ulp below 1.
    np.testing.assert_allclose(found, expected, rtol=0, atol=2.0**-24)


@pytest.mark.parametrize("size", [64, 32, 16])
def test_area_average_reaches_exactly_zero_and_one(size):
    frames = np.full((1, 64, 64, 3), 255, np.uint8)
    assert (base.area_average(frames, size) == 1).all()
    assert (base.area_average(frames * 0, size) == 0).all()


def test_area_average_leaves_its_input_alone():
    frames = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), dtype=np.uint8)
    before = frames.copy()
    base.area_average(frames, 32)
    np.testing.assert_array_equal(frames, before)


def test_draws_belong_to_seed_epoch_and_index():
    draw = base.clip_uniforms
    one = draw(3, "train", 1, [7], (4, 2))[0]
    assert one.shape == (4, 2) and (one >= 0).all() and (one < 1).all()
    np.testing.assert_array_equal(draw(3, "train", 1, [5, 7], (4, 2))[1], one)  # whatever the batch
    np.testing.assert_array_equal(draw(3, "train", 1, [7], (9, 2))[0, :4], one)  # whatever the length
    others = [draw(4, "train", 1, [7], (4, 2)), draw(3, "train", 2, [7], (4, 2)),
              draw(3, "train", 1, [8], (4, 2)), draw(3, "test", 1, [7], (4, 2)),
              draw(3, "validation", 1, [7], (4, 2))]
    for other in others:
        assert not np.isin(other, one).any()


@pytest.mark.parametrize("split, others", [("test", ["train", "validation"]), ("validation", ["train", "test"])])
def test_measured_draws_are_the_same_in_every_epoch_and_no_others(split, others):
    fixed = base.clip_uniforms(0, split, 0, range(50), 2)
    np.testing.assert_array_equal(base.clip_uniforms(0, split, 9, range(50), 2), fixed)
    for other in others:
        for epoch in range(4):
            assert not np.isin(base.clip_uniforms(0, other, epoch, range(50), 2), fixed).any()


@pytest.mark.parametrize("count, share, held", [(1000, 0.1, 100), (20, 0.1, 2), (20, 0.01, 1), (9, 0.5, 4)])
def test_identities_are_shared_out_without_rest(count, share, held):
    train, validation = (base.identities(count, split, share) for split in ("train", "validation"))
    assert len(validation) == held and sorted([*train, *validation]) == list(range(count))
    assert (np.diff(train) > 0).all() and (np.diff(validation) > 0).all()
    np.testing.assert_array_equal(base.identities(count, "validation", share), validation)


def test_held_out_identities_are_anywhere():
    # A hundred of a thousand fall into each half about 50 times, s.d. 4.7; the last ones would all be in one.
    assert 25 < (base.identities(1000, "validation", 0.1) < 500).sum() < 75


def test_nothing_is_held_out_of_test_nor_without_a_share():
    for split, share in (("test", 0.1), ("test", 0.0), ("train", 0.0)):
        np.testing.assert_array_equal(base.identities(7, split, share), np.arange(7))


def test_part_holds_the_chosen_clips_in_their_order():
    whole = moving_shapes.Dataset("train", None, 16, 2, seed=0, validation_fraction=0.0)
    part = base.Subset(whole, [7, 3, 100])
    assert len(part) == 3 and part.spec == whole.spec
    for epoch in (0, 4):  # random clips stay random
        found, expected = part.batch([2, 0], epoch), whole.batch([100, 7], epoch)
        np.testing.assert_array_equal(found["x"], expected["x"])
        assert {name: label.tolist() for name, label in found["labels"].items()} == {
            name: label.tolist() for name, label in expected["labels"].items()}
    assert [len(batch["x"]) for batch in part.batches(2)] == [2, 1]


@pytest.mark.parametrize("count, share, most, held", [(100, 0.1, 600, 10), (100, 0.1, 4, 4), (3, 0.1, 600, 1)])
def test_held_out_clips_are_no_fitted_ones(count, share, most, held):
    class Numbered(base.Clips):
        def labels(self, indices):
            return {"number": np.asarray(indices)}

    whole = Numbered(count, 16, 1, 1, {}, ())
    parts = base.held_out(whole, share, most, seed=5)
    fit, check = ([int(n) for n in part.labels(np.arange(len(part)))["number"]] for part in parts)
    assert len(check) == held and sorted(fit + check) == list(range(count))
    again = base.held_out(whole, share, most, seed=5)[1]
    np.testing.assert_array_equal(again.labels(np.arange(held))["number"], check)
    if held > 1:
        other = base.held_out(whole, share, most, seed=6)[1]
        assert other.labels(np.arange(held))["number"].tolist() != check
