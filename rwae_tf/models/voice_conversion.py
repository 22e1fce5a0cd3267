"""Voice conversion: clips of speech of any length, by a model of short segments.

A model of speech knows segments of 200 ms, in which a vowel lasts as well as the speaker does. A longer clip is taken
apart into segments: its voice is the mean of their z_c; what is said is the z_m of each and how its z_c departs from
that mean (as FHVAE converts voices: Hsu et al., 2017).
"""

import numpy as np

from rwae_tf.errors import InputError

_BATCH = 500


def find_loudest_stretches(clips, length):
    """Find the clips that make up the loudest stretch of each utterance, whose beginning is often silent.

    Args:
      clips: a `SpeechClips` of test or validation, whose segments follow one another.
      length: frames of a stretch, a multiple of those of a segment.

    Returns:
      int [U, K], a row for each utterance that is so long.

    Raises:
      InputError: for another length, or where no utterance is so long.
    """
    segments, rest = divmod(length, clips.spec.length)
    if rest:
        raise InputError(f"--length={length}: speech is taken apart into segments; give a multiple of "
                         f"{clips.spec.length} frames")
    counts = np.bincount(clips.utterances)
    if counts.max() < segments:
        raise InputError(f"--length={length}: the longest utterance has {clips.spec.length * counts.max()} frames")
    levels = np.concatenate([batch["x"].mean((1, 2)) for batch in clips.batches(_BATCH)])
    loudness = np.convolve(levels, np.ones(segments), "valid")  # of the stretch that begins at each clip
    rows = []
    for first, count in zip(np.cumsum(counts) - counts, counts, strict=True):
        if count >= segments:
            begin = first + loudness[first : first + count - segments + 1].argmax()
            rows.append(np.arange(begin, begin + segments))
    return np.array(rows)


def join_segments(clips, rows):
    """Join the clips numbered in each of `rows`, int [N, K], one after the other: [N, K T, F]."""
    x = clips.batch(rows.ravel())["x"]
    return x.reshape(len(rows), -1, x.shape[-1])


def convert_voice(model, voice, speech):
    """Say what is said in one batch of clips with the voice of another.

    Args:
      model: a `SequenceModel` of segments of T frames.
      voice: [N, K T, F]; speech: [N, K' T, F]. Of another length, a clip is one segment.

    Returns:
      [N, K' T, F].
    """
    def encode(clips):
        length = clips.shape[1] if clips.shape[1] % model.spec.length else model.spec.length
        codes = model.encode(np.reshape(clips, (-1, length, clips.shape[-1])))
        return codes, np.reshape(codes.z_c, (len(clips), -1, model.config.model.content_size))

    moving, own = encode(speech)
    z_c = own + (encode(voice)[1].mean(1, keepdims=True) - own.mean(1, keepdims=True))
    return np.reshape(model.decode(moving._replace(z_c=np.reshape(z_c, moving.z_c.shape))), speech.shape)
