"""Frames of one video, one after another, as squares of 64x64 pixels.

From every frame the largest centred square is cut and resized by Pillow's Hamming filter: as sharp as a bicubic one,
without its ringing; a square of 64x64 stays as it is. What is transparent shows black.

A film gives every frame it stores, once. A GIF, or another animation, gives a frame that it shows k times as long as
its shortest k times, because writers of GIFs join frames that look alike; at most 25 times, so that a pause is not most
of a video. A delay of 10 ms or less is 100 ms, as in browsers. Pictures of 16 bits become 8 bits as `video.levels`
says.
"""

import contextlib
import os
import warnings

import numpy as np
from PIL import Image, ImageOps

from rwae_tf.data.base import NATIVE_SIZE
from rwae_tf.data.video import films, headers, npz
from rwae_tf.data.video.levels import Levels
from rwae_tf.errors import InputError

MAX_PIXELS = 2**25  # of a frame; 8K films have fewer
_GIF = (b"GIF87a", b"GIF89a")
_STILL = ("PNG", "JPEG", "BMP", "DIB", "TIFF", "WEBP", "PPM", "TGA", "PCX")  # JPEG: those of two cameras, MPO, too
_ANIMATED = ("PNG", "WEBP", "TIFF")
_MOST_REPEATS = 25  # of a frame that is shown for long
_BROWSERS_MS = 10, 100  # delays up to the first are shown as the second
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError,
           Image.DecompressionBombError, Image.DecompressionBombWarning)


class Reader:
    """Reads videos one by one.

    Args:
      channels: 3 for colour, 1 for grey (ITU-R 601 luma).
      sample_range: as of `levels.parse`.

    Attributes:
      channels: as given.
      notes: lines about what was read otherwise than it is stored.
    """

    def __init__(self, channels, sample_range=None):
        self.channels, self.notes = channels, []
        self._range, self._levels = sample_range, None
        self._array = None, None  # path and clips of the array file that was read last

    def frames(self, video):
        """The frames of a `discovery.Video`, uint8 [64, 64, channels] each; InputError, one line, where it is bad."""
        kinds = {"film": self._film, "gif": self._gif, "animation": self._animation, "frames": self._frames,
                 "array": self._clip, "stack": self._stack}
        self._levels = Levels(video.path, self._range)
        yield from kinds[video.kind](video)
        self._levels.check()

    def _frames(self, video):
        size = None
        for path in video.files:
            picture = self._open(path)
            if picture.size != (size := size or picture.size):
                raise InputError(f"{path}: {_times(picture.size)} pixels, but the frames before it have "
                                 f"{_times(size)}; a video has frames of one size")
            yield self._fit(picture)

    def _stack(self, video):
        picture = self._open(video.path)
        width, height = picture.size
        if height % width:
            raise InputError(f"{video.path}: {_times(picture.size)} pixels are no square frames, top to bottom")
        for top in range(0, height, width):
            yield self._fit(picture.crop((0, top, width, top + width)))

    def _gif(self, video):
        head = _head(video.path)
        if not head.startswith(_GIF):
            raise InputError(f"{video.path}: not a GIF, whatever its name says")
        with open(video.path, "rb") as file:
            if not headers.gif_ends(file.read()):
                raise InputError(f"{video.path}: a GIF cut short, or damaged")
        yield from self._repeated(video.path, "GIF", ("GIF",))

    def _animation(self, video):
        _head(video.path)
        yield from self._repeated(video.path, "animation", _ANIMATED)

    def _repeated(self, path, kind, formats):
        """The frames of an animation, each as often as it is shown."""
        frames, shown, size = [], [], None
        with _readable(path, kind), Image.open(path, formats=formats) as picture:
            first = int(bool(picture.info.get("default_image")))  # of a PNG: for programs that show no animation
            for number in range(first, picture.n_frames):
                picture.seek(number)
                _check_size(path, picture.size)  # a later frame may be larger
                if kind != "GIF" and picture.size != (size := size or picture.size):
                    raise InputError(f"{path}: frames of {_times(size)} and {_times(picture.size)} pixels; a video has "
                                     "frames of one size")
                frames.append(self._fit(ImageOps.exif_transpose(picture) if picture.format == "TIFF" else picture))
                shown.append(picture.info.get("duration", 0) if picture.format != "TIFF" else 0)
        shown = [time if time > _BROWSERS_MS[0] else _BROWSERS_MS[1] for time in shown]
        counts = [max(1, round(time / min(shown))) for time in shown]
        if max(counts, default=0) > _MOST_REPEATS:
            place = counts.index(max(counts))
            self.notes.append(f"{path}: frame {place} is shown for {shown[place] / 1000:g} s, {counts[place]} times as "
                              f"long as the shortest; it is taken {_MOST_REPEATS} times")
        for frame, count in zip(frames, counts, strict=True):
            for _ in range(min(count, _MOST_REPEATS)):
                yield frame

    def _clip(self, video):
        if self._array[0] != video.path:
            self._array = video.path, None  # never two of them in memory; None stays of a broken one
            self._array = video.path, npz.clips(video.path)
        if self._array[1] is None:
            raise InputError(f"{video.path}: not a readable array file")
        for frame in self._array[1][video.number]:
            yield self._fit(Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame))

    def _film(self, video):
        _head(video.path)
        count = 0
        for frame in films.frames(video.path, MAX_PIXELS):
            count += 1
            frame = self._levels.convert(frame) if frame.dtype == np.uint16 else frame
            yield self._fit(Image.fromarray(frame))
        if not count:
            raise InputError(f"{video.path}: a film without a frame")

    def _open(self, path):
        """A still picture, upright and in memory; its size is checked before that."""
        _head(path)
        usual = os.path.splitext(path)[1].lower() in (".png", ".jpg", ".jpeg")
        with _readable(path, "PNG or JPEG" if usual else "picture"), Image.open(path, formats=_STILL) as picture:
            _check_size(path, picture.size)
            _check_pixels(path, picture)
            if getattr(picture, "n_frames", 1) > 1 and picture.format != "MPO":
                raise InputError(f"{path}: {picture.n_frames} frames in one file among still pictures; keep such files "
                                 "in a folder of their own, where each is a video")
            if _is_deep(path, picture):
                turned = picture.getexif().get(0x0112, 1)
                picture = Image.fromarray(self._deep(path))
                picture.getexif()[0x0112] = turned
            picture.load()
            return ImageOps.exif_transpose(picture)

    def _deep(self, path):
        """A picture with more than 8 bits to a channel, beyond Pillow, as uint8 [H, W, 4]."""
        pixels = films.picture(path)
        alpha = (pixels[..., 3:] >> 8).astype(np.uint8)
        return np.concatenate([self._levels.convert(pixels[..., :3]), alpha], -1)

    def _fit(self, picture):
        """A Pillow picture as uint8 [64, 64, channels]."""
        if picture.mode.startswith("I") or picture.mode == "F":
            picture = Image.fromarray(self._levels.convert(np.asarray(picture)))
        if "A" in picture.getbands() or "transparency" in picture.info:
            picture = picture.convert("RGBA")
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, (0, 0, 0, 255)), picture)
        picture = picture.convert("RGB" if self.channels == 3 else "L")
        side, (left, top) = min(picture.size), (max(0, a - b) // 2 for a, b in (picture.size, picture.size[::-1]))
        square = picture.crop((left, top, left + side, top + side))  # first, so that no pixel beside it counts
        picture = square.resize((NATIVE_SIZE, NATIVE_SIZE), Image.Resampling.HAMMING)
        return np.asarray(picture).reshape(NATIVE_SIZE, NATIVE_SIZE, self.channels)


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


def _head(path):
    """The first 16 bytes of a file that is not empty and may be read."""
    try:
        with open(path, "rb") as file:
            head = file.read(16)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if not head:
        raise InputError(f"{path}: an empty file")
    return head


def _check_pixels(path, picture):
    """Refuse an open picture in HDR, or with pixels that are not square."""
    curve = headers.hdr(path) if picture.format == "PNG" else None
    if curve:
        raise InputError(f"{path}: a picture in HDR ({curve}); write the frames in BT.709 or sRGB")
    aspect = picture.info.get("aspect")
    if picture.format == "JPEG" and picture.info.get("jfif_unit") == 0:
        aspect = picture.info.get("jfif_density")
    if aspect and min(aspect) > 0 and aspect[0] != aspect[1]:  # programs differ in which of the two is the width
        raise InputError(f"{path}: declares pixels that are not square, {aspect[0]}:{aspect[1]}; write square ones, as "
                         "by ffmpeg's -vf scale=iw*sar:ih,setsar=1")


def _is_deep(path, picture):
    """Whether an open picture has more than 8 bits to a channel and Pillow would give 8."""
    if picture.format == "TIFF":
        return picture.mode != "I;16" and set(picture.tag_v2.get(258, ())) == {16}
    return picture.format in ("PNG", "PPM") and headers.deep(path)


def _check_size(path, size):
    if size[0] * size[1] > MAX_PIXELS:
        raise InputError(f"{path}: declares frames of {_times(size)} pixels, more than {MAX_PIXELS}; make it smaller")


def _times(size):
    return f"{size[0]}x{size[1]}"
