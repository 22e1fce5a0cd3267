"""Speaker verification: the equal error rate of trials between utterances (Appendix D; Dehak et al., 2010).

A trial is a pair of utterances, accepted where the cosine of their embeddings is above a threshold. At the threshold of
the equal error rate, the rate of rejected pairs of one speaker equals that of accepted pairs of two speakers: 0 for
embeddings that separate all speakers, 0.5 for embeddings without information about them.
"""

from typing import Any, Callable, Dict, Iterable, List

import numpy as np

from rwae_tf.errors import InputError
from rwae_tf.types import Batch, Codes


def measure(batches: Iterable[Batch], encode: Callable[[Any], Codes], utterances: np.ndarray,
            speakers: np.ndarray) -> Dict[str, float]:
    """Equal error rates of both codes over all pairs of utterances, beside that of the spectra themselves.

    Embeddings are, of all segments of an utterance, the mean of z_c (content), the mean of z_m over segments and frames
    (motion), the standard deviations of z_m over the same (motion_deviation) and, as the baseline, the mean of the log
    spectrum over the same frames. None is centred or scaled. With a mean-centred input of the
    motion encoder, the mean of z_m is nearly zero by construction; its standard deviations may still separate speakers.

    Args:
      batches: iterable of {"x": [B, T, F], ...} over all segments, in order.
      encode: function x -> `Codes` of posterior means.
      utterances: number of the utterance of each segment, int [N], 0 ... U - 1.
      speakers: of each segment, int [N].

    Returns:
      {"content", "motion", "motion_deviation", "mean_log_spectrum": equal error rates in [0, 1]; "utterances",
      "speakers", "trials", "same_speaker": numbers of utterances, of speakers, of pairs, and of those by one speaker}.

    Raises:
      InputError: where there is no pair by one speaker, or none by two.
    """
    rows: Dict[str, List[np.ndarray]] = {"content": [], "motion": [], "motion_square": [], "mean_log_spectrum": []}
    for batch in batches:
        codes = encode(batch["x"])
        rows["content"].append(np.asarray(codes.z_c))
        z_m = np.asarray(codes.z_m, np.float64)
        rows["motion"].append(z_m.mean(1))
        rows["motion_square"].append(np.square(z_m).mean(1))
        rows["mean_log_spectrum"].append(np.asarray(batch["x"]).mean(1))
    speaker_of = np.zeros(utterances.max() + 1, int)
    speaker_of[utterances] = speakers
    same = pairs(speaker_of[:, None] == speaker_of)
    embeddings = {name: means(np.concatenate(row), utterances) for name, row in rows.items()}
    variance = embeddings.pop("motion_square") - np.square(embeddings["motion"])
    embeddings["motion_deviation"] = np.sqrt(np.maximum(variance, 0))
    rates = {name: equal_error_rate(pairs(cosines(rows)), same) for name, rows in embeddings.items()}
    return {**rates, "utterances": len(speaker_of), "speakers": len(set(speaker_of.tolist())), "trials": len(same),
            "same_speaker": int(same.sum())}


def means(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The mean of `values` [N, D] in each of `groups`, int [N] of 0 ... U - 1: float64 [U, D]."""
    sums = np.zeros((groups.max() + 1, values.shape[1]))
    np.add.at(sums, groups, values.astype(np.float64))
    return sums / np.bincount(groups)[:, None]


def cosines(embeddings: np.ndarray) -> np.ndarray:
    """Cosines between all of the embeddings [U, D]: [U, U]; 0 with one that is zero."""
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    directions = embeddings / np.where(lengths > 0, lengths, 1)
    return directions @ directions.T


def pairs(square: np.ndarray) -> np.ndarray:
    """The entries above the diagonal of [U, U]: each pair once, [U (U - 1) / 2]."""
    return square[np.triu_indices(len(square), 1)]


def equal_error_rate(scores: np.ndarray, same: np.ndarray) -> float:
    """Where the curve of false acceptance against false rejection crosses its diagonal.

    Both change in steps, at the scores; the curve goes straight from step to step, as that of `roc_curve` is read.

    Args:
      scores: [M], greater for what is more likely the same.
      same: whether it is the same, bool [M].

    Returns:
      The rate in [0, 1].

    Raises:
      InputError: where all pairs are the same, or none.
    """
    same = np.asarray(same, bool)
    if same.all() or not same.any():
        raise InputError(f"an equal error rate needs pairs by one speaker and pairs by two, not {int(same.sum())} of "
                         f"{len(same)} by one; take more speakers, or more utterances of each (--utterance_seconds)")
    order = np.argsort(-scores, kind="stable")
    scores, same = scores[order], same[order]
    last = np.flatnonzero(np.append(np.diff(scores) != 0, True))  # equal scores are accepted together
    accepted = np.arange(1, len(scores) + 1)[last]
    hits = np.cumsum(same)[last]
    false_accepts = np.append(0, accepted - hits) / (len(same) - same.sum())
    false_rejects = 1 - np.append(0, hits) / same.sum()
    after = np.flatnonzero(false_accepts >= false_rejects)[0]  # never the first point, (0, 1)
    gap = false_rejects - false_accepts
    share = gap[after - 1] / (gap[after - 1] - gap[after])
    return float(false_accepts[after - 1] + share * (false_accepts[after] - false_accepts[after - 1]))
