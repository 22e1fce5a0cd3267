"""Interventions on codes: swap one code between clips, or sample it from its prior, and decode."""

import functools
import itertools
from typing import Any, Callable, Dict, Iterable, Mapping, NamedTuple, Sequence

import numpy as np

from rwae_tf.metrics import collapse, disentanglement, match
from rwae_tf.types import Batch, Codes, Judge, SequenceSpec

MOVED = 100  # clips that swap codes for the influence


class ModelFunctions(NamedTuple):
    """The functions of a model that are measured.

    Attributes:
      encode: function x -> `Codes`, posterior means.
      sample: function (x, seed) -> `Codes`, posterior samples.
      parameters: function x -> {code: Gaussians of the code}, keyword arguments of `collapse.code_usage`.
      decode: function `Codes` -> x.
      generate: function (num, length, seed, z_c, z_m, action) -> x, seed int32 [num]; missing codes are
        drawn from the priors.
      draw: function (num, length, seed) -> `Codes` from the priors, seed int32 [num].
    """

    encode: Callable
    sample: Callable
    parameters: Callable
    decode: Callable
    generate: Callable
    draw: Callable

    @classmethod
    def of(cls, model: Any) -> "ModelFunctions":
        """Collect the functions of a `SequenceModel`."""
        return cls(model.encode, functools.partial(model.encode, sample=True), model.parameters, model.decode,
                   model.generate, model.draw)


class Seeds:
    """A source of random seeds for rows of draws."""

    def __init__(self, seed):
        self._seed, self._calls = seed, itertools.count()

    def __call__(self, count):
        return (np.random.SeedSequence((self._seed, next(self._calls))).generate_state(count) >> 1).astype(np.int32)


class _Remembered:
    """A function that caches its last answer, so that a batch is encoded once for all its repeats."""

    def __init__(self, function):
        self._function, self._x = function, None

    def __call__(self, x):
        if x is not self._x:
            self._x, self._answer = x, self._function(x)
        return self._answer


def measure_kept(batches: Iterable[Batch], judge: Judge, functions: ModelFunctions, encode: Callable[[Any], Codes],
                 spec: SequenceSpec, repeats: int, seeds: Seeds) -> Dict[str, Any]:
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


def measure_match(batches: Iterable[Batch], functions: ModelFunctions, seeds: Seeds) -> Dict[str, Any]:
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


def influence(decode: Callable[[Codes], Any], codes: Mapping[str, np.ndarray], seed: int,
              most: int = MOVED) -> Dict[str, float]:
    """`collapse.influence` of at most `most` clips; an action goes with the motion.

    Args:
      decode: function `Codes` -> x.
      codes: {name in `Codes`: array}, without "action" for a model that has none.
      seed: of the order of the clips.
      most: number of clips.
    """
    chosen = np.random.default_rng(seed).permutation(len(codes["z_c"]))[:most]
    z_c, z_m = codes["z_c"][chosen], codes["z_m"][chosen]
    action = codes["action"][chosen] if "action" in codes else None
    width = z_m.shape[-1]
    if action is not None:  # beside every frame's z_m, so that both change clips together
        z_m = np.concatenate([z_m, np.repeat(action[:, None], z_m.shape[1], 1)], -1)

    def together(z_c, z_m):
        return decode(Codes(z_c, z_m[..., :width], None if action is None else z_m[:, 0, width:]))

    return collapse.influence(together, z_c, z_m)


def codes_as_dict(codes: Codes) -> Dict[str, np.ndarray]:
    """`Codes` -> {name: array}, without those that are None."""
    return {name: np.asarray(code) for name, code in codes._asdict().items() if code is not None}


def join_rows(rows: Sequence[Any]) -> Any:
    """Nested dictionaries of arrays, joined along the first axis; numbers, the same in all, are kept."""
    if isinstance(rows[0], dict):
        return {name: join_rows([row[name] for row in rows]) for name in rows[0]}
    arrays = [np.asarray(row) for row in rows]
    return np.concatenate(arrays) if arrays[0].ndim else arrays[0]
