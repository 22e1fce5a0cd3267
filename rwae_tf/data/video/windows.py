"""Clips cut from decoded videos."""

import numpy as np

from rwae_tf.data.base import NATIVE_SIZE, Clips, clip_uniforms


class Windows(Clips):
    """Clips of `length` frames, `step` frames apart, out of some of the videos of a store.

    A video of F frames gives F // (length * step) clips, at least one: as many as lie in it side by side. Training
    clips begin anywhere, elsewhere in every epoch; the others are spread evenly, the first at the beginning and the
    last at the end of the video, a single one in its middle.

    Args:
      store: a `cache.Store`.
      chosen: numbers of its videos, int [N]; each is `long_enough`.
      labels: factor -> class of every video of the store, int32 [V].
      split: "train", "validation" or "test".
      size, length: of the frames and clips.
      seed: of where training clips begin.
      factors, static: as of `Clips`.
      step: frames of the video to a frame of the clip.

    Attributes:
      identity: digest of the files of the whole store.
    """

    def __init__(self, store, chosen, labels, split, size, length, seed, factors, static, step=1):
        counts = np.maximum(1, store.count[chosen] // (length * step))
        super().__init__(int(counts.sum()), size, length, store.frames.shape[-1], factors, static)
        self.identity = store.identity
        self._frames, self._labels, self._split, self._seed = store.frames, labels, split, seed
        self._video = np.repeat(chosen, counts)
        self._first = store.first[self._video]
        self._times = step * np.arange(length)
        self._room = store.count[self._video] - self._times[-1] - 1  # the last frame that a clip may begin with
        turn = np.arange(len(self)) - np.repeat(np.cumsum(counts) - counts, counts)
        last = np.repeat(counts, counts) - 1
        self._fixed = np.where(last, turn * self._room // np.maximum(1, last), self._room // 2)

    def labels(self, indices):
        return {factor: self._labels[factor][self._video[indices]] for factor in self.spec.factors}

    def frames(self, indices, epoch=0):
        indices = np.asarray(indices)
        begin = self._fixed[indices]
        if self._split == "train":
            draws = clip_uniforms(self._seed, self._split, epoch, indices, 1)[:, 0]
            begin = np.floor(draws * (self._room[indices] + 1)).astype(int)
        shape = (len(indices), self.spec.length, NATIVE_SIZE, NATIVE_SIZE, self.spec.frame_shape[-1])
        frames = np.empty(shape, np.uint8)
        for clip, start in zip(frames, self._first[indices] + begin, strict=True):
            np.take(self._frames, start + self._times, axis=0, out=clip)
        return frames


def long_enough(videos, store, length, step, bad):
    """Which videos are good and hold a clip, bool [V]; tells `bad` of those too short, whatever split they are of.

    Args:
      videos: list of `discovery.Video`, those of the store.
      store, length, step: as of `Windows`.
      bad: a `reports.ErrorPolicy`.
    """
    need = (length - 1) * step + 1
    for video, count in zip(videos, store.count.tolist(), strict=True):
        if 0 < count < need:
            bad.note(f"{video.path}: {count} frame{'s' * (count > 1)}, fewer than the {need} that a clip of "
                     f"--length={length} spans")
    return store.count >= need
