"""Types of values that pass between the layers of the package. Imports no TensorFlow."""

from typing import Any, Callable, Mapping, NamedTuple, Optional, Tuple

import numpy as np

Batch = Mapping[str, Any]
"""A batch of a dataset: "x" float32 [B, T, ...] and "labels" {factor: int32 [B]}."""

Judge = Callable[[Any], Mapping[str, np.ndarray]]
"""A classifier of clips: x [B, T, ...] -> {factor: p(y|x) [B, K]}."""


class Codes(NamedTuple):
    """The latent codes of a batch of sequences.

    Attributes:
      z_c: content (static) code [B, Dc].
      z_m: motion (dynamic) code [B, T, Dm].
      action: relaxed one-hot action [B, A], or None for a model without actions.
    """

    z_c: Any
    z_m: Any
    action: Optional[Any] = None


class Posterior(NamedTuple):
    """q of a batch of sequences: codes, and the distributions of TensorFlow Probability that they come from.

    Attributes:
      codes: a sample of them, or their means.
      z_c: q(z_c|x), batch shape [B], event shape [Dc].
      z_m: q(z_m,t | x, z_m,<t) given the `codes` of the frames before, batch shape [B, T], event shape [Dm].
      action: q(a | x, z_m) given `codes.z_m`, batch shape [B], event shape [A]; None for a model without actions.
    """

    codes: Codes
    z_c: Any
    z_m: Any
    action: Any = None


class Prior(NamedTuple):
    """p: distributions of TensorFlow Probability.

    Attributes:
      z_c: p(z_c), batch shape [], event shape [Dc].
      z_m: p(z_m,1:T), batch shape [], event shape [T, Dm]; or p(z_m,t | z_m,<t) given codes, batch shape [B, T],
        event shape [Dm].
      action: p(a), batch shape [], event shape [A]; None for a model without actions.
    """

    z_c: Any
    z_m: Any
    action: Any = None


class SequenceSpec(NamedTuple):
    """What one sequence of a dataset looks like.

    Attributes:
      frame_shape: (H, W, C) of a video frame, (F,) of a speech frame.
      length: frames per sequence, T.
      modality: "video" or "speech".
      factors: factor name -> class names, in label order; static and dynamic factors together.
      static: names of the factors that belong to the content; the others belong to the motion.
      normalization: of speech, the means and standard deviations of the training frames, F numbers each; None for
        none. A model keeps them: it takes and gives decibels, and works on frames of mean 0 and deviation 1.
      sequences: of training clips that are segments of utterances, the number of utterances; else 0.
    """

    frame_shape: Tuple[int, ...]
    length: int
    modality: str = "video"
    factors: Mapping[str, Tuple[str, ...]] = {}
    static: Tuple[str, ...] = ()
    normalization: Optional[Tuple[Tuple[float, ...], Tuple[float, ...]]] = None
    sequences: int = 0


class Update(NamedTuple):
    """One optimizer: which part of a model it moves, on which loss, at which learning rate.

    Attributes:
      part: a key of the model's `parts()`.
      loss: a key of the terms the model's `losses` returns.
      learning_rate: the field of `TrainingConfig` that holds the rate.
    """

    part: str
    loss: str
    learning_rate: str


class Phase(NamedTuple):
    """One box of an algorithm: `repeats` steps, each moving the parts of `updates` at once.

    All updates of a step take their gradients at the same weights, from one forward pass.
    """

    name: str
    repeats: int
    updates: Tuple[Update, ...]
