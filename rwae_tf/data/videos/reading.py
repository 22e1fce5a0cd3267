"""Frames of one video, one after another, as squares of 64x64 pixels.

From every frame the largest centred square is cut and resized by Pillow's Hamming filter: as sharp as a bicubic one,
without its ringing; a square of 64x64 stays as it is. What is transparent shows black.

A film gives every frame it stores, once. A GIF gives a frame that it shows k times as long as its shortest k times,
because writers of GIFs join frames that look alike.
"""

import contextlib
import os
import subprocess
import tempfile
import warnings

import numpy as np
from PIL import Image, ImageOps

from rwae_tf import ffmpeg
from rwae_tf.data.clips import NATIVE_SIZE
from rwae_tf.data.videos import arrays
from rwae_tf.errors import InputError

MAX_PIXELS = 2**25  # of a frame; 8K films have fewer
_GIF = (b"GIF87a", b"GIF89a")
_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide")  # first of an mp4 or mov
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError,
           Image.DecompressionBombError, Image.DecompressionBombWarning)


class Reader:
    """Reads videos one by one.

    Args:
      channels: 3 for colour, 1 for grey (ITU-R 601 luma).
    """

    def __init__(self, channels):
        self._channels = channels
        self._array = None, None  # path and clips of the array file that was read last

    def frames(self, video):
        """The frames of a `finding.Video`, uint8 [64, 64, channels] each; InputError, one line, where it is bad."""
        kinds = {"film": self._film, "gif": self._gif, "frames": self._frames, "array": self._clip,
                 "stack": self._stack}
        yield from kinds[video.kind](video)

    def _frames(self, video):
        size = None
        for path in video.files:
            picture = _open(path)
            if picture.size != (size := size or picture.size):
                raise InputError(f"{path}: {_times(picture.size)} pixels, but the frames before it have "
                                 f"{_times(size)}; a video has frames of one size")
            yield self._fit(picture)

    def _stack(self, video):
        picture = _open(video.path)
        width, height = picture.size
        if height % width:
            raise InputError(f"{video.path}: {_times(picture.size)} pixels are no square frames, top to bottom")
        for top in range(0, height, width):
            yield self._fit(picture.crop((0, top, width, top + width)))

    def _gif(self, video):
        frames, shown = [], []
        head, tail = _ends(video.path)
        if not head.startswith(_GIF):
            raise InputError(f"{video.path}: not a GIF, whatever its name says")
        if not tail.rstrip(b"\0").endswith(b";"):
            raise InputError(f"{video.path}: a GIF cut short")
        with _readable(video.path, "GIF"), Image.open(video.path, formats=("GIF",)) as picture:
            for number in range(picture.n_frames):
                picture.seek(number)
                _check_size(video.path, picture.size)  # a later frame may be larger
                frames.append(self._fit(picture))
                shown.append(picture.info.get("duration", 0))
        shortest = min((time for time in shown if time > 0), default=1)
        for frame, time in zip(frames, shown, strict=True):
            for _ in range(max(1, round(time / shortest))):
                yield frame

    def _clip(self, video):
        if self._array[0] != video.path:
            self._array = video.path, None  # never two of them in memory; None stays of a broken one
            self._array = video.path, arrays.clips(video.path)
        if self._array[1] is None:
            raise InputError(f"{video.path}: not a readable npz")
        for frame in self._array[1][video.number]:
            yield self._fit(Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame))

    def _film(self, video):
        head, _ = _ends(video.path)
        if not (head[4:8] in _BOXES or head[:4] == b"\x1aE\xdf\xa3" or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")):
            raise InputError(f"{video.path}: not a film (mp4, mov, webm, mkv, avi), whatever its name says")
        count = 0
        for picture in _decode(video.path):
            count += 1
            yield self._fit(picture)
        if not count:
            raise InputError(f"{video.path}: a film without a frame")

    def _fit(self, picture):
        """A Pillow picture as uint8 [64, 64, channels]."""
        if picture.mode.startswith("I"):  # 16 bits, which Pillow would clip to 8
            picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
        if "A" in picture.getbands() or "transparency" in picture.info:
            picture = picture.convert("RGBA")
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, (0, 0, 0, 255)), picture)
        picture = picture.convert("RGB" if self._channels == 3 else "L")
        side, (left, top) = min(picture.size), (max(0, a - b) // 2 for a, b in (picture.size, picture.size[::-1]))
        square = picture.crop((left, top, left + side, top + side))  # first, so that no pixel beside it counts
        picture = square.resize((NATIVE_SIZE, NATIVE_SIZE), Image.Resampling.HAMMING)
        return np.asarray(picture).reshape(NATIVE_SIZE, NATIVE_SIZE, self._channels)


def _open(path):
    """A PNG or JPEG, upright and in memory; its size is checked before that."""
    _ends(path)
    with _readable(path, "PNG or JPEG"), Image.open(path, formats=("PNG", "JPEG")) as picture:
        _check_size(path, picture.size)
        picture.load()
        return ImageOps.exif_transpose(picture)


@contextlib.contextmanager
def _readable(path, kind):
    """What Pillow says of a broken file as an InputError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except InputError:
        raise
    except _BROKEN as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: not a readable {kind} ({reason})") from None


def _decode(path):
    """The frames of a film as Pillow pictures, by the ffmpeg that imageio-ffmpeg brings."""
    command = [ffmpeg.program(path), "-nostdin", "-v", "error", "-xerror", "-max_pixels", str(MAX_PIXELS),
               *ffmpeg.source(path), "-map", "0:v:0", "-fps_mode", "passthrough",
               "-pix_fmt", "rgb24", "-c:v", "ppm", "-f", "image2pipe", "-"]
    with tempfile.TemporaryFile() as log, subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log) as process:
        try:
            while process.stdout.readline() == b"P6\n":
                size = tuple(map(int, process.stdout.readline().split()))
                process.stdout.readline()  # the largest value, 255
                _check_size(path, size)
                pixels = process.stdout.read(3 * size[0] * size[1])
                if len(pixels) == 3 * size[0] * size[1]:
                    yield Image.frombytes("RGB", size, pixels)
            status = process.wait()
        finally:
            process.kill()  # where the reader has had enough, or it was too large
        log.seek(0)
        said = log.read().decode("utf-8", "replace")
    if status or "ended prematurely" in said:
        raise InputError(f"{path}: not a film that can be read to its end ({ffmpeg.complaint(said, status)})")


def _ends(path):
    """The first and last 16 bytes of a file that is not empty and may be read."""
    try:
        with open(path, "rb") as file:
            head = file.read(16)
            file.seek(max(0, os.fstat(file.fileno()).st_size - 16))
            tail = file.read()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if not head:
        raise InputError(f"{path}: an empty file")
    return head, tail


def _check_size(path, size):
    if size[0] * size[1] > MAX_PIXELS:
        raise InputError(f"{path}: declares frames of {_times(size)} pixels, more than {MAX_PIXELS}; make it smaller")


def _times(size):
    return f"{size[0]}x{size[1]}"
