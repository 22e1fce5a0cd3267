import itertools
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from rwae_tf import data
from rwae_tf.data import pipeline
from rwae_tf.errors import InputError


class Numbered(data.Clips):
    """Clips that say which they are: pixel 0 holds the index, pixel 1 the epoch; the label the index."""

    def __init__(self, count):
        super().__init__(count, 64, 2, 1, {"index": tuple(map(str, range(count)))}, ("index",))

    def labels(self, indices):
        return {"index": np.asarray(indices, np.int32)}

    def frames(self, indices, epoch=0):
        frames = np.zeros((len(indices), 2, 64, 64, 1), np.uint8)
        frames[:, :, 0, 0, 0] = np.asarray(indices)[:, None]
        frames[:, :, 0, 1, 0] = epoch
        return frames


def read(stream, count):
    """Indices and epochs in the first `count` batches, [count, B] each."""
    batches = list(itertools.islice(stream.as_numpy_iterator(), count))
    pixels = np.rint(255 * np.stack([b["x"] for b in batches])).astype(int)
    np.testing.assert_array_equal(pixels[:, :, 0, 0, 0, 0], np.stack([b["labels"]["index"] for b in batches]))
    return pixels[:, :, 0, 0, 0, 0], pixels[:, :, 0, 0, 1, 0]


def test_an_epoch_shows_full_batches_of_different_clips_and_the_next_is_reshuffled():
    indices, epochs = read(pipeline.batch_stream(Numbered(10), 3, seed=0), 12)
    # 10 // 3 = 3 steps per epoch: batches 0..2 are epoch 0, 3..5 epoch 1, ...
    np.testing.assert_array_equal(epochs, np.repeat(np.arange(4), 3)[:, None].repeat(3, 1))
    rows = indices.reshape(4, 9)
    assert all(len(set(row)) == 9 for row in rows.tolist())
    assert len({tuple(row) for row in rows.tolist()}) == 4
    assert len({frozenset(range(10)) - frozenset(row) for row in rows.tolist()}) > 1  # not always the same left over


def test_an_epoch_that_divides_shows_every_clip_once():
    indices, _ = read(pipeline.batch_stream(Numbered(12), 4, seed=0), 3)
    assert sorted(indices.ravel().tolist()) == list(range(12))


@pytest.mark.parametrize("start", [1, 3, 7])
def test_starting_at_k_skips_k_batches(start):
    whole, _ = read(pipeline.batch_stream(Numbered(10), 3, seed=5), 12)
    late, _ = read(pipeline.batch_stream(Numbered(10), 3, seed=5, start=start), 12 - start)
    np.testing.assert_array_equal(late, whole[start:])


def test_seeds_differ_and_repeat():
    one, other, again = (read(pipeline.batch_stream(Numbered(30), 10, seed), 3)[0] for seed in (1, 2, 1))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_shapes_are_static_and_generated_clips_reproduce():
    clips = data.load("moving_shapes", length=3, size=32)
    stream = pipeline.batch_stream(clips, 5, seed=0)
    assert stream.element_spec["x"] == tf.TensorSpec((5, 3, 32, 32, 3), tf.float32)
    assert stream.element_spec["labels"] == {f: tf.TensorSpec((5,), tf.int32) for f in clips.spec.factors}
    late = next(iter(pipeline.batch_stream(clips, 5, seed=0, start=1801)))  # epoch 1: 9000 // 5 = 1800 steps
    chosen = np.random.default_rng((0, 1)).permutation(9000)[5:10]
    expected = clips.batch(chosen, epoch=1)
    np.testing.assert_array_equal(late["x"], expected["x"])
    np.testing.assert_array_equal(late["labels"]["shape"], expected["labels"]["shape"])


def test_varied_batches_are_a_function_of_seed_and_number_too():
    clips = data.load("moving_shapes", length=3, size=32)

    def batches(seed, start, count, **vary):
        stream = pipeline.batch_stream(clips, 5, seed, start, **vary)
        return [b["x"] for b in itertools.islice(stream.as_numpy_iterator(), count)]

    plain, whole = batches(0, 0, 3), batches(0, 0, 3, augment=("mirror",))
    np.testing.assert_array_equal(batches(0, 2, 1, augment=("mirror",)), whole[2:])
    ways = []
    for x, y in zip(np.concatenate(plain), np.concatenate(whole), strict=True):
        assert np.array_equal(y, x) or np.array_equal(y, x[:, :, ::-1])
        ways.append(np.array_equal(y, x))
    assert 0 < sum(ways) < 15 and ways[:5] != ways[5:10]  # and not alike in every batch


def test_the_parts_of_a_batch_are_its_rows_in_order():
    """Of three workers each makes a third of every batch, augmented as in the whole batch, over an epoch's end."""
    clips = data.load("moving_shapes", length=2, size=32)
    whole, *parts = (list(itertools.islice(pipeline.batch_stream(
        clips, 6, 3, 1498, augment=("mirror", "shift", "light"), part=part).as_numpy_iterator(), 4))
        for part in ((0, 1), (0, 3), (1, 3), (2, 3)))
    for number, batch in enumerate(whole):
        assert [len(part[number]["x"]) for part in parts] == [2, 2, 2]
        np.testing.assert_array_equal(np.concatenate([part[number]["x"] for part in parts]), batch["x"])
        for factor, labels in batch["labels"].items():
            np.testing.assert_array_equal(np.concatenate([part[number]["labels"][factor] for part in parts]), labels)


def test_only_pictures_can_be_varied():
    clips = Numbered(10)
    clips.spec = clips.spec._replace(modality="speech")
    with pytest.raises(InputError, match="augment=mirror: only videos"):
        pipeline.batch_stream(clips, 3, seed=0, augment=("mirror",))


def test_too_few_clips_for_a_batch():
    with pytest.raises(InputError, match="batch_size=11: the data have only 10 sequences"):
        pipeline.batch_stream(Numbered(10), 11, seed=0)


@pytest.mark.slow
def test_a_process_ends_while_batches_are_being_made():
    code = """
from rwae_tf import data
from rwae_tf.data.pipeline import batch_stream
clips = data.load("moving_shapes", length=50)
streams = [iter(batch_stream(clips, 60, seed)) for seed in range(2)]
for stream in streams:
    next(stream)  # which makes room for one more: threads are at work from here on
"""
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0
