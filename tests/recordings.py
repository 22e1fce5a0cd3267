"""Audio files of noise in each format."""

import wave

import numpy as np

PCM = np.random.default_rng(3).integers(-20_000, 20_000, 4000).astype(np.int16)


def write_wav(path, pcm=PCM, rate=16_000, channels=1):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm.astype("<i2").tobytes())


def write_sphere(path, pcm=PCM, **fields):
    """A SPHERE file with a header written by hand, as the NIST's own are."""
    known = {"channel_count": 1, "sample_count": len(pcm), "sample_rate": 16_000, "sample_n_bytes": 2, **fields}
    lines = ["NIST_1A", "   1024", *(f"{name} -i {value}" for name, value in known.items()),
             "sample_byte_format -s2 01", "sample_sig_bits -i 16", "end_head", ""]
    path.write_bytes("\n".join(lines).encode().ljust(1024) + pcm.astype("<i2").tobytes())


def write_flac(path, pcm=PCM, rate=16_000):
    import soundfile

    soundfile.write(path, pcm, rate, format="FLAC", subtype="PCM_16")


WRITERS = {"SPHERE": write_sphere, "WAV": write_wav, "FLAC": write_flac}
