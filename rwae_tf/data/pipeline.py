"""Clips as an endless tf.data stream of shuffled training batches."""

import atexit
import functools
import os
import threading
import time

import numpy as np
import tensorflow as tf

from rwae_tf.data import augmentation
from rwae_tf.errors import InputError


def check(clips, batch_size, augment=()):
    """Refuse what `batch_stream` cannot do.

    Raises:
      InputError: if the clips do not fill one batch, or are to be augmented and are no video.
    """
    if len(clips) < batch_size:
        raise InputError(f"batch_size={batch_size}: the data have only {len(clips)} sequences")
    if augment and clips.spec.modality != "video":
        raise InputError(f"augment={','.join(augment)}: only videos can be augmented; drop --augment")


def batch_stream(clips, batch_size, seed, start=0, augment=(), rounds=None, part=(0, 1)):
    """Full batches of `clips`, reshuffled every epoch, for ever.

    Batch k is a function of (seed, k) alone: it belongs to epoch k // (len(clips) // batch_size), and a
    stream from `start` gives what one from 0 gives after `start` batches, without making those. The
    clips left over when an epoch does not divide are others in every epoch.

    Args:
      clips: a `rwae_tf.data.Clips`.
      batch_size: clips per batch, at most len(clips).
      seed: of the shuffling, at least 0.
      start: number of the first batch.
      augment: names in `augmentation.KINDS` of what is done to the clips, anew in every batch.
      rounds: a `Rounds` that says which clips are in a batch, or None for all, shuffled.
      part: (i, n) for the i-th of n equal parts of the rows of every batch; the others are not made.

    Returns:
      A tf.data.Dataset without end of {"x": float32 [B, T, H, W, C], "labels": {factor: int32 [B]}}, where B is
      batch_size / n. For clips that are parts of utterances also "sequence", whose it is (its place in the round, with
      `rounds`), and "segments", how many the utterance has; int32 [B] each.

    Raises:
      InputError: as `check`.
    """
    check(clips, batch_size, augment)
    names, make = list(clips.spec.factors), _gate.guard(_maker(clips, batch_size, seed, rounds, part))
    rows = batch_size // part[1]
    beside = () if clips.utterances is None else ("sequence", "segments")

    def element(k):
        kinds = [tf.float32] + [tf.int32] * (len(names) + len(beside))
        x, *numbers = tf.numpy_function(make, [k], kinds, stateful=False)
        x = tf.ensure_shape(x, (rows, clips.spec.length, *clips.spec.frame_shape))
        x = augmentation.augment(x, augment, tf.stack([tf.constant(seed, tf.int64), k]), part)
        numbers = [tf.ensure_shape(number, (rows,)) for number in numbers]
        labels, of_parts = numbers[:len(names)], numbers[len(names):]
        return {"x": x, "labels": dict(zip(names, labels, strict=True)), **dict(zip(beside, of_parts, strict=True))}

    workers = min(8, os.cpu_count() or 1)
    stream = tf.data.Dataset.counter(start)
    stream = stream.map(element, num_parallel_calls=workers, deterministic=True)
    return without_autotuning(stream.prefetch(2))


def _maker(clips, batch_size, seed, rounds, part):
    """Function k -> [x, labels of each factor, and of parts of utterances "sequence" and "segments"] of batch k, or of
    a part of its rows.
    """
    steps, parts = len(clips) // batch_size, clips.utterances
    index, rows = part[0], batch_size // part[1]
    own = slice(index * rows, (index + 1) * rows)
    segments = None if parts is None else np.bincount(parts).astype(np.int32)

    @functools.lru_cache(maxsize=4)
    def order(epoch):
        return np.random.default_rng((seed, epoch)).permutation(len(clips))

    def make(k):
        epoch, step = divmod(int(k), steps)
        if rounds:
            chosen, sequence = (numbers[own] for numbers in rounds.batch(int(k)))
        else:
            chosen = order(epoch)[step * batch_size:(step + 1) * batch_size][own]
            sequence = None if parts is None else parts[chosen]
        batch = clips.batch(chosen, epoch)
        of_parts = [] if parts is None else [sequence.astype(np.int32), segments[parts[chosen]]]
        return [batch["x"], *(batch["labels"][name] for name in clips.spec.factors), *of_parts]

    return make


def without_autotuning(stream):
    """`stream` without the thread that tunes it, for which the end of a program waits up to a minute.

    Nothing is left to tune: the number of workers and of prefetched batches is fixed. A later `map` turns the thread
    on again, so this comes last.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return stream.with_options(options)


class _Gate:
    """Lets threads of tf.data into Python functions, and sees them out before the interpreter ends.

    A thread still inside, or waiting to come in, when Python finalizes never returns, and deleting the
    iterator then waits for it for ever. So at exit every stream ends, and exit waits until all is quiet.
    """

    POLLS, PAUSE = 20, 0.02  # exit waits for so many pauses (s) in a row without a call

    def __init__(self):
        self._lock = threading.Lock()
        self._entered = self._left = 0  # calls so far
        self._exiting = False
        atexit.register(self._see_out)

    def guard(self, function):
        """`function`, passing through the gate."""
        def call(*args):
            with self._lock:
                self._entered += 1
            try:
                if self._exiting:
                    raise StopIteration  # which tf.data takes for the end of the data
                return function(*args)
            finally:
                with self._lock:
                    self._left += 1
        return call

    def _see_out(self):
        # Pauses are counted, not timed: each gives a thread that waits for the interpreter its turn, while
        # a clock would also run while another thread keeps the interpreter from both.
        self._exiting, calm = True, 0
        while self._entered and calm < self.POLLS:
            before = self._entered
            time.sleep(self.PAUSE)
            calm = calm + 1 if before == self._entered == self._left else 0


_gate = _Gate()
