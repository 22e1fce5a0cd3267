"""Audio files, told apart by their first bytes, never by their names, as samples of one channel at 16 kHz.

SPHERE, WAV, FLAC, AIFF, AU and W64 are read by soundfile: SPHERE (TIMIT) by it alone, and WAV and FLAC seven times as
fast as by TensorFlow I/O, which gives the same samples. Mp3 and Ogg Vorbis are decoded by TensorFlow I/O, or by
soundfile where its compiled part does not load: the same samples within 1e-5. (ffmpeg would add up to a block at an
Ogg's end.) Other rates are resampled by TensorFlow I/O, or by ffmpeg: the same within 1e-4 below 0.4 of the lower of
the rates. What else there is (m4a, aac, Opus, wma, codings of WAV that take a decoder) is read by ffmpeg.

Samples of floats may lie beyond full scale. A file whose loudest is at most 4 is divided by it; a louder one, or one of
whole numbers, holds integers that were not divided, and is refused.
"""

import contextlib
import io
import os
import wave

import numpy as np

from rwae_tf.compat import ffmpeg, tfio
from rwae_tf.data.speech import wav
from rwae_tf.errors import InputError
from rwae_tf.utils import atomic_write

RATE = 16_000  # Hz, of all speech here
SUFFIXES = tuple(f".{name}" for name in (
    "wav wave rf64 bwf w64 flac sph nist mp3 mp2 mpga ogg oga opus spx m4a m4b aac adts aif aiff aifc au snd caf wma "
    "mka weba amr ac3 eac3 wv ape tta").split())
_PLAIN = ("SPHERE", "FLAC", "AIFF", "AU", "W64")  # what soundfile reads, beside WAV
_LOSSY = ("mp3", "Ogg Vorbis")  # what TensorFlow I/O reads, and soundfile where that does not load
_MARKS = {  # kind: what a file begins with
    "SPHERE": b"NIST_1A\n", "FLAC": b"fLaC", "AU": b".snd", "W64": b"riff\x2e\x91\xcf\x11", "CAF": b"caff",
    "Matroska": b"\x1a\x45\xdf\xa3", "Windows Media": b"\x30\x26\xb2\x75", "AMR": b"#!AMR", "AC-3": b"\x0b\x77",
    "WavPack": b"wvpk", "Monkey's Audio": b"MAC ", "TTA": b"TTA1",
}
_CONVERT = f"convert it, for example by ffmpeg -i IN -ar {RATE} -ac 1 OUT.wav"
_SPHERE_HEADER = 1024  # bytes, as in TIMIT
_LOUDEST = 4  # 12 dB beyond full scale; louder samples of floats are integers that were not divided


def read(path, notes=None):
    """The samples of an audio file.

    Args:
      path: an audio file of one channel; one that is not sampled at 16 kHz is resampled.
      notes: list to which a line is added if the samples were scaled.

    Returns:
      float32 [N], in [-1, 1] but for what resampling and lossy coding add; 16-bit samples at 16 kHz are divided by
      32768, exactly.

    Raises:
      InputError: one line, for a file that is missing, unreadable, empty, cut short, of another format or
        number of channels, or where what reads it is not installed.
    """
    try:
        with open(path, "rb") as file:
            head = _head(file)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; check the path and its permissions") from None
    if not head:
        raise InputError(f"{path}: the file is empty; replace it")
    kind = format_of(head)
    if kind is None:
        raise InputError(f"{path}: begins as no audio file that is known here; {_CONVERT}")
    promised = _promised(head) if kind == "SPHERE" else 0
    if promised > size:
        raise InputError(f"{path}: cut short, {size} of {promised} bytes; replace it")
    samples, rate, count = _decode(path, kind, size)
    if samples.shape[1] != 1:
        raise InputError(f"{path}: {samples.shape[1]} channels, not one; {_CONVERT}")
    if len(samples) < count:
        raise InputError(f"{path}: cut short, {len(samples)} of {count} samples; replace it")
    if not np.isfinite(samples).all():
        raise InputError(f"{path}: holds samples that are no numbers; replace it")
    samples = samples[:, 0]
    if kind in ("WAV", "CAF", "Matroska", "WavPack", *_PLAIN):  # which may hold floats
        samples = _within_full_scale(path, samples, [] if notes is None else notes)
    return samples if rate == RATE else _resample(path, samples, rate)


def _head(file):
    """The first bytes of an open file; those behind a tag where it is not mp3 that follows."""
    head = file.read(_SPHERE_HEADER)
    if head.startswith(b"ID3") and len(head) >= 10:
        length = sum((byte & 0x7F) << 7 * (3 - k) for k, byte in enumerate(head[6:10]))
        file.seek(10 + length)
        behind = file.read(_SPHERE_HEADER)
        return behind if format_of(behind) in ("AAC", "MPEG audio") else head
    return head


def _within_full_scale(path, samples, notes):
    """Samples [N] in [-1, 1]: those of floats beyond are divided by the loudest, or refused if they are no such."""
    loudest = float(np.abs(samples).max(initial=0))
    if loudest <= 1:
        return samples
    if loudest > _LOUDEST or (samples == np.rint(samples)).all():
        raise InputError(f"{path}: samples up to {loudest:g}, not of -1 to 1; divide integers by the largest of their "
                         "type, 32768 for 16 bits")
    notes.append(f"{path}: samples up to {loudest:g} are divided by that")
    return samples / np.float32(loudest)


def is_named_so(path):
    """Whether the name of a file says that it is audio."""
    return path.lower().endswith(SUFFIXES)


def stem(path):
    """The name of a file without its folder and suffixes, in lower case: "sa1" of "SA1.WAV.wav"."""
    name = os.path.basename(path).lower()
    while name.endswith(SUFFIXES):
        name = os.path.splitext(name)[0]
    return name


def format_of(head):
    """The format that the first bytes of a file tell, such as "WAV"; None for one that is not known here."""
    for kind, first in _MARKS.items():
        if head.startswith(first):
            return kind
    if head[:4] in wav.MARKS and head[8:12] == b"WAVE":
        return "WAV"
    if head.startswith(b"FORM") and head[8:11] == b"AIF":
        return "AIFF"
    if head.startswith(b"ID3"):
        return "mp3"
    if head.startswith(b"OggS"):
        return "Ogg Vorbis" if b"\x01vorbis" in head else "Ogg"
    if head[4:8] == b"ftyp":
        return "MPEG-4"
    # A frame of MPEG audio begins with eleven bits that are set; layer 0 is AAC in a stream of its own, 1 is mp3.
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return {0: "AAC", 2: "mp3"}.get(head[1] & 0x06, "MPEG audio")
    return None


def _promised(head):
    """Bytes that the header of a SPHERE file says it has; 0 where it does not say."""
    lines = head.decode("latin-1").splitlines()
    fields = {line.split()[0]: line.split()[-1] for line in lines[2:] if len(line.split()) == 3}
    with contextlib.suppress(KeyError, ValueError, IndexError):
        if fields.get("sample_coding", "pcm") == "pcm":  # compressed samples take fewer bytes
            return int(lines[1]) + int(fields["sample_count"]) * int(fields["sample_n_bytes"])
    return 0


def _decode(path, kind, size):
    """Samples float32 [N, channels], rate, and how many samples the header says there are."""
    try:
        if kind == "WAV":
            return _read_wav(path, size)
        if kind in _LOSSY and tfio.loads():
            samples, rate = tfio.decode(path)
            return samples, rate, len(samples)
        if kind in (*_PLAIN, *_LOSSY):
            return _read_plain(path)
        return _read_coded(path)
    except InputError:
        raise
    except (ValueError, RuntimeError, OSError, MemoryError) as error:  # RuntimeError: soundfile's own
        reason = str(getattr(error, "error_string", error)).strip().rstrip(".")
        raise InputError(f"{path}: not a readable {kind} file ({reason}); {_CONVERT}") from None


def _read_wav(path, size):
    with open(path, "rb") as file:
        header = wav.read_header(path, file, size)
        content = wav.mended(file, header)
    if header.subtype:
        return _read_plain(io.BytesIO(content[header.start :]), channels=header.channels, samplerate=header.rate,
                           subtype=header.subtype, endian=header.endian, format="RAW")
    samples, rate, _ = _read_coded(path, ["-f", "wav", "-i", "-"], content)
    padding = len(samples) - header.count  # of the last block
    return samples[: header.count if 0 < padding <= header.block else None], rate, 0


def _read_coded(path, source=None, content=b""):
    """What ffmpeg decodes of a file, or of `content` if `source` names its standard input."""
    arguments = [*(source or ffmpeg.source(path)), "-map", "0:a:0", "-c:a", "pcm_f32be", "-f", "au"]
    return _read_plain(io.BytesIO(ffmpeg.convert(path, arguments, content)))


def _read_plain(file, **form):
    with library().SoundFile(file, **form) as sound:
        return sound.read(dtype="float32", always_2d=True), sound.samplerate, sound.frames


def _resample(path, samples, rate):
    """Samples float32 [N] at `rate` Hz as [ceil(N RATE / rate)] at RATE."""
    if tfio.loads():
        return tfio.resample(samples, rate, RATE)
    raw = ["-f", "f32le", "-ac", "1"]
    arguments = [*raw, "-ar", str(rate), "-i", "-", *raw, "-ar", str(RATE)]
    return np.frombuffer(ffmpeg.convert(path, arguments, samples.tobytes()), np.float32)


def library():
    """The module soundfile; InputError on how to get it where it is missing."""
    try:
        import soundfile
    except (ImportError, OSError) as error:  # OSError: the package without its libsndfile
        raise InputError(f"reading audio needs the library soundfile ({error}); pip install soundfile, which is the "
                         "extra rwae_tf[speech]") from None
    return soundfile


def write_wav(path, samples):
    """Write `samples`, float [N] in [-1, 1], as a 16-bit WAV at 16 kHz, whole or not at all.

    Needs no library: whoever only listens to a model does without soundfile. Louder samples are scaled down.
    """
    pcm = to_pcm(samples)
    with atomic_write.stage(path) as part, open(part, "wb") as plain, wave.open(plain, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm.tobytes())


def write_sphere(path, samples):
    """Write `samples`, float [N] in [-1, 1], as a 16-bit NIST SPHERE file, as TIMIT has them."""
    pcm = to_pcm(samples)
    fields = (f"channel_count -i 1\nsample_count -i {len(pcm)}\nsample_rate -i {RATE}\nsample_n_bytes -i 2\n"
              "sample_byte_format -s2 01\nsample_sig_bits -i 16\nend_head\n")
    header = f"NIST_1A\n{_SPHERE_HEADER:7d}\n{fields}".encode()
    with open(path, "wb") as file:
        file.write(header.ljust(_SPHERE_HEADER) + pcm.tobytes())


def write_flac(path, samples):
    """Write `samples`, float [N] in [-1, 1], as a 16-bit FLAC file; needs soundfile."""
    library().write(path, to_pcm(samples), RATE, format="FLAC", subtype="PCM_16")


def to_pcm(samples):
    """Samples as little-endian int16, rounded; scaled down as a whole where the loudest would not fit."""
    samples = np.asarray(samples, np.float64)
    loudest = np.abs(samples).max(initial=0)
    return np.rint(samples * 32767 / max(loudest, 1)).astype("<i2")
