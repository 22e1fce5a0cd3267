"""Videos kept decoded: one memory-mapped array of uint8 frames for all videos of a folder.

It lies in RWAE_CACHE, or else in rwae_tf of the user's cache folder (XDG_CACHE_HOME, ~/.cache), under a name made of
what the files are: their names, sizes, times of change, inodes, whether they may be read, and bytes of their
beginning, their end and between. A folder that changes is decoded anew, and so is a copy of one; what is there may be
deleted at any time. It is written whole or not at all.
"""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from typing import Any, NamedTuple, Optional

import numpy as np

from rwae_tf.data.base import NATIVE_SIZE
from rwae_tf.data.video.decoding import Reader
from rwae_tf.errors import InputError
from rwae_tf.utils import cache_dir, files, json_file, progress

_VERSION = 2  # of what the frames of a video are; another one decodes anew
# Bytes of a file that are read to tell it from others, and in how many blocks. Checksums stand at the end of PNG and
# ZIP (.npz), lists of frames and their sizes at the end or beginning of films.
_SAMPLED, _BLOCKS = 1 << 16, 16


class Store(NamedTuple):
    """Decoded videos.

    Attributes:
      frames: uint8 [F, 64, 64, C], of all videos one after another, mapped into memory.
      first, count: int [V], where the frames of each video begin and how many there are; none of a bad one.
      made: what was decoded just now, in words; None for what lay there.
      identity: digest of the names and contents of the files, the same wherever they lie and whenever they were copied.
    """

    frames: Any
    first: Any
    count: Any
    made: Optional[str]
    identity: str = ""


def load(videos, channels, bad, sample_range=None):
    """The decoded frames of `videos`, decoded now unless they were before.

    Args:
      videos: list of `discovery.Video`.
      channels: 3 for colour, 1 for grey.
      bad: a `reports.ErrorPolicy`, told of the videos that cannot be read.
      sample_range: as of `levels.parse`.

    Returns:
      A `Store`.

    Raises:
      InputError: for a folder that cannot be written, and, unless they are skipped, for bad videos.
    """
    key, identity = _digests(videos, channels, sample_range)
    path = cache_dir.path(key)
    kept, made = _read(path, bad), None
    if kept is None:
        begin = time.monotonic()
        try:
            frames = _write(path, videos, Reader(channels, sample_range), bad)
        except OSError as error:
            raise InputError(f"{path}: decoded frames cannot be kept there ({error.strerror or error}); make room, or "
                             "name another folder by the environment variable RWAE_CACHE") from None
        kept = _read(path, bad=None)
        if kept is None:
            raise InputError(f"{path}: decoded frames cannot be read back; name another folder by RWAE_CACHE")
        made = f"{len(videos)} videos, {frames} frames, decoded in {time.monotonic() - begin:.1f} s to {path}"
    return Store(*kept, made, identity)


def _digests(videos, channels, sample_range):
    """Two names: one that other files, or the same ones changed, would not have, and one of the contents alone."""
    known = {}
    key, identity = (hashlib.sha256(f"{_VERSION} {NATIVE_SIZE} {channels} {sample_range}".encode()) for _ in range(2))
    for video in videos:
        for path in video.files:
            if path not in known:
                known[path] = _describe(path)
        row = [video.name, video.kind, video.number]
        key.update(json.dumps([*row, [known[path] for path in video.files]]).encode())
        # Without the name of the file, which in the folder of a bucket's copy or a link may be another one.
        identity.update(json.dumps([*row, [known[path][1:3] for path in video.files]]).encode())
    return key.hexdigest()[:32], identity.hexdigest()[:32]


def _describe(path):
    """What tells a file from others: name, size, digest of sampled bytes, times, inode and whether it may be read."""
    row = [os.path.basename(path)]
    with contextlib.suppress(OSError):  # a link to nothing, a file that may not be read
        about = os.stat(path)
        stamps = [about.st_mtime_ns, about.st_ctime_ns, about.st_ino, about.st_dev, os.access(path, os.R_OK)]
        row = [row[0], about.st_size, None, *stamps]
        row[2] = _sampled(path, about.st_size)
    return row


def _sampled(path, size):
    """Digest of a file's bytes, or of blocks of them from its beginning to its end."""
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        if size <= _SAMPLED:
            digest.update(file.read())
        else:
            block = _SAMPLED // _BLOCKS
            for k in range(_BLOCKS):
                file.seek(k * (size - block) // (_BLOCKS - 1))
                digest.update(file.read(block))
    return digest.hexdigest()[:32]


def _read(path, bad):
    """Frames, first and count out of a finished folder, None where there is none; tells `bad` of what is bad."""
    try:
        videos = json_file.read(os.path.join(path, "videos.json"), "a list of videos")["videos"]
        frames = np.load(os.path.join(path, "frames.npy"), mmap_mode="r")
    except (InputError, OSError, ValueError, EOFError):
        return None
    for row in videos:
        if bad and row["bad"]:
            bad.note(row["bad"])
    count = np.array([row["frames"] for row in videos])
    return frames, np.cumsum(count) - count, count


def _write(path, videos, reader, bad):
    """Decode all videos into the new folder `path`, whole or not at all; returns the number of frames."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    files.remove_stale(os.path.dirname(path), "*.part")
    part = tempfile.mkdtemp(suffix=".part", prefix=os.path.basename(path) + ".", dir=os.path.dirname(path))
    try:
        with open(os.path.join(part, "frames.npy"), "wb") as file:
            rows = _decode(file, videos, reader, bad)
        json_file.write({"videos": rows}, os.path.join(part, "videos.json"))
        if os.path.isdir(path):  # damaged, or another process was faster
            shutil.rmtree(path)
        os.rename(part, path)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return sum(row["frames"] for row in rows)


def _decode(file, videos, reader, bad):
    """Write the frames of all videos to `file` as an .npy; returns {"frames": number, "bad": why or None} of each."""
    def header(count):
        shape = (count, NATIVE_SIZE, NATIVE_SIZE, reader.channels)
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})

    header(0)  # NumPy leaves room in it for any number
    start, rows = file.tell(), []
    line = progress.Progress(len(videos))
    for done, video in enumerate(videos, 1):
        begin, frames, wrong = file.tell(), 0, None
        try:
            for frame in reader.frames(video):
                file.write(frame.tobytes())
                frames += 1
        except InputError as error:
            bad.note(str(error))
            file.seek(begin)
            file.truncate()
            frames, wrong = 0, str(error)
        rows.append({"name": video.name, "frames": frames, "bad": wrong})
        line.show(done, lambda: "decoding videos")
    line.close()
    for said in reader.notes:
        progress.say_once(said)
    file.seek(0)
    header(sum(row["frames"] for row in rows))
    if file.tell() != start:
        raise AssertionError("the header of an .npy has grown")
    return rows
