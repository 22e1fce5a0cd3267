"""What a model of speech shows and says: spectrograms (PNG) and sound (WAV), for `generate` and `evaluate`.

A model of speech knows segments of 200 ms, in which a vowel lasts as well as the speaker does. A longer clip is taken
apart into segments: its voice is the mean of their z_c; what is said is the z_m of each and how its z_c departs from
that mean (as FHVAE converts voices: Hsu et al., 2017).
"""

import os

import numpy as np

from rwae_tf import figures
from rwae_tf.data.speech import audio, spectra
from rwae_tf.errors import InputError
from rwae_tf.figures import grids

SEGMENTS = 5  # of a clip that is listened to: one second
MATRIX = 16  # clips of Fig. 11
_PAUSE = np.zeros(audio.RATE // 4)
_BATCH = 500


def stretches(clips, length):
    """Numbers of the clips that make up the loudest stretch of each utterance; its beginning is often silent.

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


def joined(clips, rows):
    """The clips numbered in `rows`, int [N, K], one after the other: [N, K T, F]."""
    x = clips.batch(rows.ravel())["x"]
    return x.reshape(len(rows), -1, x.shape[-1])


def converted(model, voice, said):
    """What is said in one batch of clips with the voice of another.

    Args:
      model: a `SequenceModel` of segments of T frames.
      voice: [N, K T, F]; said: [N, K' T, F]. Of another length, a clip is one segment.

    Returns:
      [N, K' T, F].
    """
    def encode(clips):
        length = clips.shape[1] if clips.shape[1] % model.spec.length else model.spec.length
        codes = model.encode(np.reshape(clips, (-1, length, clips.shape[-1])))
        return codes, np.reshape(codes.z_c, (len(clips), -1, model.config.model.content_size))

    moving, own = encode(said)
    z_c = own + (encode(voice)[1].mean(1, keepdims=True) - own.mean(1, keepdims=True))
    return np.reshape(model.decode(moving._replace(z_c=np.reshape(z_c, moving.z_c.shape))), said.shape)


def matrix(model, real):
    """The table [N + 1, N + 1, 1, F, W, 3] of Fig. 11: in each row the voice, in each column what is said of `real`."""
    count = len(real)
    mixed = converted(model, np.repeat(real, count, 0), np.tile(real, (count, 1, 1)))
    paint = figures.painter("speech", real)
    return grids.swap_table(paint(real), paint(real), paint(mixed.reshape(count, *real.shape)))


def reconstruct(model, real):
    """The table [N, 2, 1, F, W, 3] of clips beside their reconstructions, and both to listen to, in turn."""
    pairs = np.stack([real, converted(model, real, real)], 1)
    return figures.painter("speech", real)(pairs), pairs.reshape(-1, *real.shape[1:])


def swap(model, real):
    """`matrix`, and to listen to: each clip, then the same with the voice of the next."""
    pairs = np.stack([real, converted(model, np.roll(real, -1, 0), real)], 1)
    return matrix(model, real), pairs.reshape(-1, *real.shape[1:])


def generate(model, num, length, seed):
    """Spectrograms [N, 1, F, W, 3] of clips from the priors, and the clips."""
    clips = np.asarray(model.generate(num=num, length=length, seed=seed))
    return figures.painter("speech", clips)(clips), clips


def check_path(path):
    """Refuse a `path` that is no PNG, before any work is done for it."""
    if os.path.splitext(path)[1].lower() != ".png":
        raise InputError(f"{path}: speech is written as a .png, with a .wav beside it")


def write(model, pictures, clips, path):
    """Write pictures to `path`, a PNG, and clips [N, T, F], with pauses between, to the WAV beside it.

    Returns:
      Both paths.
    """
    check_path(path)
    figures.write(pictures, path)
    sounds = [part for clip in clips for part in (spectra.to_audio(clip, model.config.data.spectrum), _PAUSE)]
    beside = os.path.splitext(path)[0] + ".wav"
    audio.write_wav(beside, np.concatenate(sounds))
    return path, beside
