"""Audio files: NIST SPHERE, RIFF/WAV and FLAC, told apart by their first bytes, never by their names.

One library, soundfile, reads all three. TensorFlow I/O gives the same samples of WAV and FLAC, but reads no SPHERE
(TIMIT), takes TensorFlow along into loading and was seven times slower at decoding.
"""

import contextlib
import os
import wave

import numpy as np

from rwae_tf import files
from rwae_tf.errors import InputError

RATE = 16_000  # Hz, of all speech here
SUFFIXES = (".wav", ".flac", ".sph", ".nist")
_CONVERT = f"convert it, for example by ffmpeg -i IN -ar {RATE} -ac 1 OUT.wav"
_SPHERE_HEADER = 1024  # bytes, as in TIMIT


def read(path):
    """The samples of an audio file.

    Args:
      path: a SPHERE, WAV or FLAC file of one channel at 16 kHz.

    Returns:
      float32 [N] in [-1, 1); 16-bit samples divided by 32768, exactly.

    Raises:
      InputError: one line, for a file that is missing, unreadable, empty, cut short, of another format, rate or
        number of channels, or where soundfile is not installed.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(_SPHERE_HEADER)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; check the path and its permissions") from None
    if not head:
        raise InputError(f"{path}: the file is empty; replace it")
    kind = format_of(head)
    if kind is None:
        raise InputError(f"{path}: begins as neither SPHERE, WAV nor FLAC; {_CONVERT}")
    promised = _promised(kind, head)
    if promised > size:
        raise InputError(f"{path}: cut short, {size} of {promised} bytes; replace it")
    samples, rate, count = _decode(path, kind)
    if samples.shape[1] != 1:
        raise InputError(f"{path}: {samples.shape[1]} channels, not one; {_CONVERT}")
    if rate != RATE:
        raise InputError(f"{path}: sampled at {rate} Hz, not {RATE}; {_CONVERT}")
    if len(samples) < count:
        raise InputError(f"{path}: cut short, {len(samples)} of {count} samples; replace it")
    if not np.isfinite(samples).all():
        raise InputError(f"{path}: holds samples that are no numbers; replace it")
    return samples[:, 0]


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
    """The format that the first bytes of a file tell: "SPHERE", "WAV" or "FLAC"; None for anything else."""
    if head.startswith(b"NIST_1A\n"):
        return "SPHERE"
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "WAV"
    return "FLAC" if head.startswith(b"fLaC") else None


def _promised(kind, head):
    """Bytes that the header says the file has; 0 where it does not say."""
    if kind == "WAV":
        # A program that cannot go back to fill the size in, such as one in a pipe, leaves 0 or all ones.
        size = int.from_bytes(head[4:8], "little")
        return 0 if size in (0, 2**32 - 1) else size + 8
    if kind == "SPHERE":
        lines = head.decode("latin-1").splitlines()
        fields = {line.split()[0]: line.split()[-1] for line in lines[2:] if len(line.split()) == 3}
        with contextlib.suppress(KeyError, ValueError, IndexError):
            if fields.get("sample_coding", "pcm") == "pcm":  # compressed samples take fewer bytes
                return int(lines[1]) + int(fields["sample_count"]) * int(fields["sample_n_bytes"])
    return 0


def _decode(path, kind):
    """Samples float32 [N, channels], rate, and how many samples the header says there are."""
    soundfile = library()
    try:
        with soundfile.SoundFile(path) as file:
            return file.read(dtype="float32", always_2d=True), file.samplerate, file.frames
    except (soundfile.SoundFileError, RuntimeError, OSError, MemoryError) as error:
        reason = str(getattr(error, "error_string", error)).strip().rstrip(".")
        raise InputError(f"{path}: not a readable {kind} file ({reason}); {_CONVERT}") from None


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
    with files.written(path) as part, open(part, "wb") as plain, wave.open(plain, "wb") as file:
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
