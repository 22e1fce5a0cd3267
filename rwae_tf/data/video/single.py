"""One video that a user names: a film, a GIF, a folder of pictures, a picture, or a clip of an .npz.

Its frames are read, cropped and resized as those of the dataset "folder" are (`video.decoding`).
"""

import itertools
import os

import numpy as np

from rwae_tf.data.base import area_average
from rwae_tf.data.reports import ErrorPolicy
from rwae_tf.data.video import decoding, discovery, npz
from rwae_tf.errors import InputError

MOST_FRAMES = 1000  # encoded at once: 2 GB of features in the largest network
FORMS = f"{' '.join(discovery.FILMS)} .gif {' '.join(discovery.PICTURES)} .npz, or a folder of pictures"


class _NoErrors(ErrorPolicy):
    """Nothing is left out of a video that was asked for by its name."""

    def __init__(self):
        super().__init__(False)

    def note(self, line):
        raise InputError(line)


def find(path):
    """The `discovery.Video` that `path` names; nothing of a film or picture is read yet.

    Args:
      path: of a file or folder. "clips.npz/2" is clip 2 of a file with several, from 0.

    Raises:
      InputError: one line, for a path that is missing, of another kind or of several videos.
    """
    path = path.rstrip("/")
    file = file_of(path)
    if file != path and os.path.isfile(file):
        return _clip(file, int(os.path.basename(path)))
    if os.path.isdir(path):
        videos = discovery.below(path, _NoErrors())
        if len(videos) != 1:
            raise InputError(f"{path}: holds {len(videos)} videos, not one; name one video: {FORMS}")
        return videos[0]
    if not os.path.exists(path):
        raise InputError(f"{path}: no such file or folder; name a video: {FORMS}")
    kind = discovery.kind_of(os.path.basename(path))
    if kind is None:
        raise InputError(f"{path}: its name is not that of a video; known are {FORMS}")
    return _clip(path) if kind == "array" else discovery.Video(path, kind, (path,))


def file_of(path):
    """The file of a path, which may name a clip in it, as clips.npz/2 does."""
    head, number = os.path.split(path)
    return head if number.isdecimal() and head.lower().endswith(".npz") else path


def _clip(path, number=None):
    """Clip `number` of an .npz; None for its only one."""
    count = npz.count(path)
    if number is None and count > 1:
        raise InputError(f"{path}: holds {count} clips; name one, from {path}/0 to {path}/{count - 1}")
    if (number or 0) >= count:
        raise InputError(f"{path}/{number}: {path} holds {count} clips, from {path}/0 to {path}/{count - 1}")
    return discovery.Video(path, "array", (path,), number or 0)


def frames(path, size, channels, step=1, length=None):
    """The frames of the video that `path` names, float32 [T, size, size, channels] in [0, 1].

    Args:
      path: as of `find`.
      size, channels: of a frame.
      step: frames of the video to one frame of the clip.
      length: frames of the clip to read, from the first; None for all there are.

    Raises:
      InputError: one line, for a video that cannot be read, or has more frames than are read at once.
    """
    if (length or 0) > MOST_FRAMES:
        raise InputError(f"--length={length}: of a file, at most {MOST_FRAMES} frames are used at once")
    found, most = decoding.Reader(channels).frames(find(path)), length or MOST_FRAMES
    read = list(itertools.islice(found, 0, step * most + 1, step))
    if len(read) > most and length is None:
        raise InputError(f"{path}: more than {most} frames, the most that are used at once; give --length={most}, or "
                         "less, for the first of them")
    return area_average(np.stack(read[:most]), size)
