"""FID of frames (Heusel et al., 2017): a Frechet distance on pool features of Keras's own InceptionV3."""

import hashlib
import os
from typing import Any, Callable, Dict, Iterable, NamedTuple, Sequence, Tuple

import keras
import numpy as np
import tensorflow as tf

from rwae_tf.errors import InputError
from rwae_tf.metrics import frechet, scores

SIZE = 299  # height and width of what the network sees
FRAMES = 10_000  # of each side, at most: the bias of FID in the number of samples is then below differences of models
PUBLISHED = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
_BATCH = 50  # frames through the network at once
_CLIPS = 100  # drawn at once


class Network(NamedTuple):
    """A network that computes features of pictures.

    Attributes:
      features: function pictures [B, 299, 299, 3] in [-1, 1] -> [B, D].
      name: network and weights, to print beside the number.
    """

    features: Callable
    name: str


def load(path: str, frame_shape: Sequence[int]) -> Network:
    """Keras's InceptionV3 with the weights in a file.

    Args:
      path: of PUBLISHED, or of other weights of the same layers.
      frame_shape: shape of the frames to evaluate.

    Returns:
      A `Network` with D = 2048.

    Raises:
      InputError: for frames that are no pictures of 1 or 3 channels, a file that is missing or of another network.
    """
    if len(frame_shape) != 3 or frame_shape[2] not in (1, 3):
        raise InputError(f"--inception_weights={path}: InceptionV3 sees pictures of 1 or 3 channels, not frames of "
                         f"shape {tuple(frame_shape)}; leave the flag out")
    try:
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:12]
        # As an absolute path: Keras has a meaning of its own for "imagenet", and would download.
        network = keras.applications.InceptionV3(include_top=False, pooling="avg", weights=os.path.abspath(path))
    except (OSError, ValueError, KeyError) as error:
        reason = getattr(error, "strerror", None) or str(error).strip().partition("\n")[0]
        raise InputError(f"--inception_weights={path}: no weights of Keras's InceptionV3 without top ({reason}); "
                         f"download {PUBLISHED}, see keras.io/api/applications/inceptionv3") from None
    return Network(network.predict_on_batch, f"Keras InceptionV3, weights of sha256 {digest}")


def pictures(frames: np.ndarray) -> np.ndarray:
    """Frames as the network sees them: bilinear (half-pixel centres), grey in all three channels.

    Args:
      frames: [N, H, W, C] in [0, 1], C 1 or 3.

    Returns:
      float32 [N, 299, 299, 3] in [-1, 1].
    """
    resized = 2 * tf.image.resize(tf.cast(frames, tf.float32), (SIZE, SIZE)).numpy() - 1
    return np.repeat(resized, 3 // frames.shape[-1], -1)


def choose(clips: int, length: int) -> Tuple[np.ndarray, np.ndarray]:
    """Choose the frames to compare: all, or FRAMES of them, evenly spread over clips and times.

    Args:
      clips: number of clips.
      length: frames of each.

    Returns:
      Clip and time, int [N] each, no frame twice; clips in order.
    """
    count = min(FRAMES, clips * length)
    number = np.arange(count)
    return number * clips // count, number % length


def fid(batches: Callable[[], Iterable[np.ndarray]], clips: int, length: int, generate: Callable[..., Any],
        network: Network, repeats: int = 5, seed: int = 0) -> Dict[str, Any]:
    """FID between frames of real clips and the same frames of as many clips from the priors.

    Args:
      batches: function () -> iterable of real x [B, T, H, W, C] in [0, 1].
      clips, length: how many clips `batches` gives, and T.
      generate: function (num, length, seed) -> x, seed int32 [num].
      network: a `Network`.
      repeats: sets of generated clips.
      seed: of all of them.

    Returns:
      "fid", "fid_std" over the sets, and "fid_note": the numbers that it compares with. Fit for JSON.
    """
    chosen = choose(clips, length)
    real = _features(batches(), chosen, network)
    draws = np.random.default_rng((seed, SIZE))
    distances = []
    for _ in range(repeats):
        seeds = draws.integers(2**31, size=clips, dtype=np.int32)
        parts = (seeds[start:start + _CLIPS] for start in range(0, clips, _CLIPS))
        drawn = (generate(num=len(part), length=length, seed=part) for part in parts)
        distances.append({"fid": frechet.frechet(real, _features(drawn, chosen, network))})
    note = f"{network.name}; {len(real)} frames of each side; not comparable to numbers from other Inception ports"
    return {**scores.over_repeats(distances), "fid_note": note}


def _features(batches, chosen, network):
    """Features [N, D] of the chosen frames (see `choose`) of clips that come in batches."""
    clip, time = chosen
    features, start = [], 0
    for x in batches:
        mine = (clip >= start) & (clip < start + len(x))
        frames = np.asarray(x)[clip[mine] - start, time[mine]]
        features += [network.features(pictures(frames[k:k + _BATCH])) for k in range(0, len(frames), _BATCH)]
        start += len(x)
    return np.concatenate(features)
