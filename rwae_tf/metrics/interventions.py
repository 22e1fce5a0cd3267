"""Codes of a model exchanged and drawn anew, for the measures of `disentanglement`, `collapse` and `match`."""

import itertools
from typing import Callable, NamedTuple

import numpy as np

from rwae_tf.metrics import collapse, disentanglement, match
from rwae_tf.types import Codes

MOVED = 100  # clips that exchange codes to show what moves the decoder


class ModelFunctions(NamedTuple):
    """What is measured of a model.

    Attributes:
      encode: function x -> `Codes`, posterior means.
      sample: function (x, seed) -> `Codes`, posterior samples.
      parameters: function x -> {code: Gaussians of the code}, keyword arguments of `collapse.code_usage`.
      decode: function `Codes` -> x.
      generate: function (num, length, seed, z_c, z_m, action) -> x, seed int32 [num]; what is not given is
        drawn from the priors.
      draw: function (num, length, seed) -> `Codes` from the priors, seed int32 [num].
    """

    encode: Callable
    sample: Callable
    parameters: Callable
    decode: Callable
    generate: Callable
    draw: Callable


class Seeds:
    """Seeds for rows of draws, no two alike but by chance."""

    def __init__(self, seed):
        self._seed, self._calls = seed, itertools.count()

    def __call__(self, count):
        return (np.random.SeedSequence((self._seed, next(self._calls))).generate_state(count) >> 1).astype(np.int32)


class _Remembered:
    """A function that keeps its last answer: every batch of clips is encoded once for all its repeats."""

    def __init__(self, function):
        self._function, self._x = function, None

    def __call__(self, x):
        if x is not self._x:
            self._x, self._answer = x, self._function(x)
        return self._answer


def measure_kept(batches, judge, functions, encode, spec, repeats, seeds):
    """`disentanglement.measure_kept` of the codes that `encode` gives.

    Args:
      batches, judge, repeats: as there.
      functions: `ModelFunctions` of the model.
      encode: function x -> `Codes`.
      spec: `SequenceSpec` of the clips.
      seeds: a `Seeds`.
    """
    codes = _Remembered(encode)

    def resample_motion(x, repeat):
        return functions.generate(num=len(x), length=x.shape[1], seed=seeds(len(x)), z_c=codes(x).z_c)

    def resample_content(x, repeat):
        given = codes(x)
        return functions.generate(num=len(x), length=x.shape[1], seed=seeds(len(x)), z_m=given.z_m, action=given.action)

    measures = disentanglement.measure_kept(batches, judge, resample_motion, resample_content, spec.static, repeats)
    del measures["clips"]
    return measures


def measure_match(batches, functions, seeds):
    """`match.measure` of sampled codes of all clips and of as many codes from the priors.

    Args:
      batches: iterable of {"x"}.
      functions: `ModelFunctions` of the model.
      seeds: a `Seeds`.
    """
    rows = []
    for batch in batches:
        x = batch["x"]
        sampled, drawn = functions.sample(x, seed=int(seeds(1)[0])), functions.draw(len(x), x.shape[1], seeds(len(x)))
        rows.append({side: {"z_c": codes.z_c, "z_m": codes.z_m} for side, codes in
                     (("posterior", sampled), ("prior", drawn))})
    codes_of = join_rows(rows)
    return match.measure(codes_of["posterior"], codes_of["prior"])


def influence(decode, codes, seed, most=MOVED):
    """`collapse.influence` of at most `most` clips; an action goes with the motion.

    Args:
      decode: function `Codes` -> x.
      codes: {name in `Codes`: array}, without "action" for a model that has none.
      seed: of the order of the clips.
      most: number of clips.
    """
    chosen = np.random.default_rng(seed).permutation(len(codes["z_c"]))[:most]
    z_c, z_m, action = (codes[name][chosen] if name in codes else None for name in Codes._fields)
    width = z_m.shape[-1]
    if action is not None:  # beside every frame's z_m, so that both change clips together
        z_m = np.concatenate([z_m, np.repeat(action[:, None], z_m.shape[1], 1)], -1)

    def together(z_c, z_m):
        return decode(Codes(z_c, z_m[..., :width], None if action is None else z_m[:, 0, width:]))

    return collapse.influence(together, z_c, z_m)


def codes_as_dict(codes):
    """`Codes` -> {name: array}, without those that are None."""
    return {name: np.asarray(code) for name, code in codes._asdict().items() if code is not None}


def join_rows(rows):
    """Nested dictionaries of arrays, joined along the first axis; numbers, the same in all, are kept."""
    if isinstance(rows[0], dict):
        return {name: join_rows([row[name] for row in rows]) for name in rows[0]}
    arrays = [np.asarray(row) for row in rows]
    return np.concatenate(arrays) if arrays[0].ndim else arrays[0]
