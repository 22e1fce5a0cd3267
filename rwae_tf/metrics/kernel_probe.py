"""A judge that takes seconds: kernel ridge regressions on coarse views of clips, in closed form.

Training uses it for its checks. It must classify blurry frames and poses between those of the data, too: on decoded
clips a linear regression on pixels finds 25 % of the skins of Sprites, this probe 74 % and a trained judge 85 %. Each
factor uses one view of a clip:

- "figure", for static factors: each frame alone, moved so that its light's centre is in the middle, and the mean of
  the answers; neither order nor place nor pose matters.
- "clip", for the others: all frames, in order and in place.
- "path", for the others: where the centre is, frame by frame, in relation to its mean.
"""

from typing import Dict, Iterable, Optional

import numpy as np

from rwae_tf.metrics.disentanglement import majority
from rwae_tf.types import Batch, SequenceSpec

READS = 0.9  # accuracy on real clips below which a factor is left out
FEWEST = 50  # held-out clips; fewer give no reliable accuracy
BANDWIDTH = 0.3  # squared width of the kernel, in medians of the squared distance of two clips
RIDGE = 1e-2
_SIDE, _WINDOW, _COARSE = 16, 12, 8  # blocks along a frame; of the figure; of a frame of the clip


class KernelRidge:
    """Ridge regression with a Gaussian kernel: targets as a smooth function of features.

    Args:
      features: [N, D].
      targets: [N, K].
    """

    def __init__(self, features, targets):
        features, mean = np.asarray(features, np.float32), targets.mean(0)
        distances = _squared_distances(features, features)
        width = BANDWIDTH * float(np.median(distances)) or 1.0  # all alike: any width serves
        kernel = np.exp(distances / (-2 * width)).astype(np.float64)
        kernel[np.diag_indices(len(kernel))] += RIDGE
        weights = np.linalg.solve(kernel, targets - mean)
        self.state = {"features": features, "width": np.float64(width), "weights": weights, "mean": mean}

    @classmethod
    def restored(cls, state):
        """The regression whose `state`, a dictionary of arrays, this is."""
        regression = cls.__new__(cls)
        regression.state = state
        return regression

    def __call__(self, features):
        """Features [N, D] -> estimates [N, K]."""
        distances = _squared_distances(np.asarray(features, np.float32), self.state["features"])
        return np.exp(distances / (-2 * self.state["width"])) @ self.state["weights"] + self.state["mean"]


class Reader:
    """A classifier of the factors of clips; `fit` makes it.

    Args:
      regressions: {name of a view: `KernelRidge`}.
      factors: {factor: (name of its view, its columns in what the regression estimates)}.
      accuracy: {factor: its accuracy on real clips that it was not fitted to}, where that is known.
    """

    def __init__(self, regressions, factors, accuracy=None):
        self._regressions, self._factors, self.accuracy = regressions, factors, accuracy

    def __call__(self, x):
        """Clips [B, T, H, W, C] -> {factor: [B, K], 1 for the class that it names and 0 for the others}."""
        return {factor: np.eye(estimate.shape[1])[estimate.argmax(1)] for factor, estimate in self.estimates(x).items()}

    def estimates(self, x):
        """Clips [B, T, H, W, C] -> {factor: [B, K]}: the regressions' estimates of the one-hot classes."""
        seen = views(x)
        estimates = {view: _estimates(regression, seen[view]) for view, regression in self._regressions.items()}
        return {factor: estimates[view][:, columns] for factor, (view, columns) in self._factors.items()}

    @property
    def state(self):
        """All that it has learned, as arrays by name; `restored` takes it."""
        state = {f"{view}/{name}": array for view, regression in self._regressions.items()
                 for name, array in regression.state.items()}
        for factor, (view, columns) in self._factors.items():
            state[f"{view}/columns/{factor}"] = np.array([columns.start, columns.stop])
        return state

    @classmethod
    def restored(cls, state, factors):
        """The reader of `factors`, names in their order, whose `state` this is.

        Raises:
          ValueError: for the state of another reader.
        """
        view_of = {name.split("/", 2)[2]: name.split("/")[0] for name in state if "/columns/" in name}
        if set(view_of) != set(factors):
            raise ValueError("a reader of other factors")
        parts = ("features", "width", "weights", "mean")
        try:
            regressions = {view: KernelRidge.restored({part: state[f"{view}/{part}"] for part in parts})
                           for view in sorted(set(view_of.values()))}
        except KeyError as error:
            raise ValueError(f"no {error.args[0]} in it") from None
        bounds = {factor: state[f"{view_of[factor]}/columns/{factor}"] for factor in factors}
        faulty = [view for view, regression in regressions.items() if not _fits(regression.state)]
        faulty += [factor for factor, pair in bounds.items()
                   if not _is_range(pair, len(regressions[view_of[factor]].state["mean"]))]
        if faulty:
            raise ValueError(f"damaged: {faulty[0]}")
        return cls(regressions, {factor: (view_of[factor], slice(*map(int, pair))) for factor, pair in bounds.items()})


def _fits(state):
    """Whether the arrays of a `KernelRidge` are finite numbers whose shapes go together."""
    features, weights, mean = state["features"], state["weights"], state["mean"]
    return (all(array.dtype.kind == "f" and np.isfinite(array).all() for array in state.values())
            and features.ndim == 2 and state["width"].shape == () and state["width"] > 0
            and weights.shape == (len(features), len(mean)) and mean.ndim == 1)


def _is_range(pair, count):
    """Whether an array is the start and the stop of some of `count` columns."""
    return pair.shape == (2,) and pair.dtype.kind in "iu" and 0 <= pair[0] < pair[1] <= count


def views(x: np.ndarray) -> Dict[str, np.ndarray]:
    """Clips as features, for each of their frames or for all together.

    Args:
      x: [B, T, H, W, C], not negative; H = W a multiple of 16.

    Returns:
      {"figure": float32 [B, T, D], "clip": [B, 1, D], "path": [B, 1, 2 T]}.
    """
    x = _pooled(np.asarray(x, np.float32), _SIDE)
    batch, length = x.shape[:2]
    centres = _centres(x)
    path = centres - centres.mean(1, keepdims=True)
    return {"figure": _around(x, centres).reshape(batch, length, -1),
            "clip": _pooled(x, _COARSE).reshape(batch, 1, -1), "path": path.reshape(batch, 1, -1)}


def fit(batches: Iterable[Batch], held_out: Iterable[Batch], spec: SequenceSpec, seed: int = 0,
        least: float = READS) -> Optional[Reader]:
    """Fit a reader to the factors that it classifies well on real clips.

    Args:
      batches: iterable of {"x", "labels": {factor: int class [B]}}, clips to fit to.
      held_out: the same, clips to check on.
      spec: `SequenceSpec` of the clips.
      seed: of the choice of the frame of each clip that "figure" is fitted to.
      least: accuracy on `held_out` below which a factor is left out.

    Returns:
      A `Reader`; None where it classifies no factor well, or there are too few clips to fit or check it.
    """
    (seen, labels), (other, truth) = _collected(batches), _collected(held_out)
    if not seen or not truth or len(next(iter(truth.values()))) < FEWEST:
        return None
    rng = np.random.default_rng(seed)
    accuracy: Dict[str, float] = {}
    regressions, chosen = {}, {}
    for view in ("figure", "clip", "path"):
        factors = [factor for factor in spec.factors if (factor in spec.static) == (view == "figure")]
        if not factors:
            continue
        features = seen.pop(view)
        frames = features[np.arange(len(features)), rng.integers(features.shape[1], size=len(features))]
        targets = [np.eye(len(spec.factors[factor]))[labels[factor]] for factor in factors]
        regressions[view] = KernelRidge(frames, np.concatenate(targets, 1))
        estimates, end = _estimates(regressions[view], other[view]), 0
        for factor, target in zip(factors, targets, strict=True):
            columns = slice(end, end := end + target.shape[1])
            right = float((estimates[:, columns].argmax(1) == truth[factor]).mean())
            # A class that nearly all clips are of is read without a look at them.
            worth = right >= least and (least == 0 or majority(truth[factor]) < least)
            if worth and right > accuracy.get(factor, -1):
                chosen[factor], accuracy[factor] = (view, columns), right
    used = {view: regressions[view] for view, _ in chosen.values()}
    return Reader(used, chosen, accuracy) if chosen else None


def _collected(batches):
    """Views and labels of all clips; two empty dictionaries without clips or labels."""
    rows = [(views(batch["x"]), batch["labels"]) for batch in batches if batch["labels"]]
    return tuple({name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
                 for parts in zip(*rows, strict=True)) or ({}, {})


def _estimates(regression, features):
    """Mean over the frames of what a regression says: [B, T, D] -> [B, K]."""
    flat = regression(features.reshape(-1, features.shape[-1]))
    return flat.reshape(*features.shape[:2], -1).mean(1)


def _pooled(x, side):
    """Clips [B, T, H, W, C] as means of side x side blocks."""
    batch, length, height, width, channels = x.shape
    rows = np.add.reduce(x.reshape(-1, height // side, width * channels), 1)
    blocks = rows.reshape(-1, width // side, channels)
    sums = sum(blocks[:, k] for k in range(width // side))
    return (sums * np.float32(side**2 / (height * width))).reshape(batch, length, side, side, channels)


def _centres(x):
    """The centre of light of frames [B, T, S, S, C], in blocks: [B, T, 2], (row, column)."""
    light, line = x.sum(-1) + 1e-6, np.arange(x.shape[2], dtype=np.float32)
    total = light.sum((2, 3))
    return np.stack([light.sum(3) @ line / total, light.sum(2) @ line / total], -1)


def _around(x, centres):
    """Frames [B, T, S, S, C] cut around their centres, going on at the opposite side: [B, T, 12, 12, C]."""
    batch, length, side = x.shape[:3]
    places = (np.rint(centres).astype(int)[..., None] + np.arange(_WINDOW) - _WINDOW // 2) % side
    b, t = np.arange(batch)[:, None, None, None], np.arange(length)[None, :, None, None]
    return x[b, t, places[:, :, 0, :, None], places[:, :, 1, None, :]]


def _squared_distances(a, b):
    return np.maximum(np.square(a).sum(1)[:, None] + np.square(b).sum(1) - 2 * a @ b.T, 0)
