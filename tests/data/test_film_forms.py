"""Films as cameras, recorders and editors write them: containers, covers, several streams, pixels, alpha and HDR."""

import struct
import subprocess
import zlib

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from rwae_tf.data.video import films
from rwae_tf.data.video.decoding import Reader
from rwae_tf.data.video.discovery import Video
from rwae_tf.errors import InputError

RAMP = [0, 60, 120, 180]


def ffmpeg(*arguments, data=None):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, input=data, check=True)


def write(path, video, *options, pixels="rgb24"):
    """Write an array [T, H, W, C] of such pixels as a film; its path."""
    height, width = video.shape[1:3]
    ffmpeg("-f", "rawvideo", "-pix_fmt", pixels, "-s", f"{width}x{height}", "-r", 25, "-i", "-", *options, path,
           data=np.ascontiguousarray(video).tobytes())
    return path


def greys(levels=RAMP):
    return np.array(levels, np.uint8)[:, None, None, None] + np.zeros((1, 64, 64, 3), np.uint8)


def read(path):
    return np.stack(list(Reader(3).frames(Video("v", "film", (str(path),)))))


def levels(path):
    return read(path)[:, 32, 32, 0].astype(int)


CONTAINERS = {
    "a.mpg": ["-c:v", "mpeg1video"], "a.vob": ["-c:v", "mpeg2video", "-f", "vob"], "a.wmv": ["-c:v", "wmv2"],
    "a.flv": ["-c:v", "flv1"], "a.ts": [], "a.MTS": ["-f", "mpegts"], "a.3gp": ["-c:v", "mpeg4"],
    "a.MOV": ["-c:v", "mjpeg"], "a.ogv": ["-c:v", "libtheora"], "a.y4m": ["-pix_fmt", "yuv444p"], "a.h264": [],
    "a.mxf": ["-c:v", "mpeg2video"], "a.nut": ["-c:v", "ffv1"], "a.avi": ["-c:v", "mpeg4"], "a.rm": ["-c:v", "rv10"],
}


@pytest.mark.parametrize("name, options", CONTAINERS.items(), ids=CONTAINERS)
def test_containers(tmp_path, name, options):
    shown = list(range(0, 240, 20))
    found = levels(write(tmp_path / name, greys(shown), *options))
    assert len(found) == 12 and np.abs(found - shown).max() <= 6


def boxes(content, start=0):
    """(name, whole box) of each box of an mp4."""
    found = []
    while start + 8 <= len(content):
        size, name = struct.unpack(">I4s", content[start:start + 8])
        found.append((name, content[start:start + size]))
        start += size
    return found


@pytest.fixture(scope="module")
def mp4(tmp_path_factory):
    """A film of four grey levels, its index behind its frames."""
    return write(tmp_path_factory.mktemp("film") / "base.mp4", greys(), "-c:v", "libx264", "-pix_fmt", "yuv444p")


@pytest.mark.parametrize("first", [b"styp", b"uuid", b"pnot", b"junk"])
def test_films_of_another_first_box(tmp_path, mp4, first):
    content = bytearray(mp4.read_bytes())
    place = content.index(b"stco")  # version, number, then where each chunk of frames begins
    for entry in range(struct.unpack(">I", content[place + 8:place + 12])[0]):
        at = place + 12 + 4 * entry
        content[at:at + 4] = struct.pack(">I", struct.unpack(">I", content[at:at + 4])[0] + 24)
    (tmp_path / "a.mov").write_bytes(struct.pack(">I4s", 24, first) + bytes(16) + content)
    assert np.abs(levels(tmp_path / "a.mov") - RAMP).max() <= 3


@pytest.fixture
def cover(tmp_path):
    Image.new("RGB", (64, 64), (255, 0, 0)).save(tmp_path / "cover.png")
    return tmp_path / "cover.png"


def test_a_cover_before_the_track_is_no_frame(tmp_path, mp4, cover):
    ffmpeg("-i", mp4, "-i", cover, "-map", 0, "-map", 1, "-c", "copy", "-disposition:v:1", "attached_pic",
           tmp_path / "c.mp4")
    top = boxes((tmp_path / "c.mp4").read_bytes())
    inner = sorted(boxes(dict(top)[b"moov"], 8), key=lambda box: [b"mvhd", b"udta", b"trak"].index(box[0]))
    body = b"".join(box for _, box in inner)
    moov = struct.pack(">I4s", 8 + len(body), b"moov") + body
    (tmp_path / "a.mp4").write_bytes(b"".join(moov if name == b"moov" else box for name, box in top))
    assert np.abs(levels(tmp_path / "a.mp4") - RAMP).max() <= 3


def test_a_cover_in_matroska_is_no_frame(tmp_path, mp4, cover):
    ffmpeg("-i", mp4, "-attach", cover, "-metadata:s:t", "mimetype=image/png", "-c", "copy", tmp_path / "a.mkv")
    assert len(levels(tmp_path / "a.mkv")) == 4


def test_two_cameras_in_a_film_are_refused(tmp_path, mp4):
    ffmpeg("-i", mp4, "-i", mp4, "-map", 0, "-map", 1, "-c", "copy", tmp_path / "a.mkv")
    with pytest.raises(InputError, match="a.mkv: 2 streams of pictures .h264, h264., as of several .*-map 0:0"):
        read(tmp_path / "a.mkv")


def test_sound_alone_is_no_film(tmp_path, cover):
    ffmpeg("-f", "lavfi", "-i", "sine=d=0.2", "-i", cover, "-map", 0, "-map", 1, "-c:v", "copy", "-disposition:v",
           "attached_pic", tmp_path / "a.mp4")
    with pytest.raises(InputError, match="a.mp4: a film without a frame: it has no stream of pictures"):
        read(tmp_path / "a.mp4")


@pytest.mark.parametrize("suffix, content", [
    ("mkv", b"#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n"), ("avi", b"ffconcat version 1.0\nfile a.mp4\n"),
    ("mpg", b"GIF89a" + bytes(50)), ("ts", b"export const a = 1;\n" * 50)])
def test_other_files_called_films(tmp_path, content, suffix):
    (tmp_path / f"a.{suffix}").write_bytes(content)
    with pytest.raises(InputError, match=f"a.{suffix}: not a film") as caught:
        read(tmp_path / f"a.{suffix}")
    assert "\n" not in str(caught.value)


# Pixels.

def circle(wide, high):
    """A film of 160x144 pixels, `wide` times `high`, and a circle across half of its shorter side as it is shown."""
    y, x = np.mgrid[:144, :160] + 0.5
    inside = ((x - 80) * wide) ** 2 + ((y - 72) * high) ** 2 < (min(160 * wide, 144 * high) / 4) ** 2
    return np.where(inside[..., None], 255, 0).astype(np.uint8) + np.zeros((2, 1, 1, 3), np.uint8)


ASPECTS = {
    "PAL, 16:9": ((64, 45), "mp4", "libx264"), "PAL, 4:3": ((16, 15), "mkv", "ffv1"),
    "NTSC, 4:3": ((8, 9), "avi", "mpeg4"), "HDV": ((4, 3), "webm", "libvpx"), "narrow": ((1, 2), "mov", "libx264"),
    "turned": ((64, 45), "turned.mp4", "libx264"),
}


@pytest.mark.parametrize("aspect, suffix, codec", ASPECTS.values(), ids=ASPECTS)
def test_pixels_become_square(tmp_path, aspect, suffix, codec):
    path = tmp_path / f"a.{suffix}"
    write(path, circle(*aspect), "-vf", f"setsar={aspect[0]}/{aspect[1]}", "-c:v", codec, "-pix_fmt", "yuv420p")
    if suffix.startswith("turned"):
        ffmpeg("-display_rotation", "90", "-i", path, "-c", "copy", tmp_path / "b.mp4")
        path = tmp_path / "b.mp4"
    shown = read(path)[0, :, :, 0] > 127
    # Half of the square's side of 64.
    assert abs(shown.any(0).sum() - 32) <= 1 and abs(shown.any(1).sum() - 32) <= 1


def test_an_aspect_that_cannot_be(tmp_path):
    write(tmp_path / "a.mkv", np.zeros((2, 64, 800, 3), np.uint8), "-vf", "setsar=1/100", "-c:v", "ffv1")
    with pytest.raises(InputError, match="a.mkv: declares pixels 1:100 as wide as high"):
        read(tmp_path / "a.mkv")


TRANSPARENT = {
    "a.mov": ["-c:v", "qtrle", "-pix_fmt", "argb"], "c.mkv": ["-c:v", "ffv1", "-pix_fmt", "bgra"],
    "d.mov": ["-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"],
    "e.webm": ["-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-lossless", "1"],
    "f.webm": ["-c:v", "libvpx", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0", "-b:v", "5M"],
    "g.avi": ["-c:v", "utvideo", "-pix_fmt", "gbrap"],
}


@pytest.mark.parametrize("name, options", TRANSPARENT.items(), ids=TRANSPARENT)
def test_transparent_parts_of_films_are_black(tmp_path, name, options):
    video = np.zeros((2, 64, 64, 4), np.uint8) + np.array([200, 100, 50, 0], np.uint8)
    video[:, 16:48, 16:48] = 10, 220, 30, 255
    frames = read(write(tmp_path / name, video, *options, pixels="rgba")).astype(int)
    assert frames[:, :12].max() == 0 and frames[:, 52:].max() == 0
    assert np.abs(frames[:, 24:40, 24:40] - [10, 220, 30]).max() <= 4


def test_the_fourth_byte_of_raw_avi_is_no_alpha(tmp_path):
    video = np.zeros((2, 64, 64, 4), np.uint8) + np.array([200, 100, 50, 0], np.uint8)
    frames = read(write(tmp_path / "a.avi", video, "-c:v", "rawvideo", "-pix_fmt", "bgra", pixels="rgba"))
    assert (frames == [200, 100, 50]).all()
    write(tmp_path / "a.mov", video, "-c:v", "qtrle", "-pix_fmt", "argb", pixels="rgba")
    with pytest.raises(InputError, match="a.mov: every pixel of every frame is transparent"):
        read(tmp_path / "a.mov")


# HDR: sRGB patches as light, in the colours of BT.2020 and with reference white at 203 cd/m2, or 75 % of HLG.

PATCHES = np.array([[255, 255, 255], [128, 128, 128], [200, 30, 30], [30, 200, 30]])
TO_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])  # BT.2087


def pq(light):
    power = (light * 203 / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def hlg(light):
    scene = light * 0.26496  # the light of a signal of 75 %
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene),
                    0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073)


CURVES = {"smpte2084": pq, "arib-std-b67": hlg, "bt2020-10": lambda light: light ** (1 / 2.4)}


@pytest.mark.parametrize("name, curve", CURVES.items(), ids=CURVES)
def test_hdr_becomes_bt709(tmp_path, name, curve):
    signal = np.round(65535 * curve((PATCHES / 255) ** 2.4 @ TO_2020.T)).astype(np.uint16)
    video = np.repeat(signal.reshape(2, 2, 3).repeat(32, 0).repeat(32, 1)[None], 2, 0)
    write(tmp_path / "a.mp4", video, "-vf", "scale=out_color_matrix=bt2020:out_range=tv,format=yuv420p10le,setparams="
          f"colorspace=bt2020nc:color_primaries=bt2020:color_trc={name}", "-c:v", "libx265", "-x265-params",
          f"log-level=error:lossless=1:colorprim=bt2020:transfer={name}:colormatrix=bt2020nc", pixels="rgb48le")
    assert films.probe(str(tmp_path / "a.mp4")).curve == {"smpte2084": "pq", "arib-std-b67": "hlg"}.get(name, "sdr")
    frame = read(tmp_path / "a.mp4")[0].astype(int)
    for patch, (y, x) in zip(PATCHES, [(16, 16), (16, 48), (48, 16), (48, 48)], strict=True):
        assert np.abs(frame[y, x] - patch).max() <= 7  # of 10 bits, in which dark red is two levels of PQ


def test_frames_of_an_hdr_film_are_refused(tmp_path):
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    body = b"cICP" + bytes([9, 16, 0, 1])
    chunk = struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body))
    place = content.index(b"IDAT") - 4
    (tmp_path / "a.png").write_bytes(content[:place] + chunk + content[place:])
    with pytest.raises(InputError, match="a.png: a picture in HDR .PQ.; write the frames in BT.709 or sRGB"):
        list(Reader(3).frames(Video("v", "frames", (str(tmp_path / "a.png"),))))
