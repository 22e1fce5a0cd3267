"""Films as frames, by the ffmpeg that imageio-ffmpeg brings along.

The one stream of pictures that is no cover is read, every stored frame once, upright, its pixels made square by the
sample aspect ratio of the file. Transparency and 16 bits are kept for the caller. HDR (PQ or HLG, and SDR in the
colours of BT.2020) becomes BT.709: the reference white of BT.2408, 203 cd/m2 or 75 % of HLG, is 255, brighter parts
are cut off. Theora alone, which stores no frame that repeats the one before, is read at its constant rate.
"""

import contextlib
import re
import subprocess
import tempfile
from typing import NamedTuple, Optional

import numpy as np

from rwae_tf.compat import ffmpeg
from rwae_tf.errors import InputError

# Of ffmpeg's names of containers: no pictures, playlists or texts, which would fetch or draw something else.
_CONTAINERS = ("mov,matroska,webm,avi,mpeg,mpegts,mpegvideo,asf,flv,live_flv,ogg,dv,mxf,mjpeg,yuv4mpegpipe,nut,rm,wtv,"
               "gxf,ivf,obu,swf,bink,smk,h264,hevc,m4v,amv")
_STREAM = re.compile(r"Stream #\d+:(?P<number>\d+)\S*: Video: (?P<codec>\w+)(?P<rest>.*)")
_PIXELS = re.compile(r", (?P<pixels>[a-z]+[a-z0-9]*)(?:\((?P<colours>[^)]*)\))?, \d+x\d+")
_ALPHA = re.compile("yuva|rgba|argb|bgra|abgr|gbrap|ya8|ya16|gbrapf|rgbaf")
_DEEP = re.compile("(gray|ya)16|rgba?(48|64)|bgra?(48|64)|argb64|abgr64|gbra?p16|(gray|gbra?p|rgba?)f")
_WIDEST = 8  # times the other side of a pixel
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}  # ffmpeg's own leave transparency out
_TO_709 = np.array([[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349],
                    [-0.018151, -0.100579, 1.118730]])


class Stream(NamedTuple):
    """The stream of pictures of a film.

    Attributes:
      codec, pixels: ffmpeg's names of the codec and of the form of the pixels.
      aspect: width of a pixel to its height.
      alpha, deep: whether it has transparency; 16 bits or more to a channel.
      curve: "pq", "hlg", "sdr" for BT.2020 without HDR; None where nothing is to be done.
    """

    codec: str
    pixels: str
    aspect: float
    alpha: bool
    deep: bool
    curve: Optional[str]


def frames(path, max_pixels):
    """The frames of a film: uint8, or uint16 where it has as many bits, [H, W, 3] or with alpha [H, W, 4] each.

    Raises:
      InputError: one line, for a file that is no whole film, or whose frames have more than `max_pixels`.
    """
    stream = probe(path)
    decoder = ["-c:v", _ALPHA_DECODERS[stream.codec]] if stream.alpha and stream.codec in _ALPHA_DECODERS else []
    if stream.codec == "theora":  # several threads lose repeated frames of it, one time in four, without a word
        decoder = ["-threads", "1"]
    square = []
    if stream.aspect != 1:
        square = ["-vf", "scale='if(gte(sar,1),round(iw*sar),iw)':'if(gte(sar,1),ih,round(ih/sar))',setsar=1"]
    forms = ("rgb48be", "rgba64be") if stream.deep or stream.curve else ("rgb24", "rgba")
    command = [ffmpeg.program(path), "-nostdin", "-v", "error", "-xerror", "-max_pixels", str(max_pixels),
               "-format_whitelist", _CONTAINERS, *decoder, *ffmpeg.source(path), "-map", "0:V:0",
               "-fps_mode", "cfr" if stream.codec == "theora" else "passthrough", *square,
               "-pix_fmt", forms[stream.alpha], "-c:v", "pam", "-f", "image2pipe", "-"]
    opaque = not stream.alpha
    for frame in _run(path, command, max_pixels):
        opaque = opaque or frame[..., 3].any()
        yield _to_sdr(frame, stream.curve) if stream.curve else frame
    if not opaque:
        raise InputError(f"{path}: every pixel of every frame is transparent; write it without alpha, as by ffmpeg's "
                         "-pix_fmt yuv420p")


def probe(path):
    """The `Stream` of a film; InputError, one line, where it is none, or has several."""
    command = [ffmpeg.program(path), "-nostdin", "-hide_banner", "-format_whitelist", _CONTAINERS, *ffmpeg.source(path)]
    text = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).stderr
    text = text.decode("utf-8", "replace")
    if "Input #0" not in text:
        lines = [line.rpartition("] ")[2] for line in text.splitlines() if line.startswith("[")]
        line = next((line for line in lines if "moov" in line), None)
        if line:
            raise InputError(f"{path}: not a film that can be read to its end ({line})")
        raise InputError(f"{path}: not a film (mp4, mov, webm, mkv, avi, mpg, ts, wmv, flv, ...), whatever its name "
                         "says")
    streams = [found for found in _STREAM.finditer(text)
               if not re.search(r"\((attached pic|timed thumbnails)\)", found[0])]
    if not streams:
        raise InputError(f"{path}: a film without a frame: it has no stream of pictures")
    if len(streams) > 1:
        codecs = ", ".join(found["codec"] for found in streams)
        raise InputError(f"{path}: {len(streams)} streams of pictures ({codecs}), as of several cameras; write the one "
                         "that is meant to a file of its own: "
                         f"ffmpeg -i FILE -map 0:{streams[0]['number']} -c copy OUT")
    return _described(path, streams[0], text)


def _described(path, found, text):
    """A `Stream` out of a line of ffmpeg's."""
    pixels = _PIXELS.search(found["rest"])
    form, colours = (pixels["pixels"], pixels["colours"] or "") if pixels else ("", "")
    aspects = re.findall(r"SAR (\d+):(\d+)", found["rest"])
    wide, high = map(int, aspects[-1]) if aspects else (1, 1)
    aspect = wide / high if wide and high else 1.0
    if not 1 / _WIDEST <= aspect <= _WIDEST:
        raise InputError(f"{path}: declares pixels {wide}:{high} as wide as high; mend it, as by ffmpeg's -aspect")
    if re.search(r"DOVI configuration record:.*profile: 5", text):
        raise InputError(f"{path}: Dolby Vision of profile 5, whose colours only its players know; convert it to SDR")
    alpha = bool(_ALPHA.match(form)) or bool(re.search(r"alpha_mode\s*: 1", text, re.IGNORECASE))
    if found["codec"] == "rawvideo" and "Input #0, avi" in text:
        alpha = False  # the fourth byte of its pixels is there to fill up
    names = re.split("[/, ]+", colours)
    curve = "pq" if "smpte2084" in names else "hlg" if "arib-std-b67" in names else None
    triple = next((part for part in colours.split(", ") if part.count("/") == 2), "")
    if curve is None and triple.split("/")[1:2] == ["bt2020"]:
        curve = "sdr"
    return Stream(found["codec"], form, aspect, alpha, bool(_DEEP.match(form)) and not curve, curve)


def picture(path):
    """A picture of 16 bits to a channel as uint16 RGBA [H, W, 4], as it is stored."""
    data = ["-noautorotate", *ffmpeg.source(path), "-frames:v", "1", "-pix_fmt", "rgba64be", "-c:v", "pam", "-f",
            "image2pipe"]
    try:
        content = ffmpeg.convert(path, data)
    except ValueError as error:
        raise InputError(f"{path}: not a readable picture ({error})") from None
    head, _, pixels = content.partition(b"ENDHDR\n")
    width, height = (int(re.search(name + rb" (\d+)", head)[1]) for name in (b"WIDTH", b"HEIGHT"))
    return np.frombuffer(pixels, ">u2").reshape(height, width, 4).astype(np.uint16)


def _run(path, command, max_pixels):
    """The pictures that ffmpeg writes as PAM."""
    with tempfile.TemporaryFile() as log, subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log) as process:
        try:
            while process.stdout.readline() == b"P7\n":
                head = {}
                while (line := process.stdout.readline()) not in (b"ENDHDR\n", b""):
                    name, _, value = line.decode("ascii", "replace").partition(" ")
                    with contextlib.suppress(ValueError):
                        head[name] = int(value)
                shape = head["HEIGHT"], head["WIDTH"], head["DEPTH"]
                if shape[0] * shape[1] > max_pixels:
                    raise InputError(f"{path}: declares frames of {shape[1]}x{shape[0]} pixels, more than "
                                     f"{max_pixels}; make it smaller")
                kind = np.dtype(">u2" if head["MAXVAL"] > 255 else "u1")
                pixels = process.stdout.read(shape[0] * shape[1] * shape[2] * kind.itemsize)
                if len(pixels) == shape[0] * shape[1] * shape[2] * kind.itemsize:
                    yield np.frombuffer(pixels, kind).reshape(shape).astype(kind.newbyteorder("="), copy=False)
            status = process.wait()
        finally:
            process.kill()  # where the reader has had enough, or it was too large
        log.seek(0)
        said = log.read().decode("utf-8", "replace")
    if status or "ended prematurely" in said:
        raise InputError(f"{path}: not a film that can be read to its end ({ffmpeg.complaint(said, status)})")


def _to_sdr(frame, curve):
    """A frame uint16 in BT.2020 as uint8 in BT.709, whose display raises it to the power of 2.4."""
    colours = _light(curve)[frame[..., :3]] @ _TO_709.T.astype(np.float32)
    shown = np.rint(255 * np.clip(colours, 0, 1) ** np.float32(1 / 2.4)).astype(np.uint8)
    if frame.shape[-1] == 4:
        shown = np.concatenate([shown, (frame[..., 3:] >> 8).astype(np.uint8)], -1)
    return shown


def _light(curve):
    """The light of each of 65536 levels, 1 for reference white, by SMPTE ST 2084, ARIB STD-B67 or BT.1886."""
    level = np.arange(65536) / 65535
    if curve == "pq":
        root = level ** (1 / 78.84375)
        light = 10000 * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125) / 203
    elif curve == "hlg":
        light = np.where(level <= 0.5, level**2 / 3, (np.exp((level - 0.55991073) / 0.17883277) + 0.28466892) / 12)
        light = light / light[round(0.75 * 65535)]
    else:
        light = level**2.4
    return light.astype(np.float32)
