"""WAV files as recorders, editors, pipes and converters leave them, and other files of sound that need a decoder."""

import struct
import subprocess

import numpy as np
import pytest

from rwae_tf.compat import ffmpeg
from rwae_tf.data.speech import audio
from rwae_tf.errors import InputError

PCM = np.random.default_rng(4).integers(-20_000, 20_000, 3000).astype("<i2")
SAMPLES = PCM.astype(np.float32) / 32768
RAW = PCM.tobytes()
FORM = struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16)
GUID = bytes.fromhex("000000001000800000aa00389b71")  # what follows the number of the coding


def chunk(name, content, size=None, pad=True, order="<"):
    odd = b"\0" * (len(content) % 2 * pad)
    return name + struct.pack(order + "I", len(content) if size is None else size) + content + odd


def riff(*chunks, size=None, mark=b"RIFF", order="<"):
    body = b"WAVE" + b"".join(chunks)
    return mark + struct.pack(order + "I", len(body) if size is None else size) + body


def wav(data=None, whole=None, form=FORM, raw=RAW, after=b""):
    """A WAV whose header states `data` bytes of samples and `whole` bytes of file."""
    return riff(chunk(b"fmt ", form), chunk(b"data", raw, data), size=whole) + after


def form(coding, width, bits=None, extra=b"", align=None):
    align = width if align is None else align
    return struct.pack("<HHIIHH", coding, 1, 16_000, 16_000 * width, align, 8 * width if bits is None else bits) + extra


def extensible(coding, width, valid):
    return form(0xFFFE, width, extra=struct.pack("<HHIH", 22, valid, 4, coding) + GUID)


def law(path, coding):
    """Samples as bytes of A-law or mu-law, by soundfile."""
    import soundfile

    soundfile.write(path, PCM, 16_000, subtype=coding, format="RAW")
    return path.read_bytes()


LIST = chunk(b"LIST", b"INFOISFT" + struct.pack("<I", 6) + b"Lavf58")
SIZE = len(RAW)
WHOLE = {
    "a plain one": wav(),
    "a pipe of SoX": wav(0x7FFFF000, 0x7FFFF024),
    "a pipe of arecord": wav(0x80000000, 0x80000024),
    "an older arecord": wav(0x7FFFFFFE, 0x7FFFFFFF),
    "a pipe of ffmpeg": wav(0xFFFFFFFF, 0xFFFFFFFF),
    "a pipe of ffmpeg with its list": riff(chunk(b"fmt ", FORM), LIST, chunk(b"data", RAW, 2**32 - 1), size=2**32 - 1),
    "a voice from the network": wav(0xFFFFFFFF, 0x7FFFFFFF),
    "less than all ones": wav(0xFFFFFFDB, 0xFFFFFFFF),
    "a recorder that crashed": wav(0, 0),
    "a recorder that crashed, its first size set": wav(0, 36),
    "a recorder that stopped between two sizes": wav(None, 0),
    "all ones of the file alone": wav(None, 0xFFFFFFFF),
    "the size of the file for the first": wav(None, SIZE + 44),
    "the size of the samples for the first": wav(None, SIZE),
    "a first size far too small": wav(None, 4),
    "the header counted as samples": wav(SIZE + 44),
    "a part of the header counted": wav(SIZE + 36),
    "eight bytes counted": wav(SIZE + 8),
    "a list behind": wav(after=LIST),
    "a list behind that no size counts": wav(None, SIZE + 36, after=LIST),
    "several chunks behind": wav(after=chunk(b"cue ", bytes(28)) + LIST + chunk(b"id3 ", b"ID3\3" + bytes(21))),
    "an ID3 tag behind": wav(after=b"ID3\3\0\0\0\0\0\x7f" + bytes(range(120))),
    "an old ID3 tag behind": wav(after=b"TAG" + b"title".ljust(125, b"\0")),
    "an APE tag behind": wav(after=b"APETAGEX" + bytes(range(24)) * 4),
    "zeros behind": wav(after=bytes(2000)),
    "a line break behind": wav(after=b"\r\n"),
    "a list before": riff(chunk(b"fmt ", FORM), LIST, chunk(b"data", RAW)),
    "a list of odd length": riff(chunk(b"fmt ", FORM), chunk(b"LIST", b"INFOx"), chunk(b"data", RAW)),
    "a list of odd length, not made even": riff(chunk(b"fmt ", FORM), chunk(b"LIST", b"INFOx", pad=False),
                                                chunk(b"data", RAW)),
    "broadcast": riff(chunk(b"bext", bytes(602)), chunk(b"fmt ", FORM), chunk(b"data", RAW)),
    "junk first": riff(chunk(b"JUNK", bytes(28)), chunk(b"fmt ", FORM), chunk(b"data", RAW)),
    "padding to a block": riff(chunk(b"fmt ", FORM), chunk(b"FLLR", bytes(4044)), chunk(b"data", RAW)),
    "a field recorder's page": riff(chunk(b"fmt ", FORM), chunk(b"iXML", b"<BWFXML/>"), chunk(b"data", RAW)),
    "a chunk with a size too small": riff(chunk(b"fmt ", FORM), chunk(b"LIST", bytes(90), 30), chunk(b"data", RAW)),
    "a longer form": wav(form=FORM + b"\0\0"),
    "no bytes for a block": wav(form=form(1, 2, align=0)),
    "extensible": wav(form=extensible(1, 2, 16)),
    "extensible, 12 of 16 bits": wav(form=extensible(1, 2, 12)),
    "12 of 16 bits": wav(form=form(1, 2, bits=12)),
    "24 bits": wav(form=form(1, 3), raw=(PCM.astype("<i4") << 8).view(np.uint8).reshape(-1, 4)[:, :3].tobytes()),
    "32 bits": wav(form=form(1, 4), raw=(PCM.astype("<i4") << 16).tobytes()),
    "floats": wav(form=form(3, 4), raw=SAMPLES.astype("<f4").tobytes()),
    "doubles": wav(form=form(3, 8), raw=SAMPLES.astype("<f8").tobytes()),
    "extensible floats in a pipe": wav(0xFFFFFFFF, form=extensible(3, 4, 32), raw=SAMPLES.astype("<f4").tobytes()),
    "big-endian": riff(chunk(b"fmt ", struct.pack(">HHIIHH", 1, 1, 16_000, 32_000, 2, 16), order=">"),
                       chunk(b"data", PCM.astype(">i2").tobytes(), order=">"), mark=b"RIFX", order=">"),
    "64-bit sizes": riff(chunk(b"ds64", struct.pack("<QQQI", SIZE + 80, SIZE, len(PCM), 0)), chunk(b"fmt ", FORM),
                         chunk(b"data", RAW, 0xFFFFFFFF), LIST, size=0xFFFFFFFF, mark=b"RF64"),
    "broadcast of 64 bits": riff(chunk(b"ds64", struct.pack("<QQQI", SIZE + 80, SIZE, len(PCM), 0)),
                                 chunk(b"fmt ", FORM), chunk(b"data", RAW, 0xFFFFFFFF), size=0xFFFFFFFF, mark=b"BW64"),
    "room for 64-bit sizes": riff(chunk(b"JUNK", bytes(28)), chunk(b"fmt ", FORM), chunk(b"data", RAW)),
}


@pytest.mark.parametrize("content", WHOLE.values(), ids=WHOLE)
def test_whole_files(tmp_path, content):
    (tmp_path / "a.wav").write_bytes(content)
    samples = audio.read(tmp_path / "a.wav")
    assert samples.dtype == np.float32
    np.testing.assert_array_equal(samples, SAMPLES)


def test_eight_bits(tmp_path):
    levels = np.arange(255, dtype=np.uint8)  # an odd number of bytes: a pad follows, or not
    for pad in (True, False):
        content = riff(chunk(b"fmt ", form(1, 1)), chunk(b"data", levels.tobytes(), pad=pad), LIST)
        (tmp_path / "a.wav").write_bytes(content)
        np.testing.assert_array_equal(audio.read(tmp_path / "a.wav"), (levels - 128.0) / 128)


@pytest.mark.parametrize("coding, number, steps", [("ALAW", 6, 1 / 32), ("ULAW", 7, 1 / 32)])
@pytest.mark.parametrize("stated", [None, 0, 0xFFFFFFFF])
def test_telephone_codings(tmp_path, coding, number, steps, stated):
    (tmp_path / "a.wav").write_bytes(wav(stated, form=form(number, 1), raw=law(tmp_path / "raw", coding)))
    samples = audio.read(tmp_path / "a.wav")
    assert len(samples) == len(PCM)
    # 16 steps to an octave: half a step is 1/32 of what it codes, and 1/1024 near zero.
    assert (np.abs(samples - SAMPLES) <= np.abs(SAMPLES) * steps + 2**-10).all()


def tone(rate=16_000, seconds=0.5):
    t = np.arange(round(rate * seconds)) / rate
    return np.sin(2 * np.pi * 440 * t) * np.sin(np.pi * t / seconds) ** 2 * 0.6


CODED = {
    "ima.wav": ["-c:a", "adpcm_ima_wav"], "ms.wav": ["-c:a", "adpcm_ms"],
    "yamaha.wav": ["-c:a", "adpcm_yamaha"], "flash.wav": ["-c:a", "adpcm_swf", "-ar", "22050"],
    "mp3.wav": ["-c:a", "libmp3lame"], "mp2.wav": ["-c:a", "mp2", "-b:a", "96k"],
    "g726.wav": ["-c:a", "g726", "-ar", "8000"],
    "a.caf": ["-c:a", "pcm_s16be"], "alac.caf": ["-c:a", "alac"], "a.wma": [], "a.mka": ["-c:a", "flac"],
    "a.weba": ["-f", "webm", "-c:a", "libopus"], "a.ac3": [], "a.wv": [], "a.tta": [], "a.mp2": ["-b:a", "96k"],
    "a.w64": [], "flac.ogg": ["-c:a", "flac"], "alac.m4a": ["-c:a", "alac"],
    "a.aifc": ["-c:a", "pcm_s16le", "-f", "aiff"], "ulaw.au": ["-c:a", "pcm_mulaw"], "old.wma": ["-c:a", "wmav1"],
    "a.amr": ["-c:a", "libopencore_amrnb", "-ar", "8000", "-b:a", "12.2k"], "tagged.mp3": ["-id3v2_version", "4"],
}


@pytest.mark.parametrize("name, options", CODED.items(), ids=CODED)
def test_other_codings(tmp_path, name, options):
    import soundfile

    soundfile.write(tmp_path / "in.wav", tone(), 16_000)
    try:
        ffmpeg.convert(name, [*ffmpeg.source(tmp_path / "in.wav"), *options, str(tmp_path / name), "-f", "null"])
    except ValueError as error:
        pytest.skip(f"this ffmpeg writes no {name}: {error}")
    samples = audio.read(tmp_path / name)
    assert samples.dtype == np.float32 and abs(len(samples) - 8000) <= 2400  # a block or two of a coder
    # Whatever delay a coder adds: the shift at which the two agree best, and how well they then do.
    expected, longest = tone(), max(len(samples), 8000) + 3000
    spectra = np.fft.rfft(samples, longest) * np.conj(np.fft.rfft(expected, longest))
    agreement = np.fft.irfft(spectra, longest).max() / np.square(expected).sum()
    assert abs(agreement - 1) < 0.15 and np.square(samples).sum() < 1.2 * np.square(expected).sum()


def test_the_last_block_of_a_coding_is_not_padded(tmp_path):
    import soundfile

    soundfile.write(tmp_path / "a.wav", tone()[:3000], 16_000, subtype="IMA_ADPCM")
    content = bytearray((tmp_path / "a.wav").read_bytes())
    whole, place = audio.read(tmp_path / "a.wav"), content.index(b"fact") + 8
    for count, expected in ((3000, 3000), (len(whole), len(whole)), (2040, 2040), (0, len(whole)), (7, len(whole))):
        content[place:place + 4] = struct.pack("<I", count)  # samples; some programs write what is wrong
        (tmp_path / "a.wav").write_bytes(content)
        np.testing.assert_array_equal(audio.read(tmp_path / "a.wav"), whole[:expected])


def test_gsm_of_unknown_length(tmp_path):
    import soundfile

    soundfile.write(tmp_path / "a.wav", tone(), 16_000, subtype="GSM610")
    content = bytearray((tmp_path / "a.wav").read_bytes())
    whole = audio.read(tmp_path / "a.wav")
    place = content.index(b"data") + 4
    for size in (0, 0xFFFFFFFF, 0x7FFFF000):
        content[place:place + 4] = struct.pack("<I", size)
        (tmp_path / "a.wav").write_bytes(content)
        np.testing.assert_array_equal(audio.read(tmp_path / "a.wav"), whole)


def floats(values, after=b""):
    return wav(form=form(3, 4), raw=np.array(values, "<f4").tobytes(), after=after)


REFUSED = {
    "cut short": (wav()[:-1000], "cut short, 5044 of 6044 bytes"),
    "cut short behind a list": (riff(chunk(b"fmt ", FORM), LIST, chunk(b"data", RAW))[:3000], "cut short, 3000 of"),
    "a stale size": (wav(1000), "its header states 1000 bytes of samples, 5000 more follow, .* -ignore_length 1"),
    "no samples": (riff(chunk(b"fmt ", FORM), LIST), "a WAV file without samples"),
    "no form": (riff(chunk(b"data", RAW)), "does not say how its samples are coded"),
    "a form too short": (wav(form=FORM[:8]), "does not say how its samples are coded"),
    "no channel": (wav(form=struct.pack("<HHIIHH", 1, 0, 16_000, 32_000, 2, 16)), "of 0 channels and 16000 Hz"),
    "no rate": (wav(form=struct.pack("<HHIIHH", 1, 1, 0, 0, 2, 16)), "of 1 channels and 0 Hz"),
    "two channels": (wav(form=struct.pack("<HHIIHH", 1, 2, 16_000, 64_000, 4, 16)), "2 channels, not one"),
    "a contradiction": (wav(form=form(1, 2, bits=24)), "of 24 bits and 1 channels, but 2 bytes"),
    "an unknown coding": (wav(form=form(0x7777, 2)), "not a readable WAV file"),
    "integers as floats": (floats(PCM), "samples up to 199.., not of -1 to 1; divide integers by the largest"),
    "small integers as floats": (floats([0, 1, -2, 3, 1]), "samples up to 3, not of -1 to 1"),
    "8 bits as floats": (floats(np.linspace(0, 255, 999)), "samples up to 255, not of -1 to 1"),
    "not a number": (floats([0, np.nan]), "samples that are no numbers"),
    "infinite": (floats([0, np.inf]), "samples that are no numbers"),
    "a film called wav": (b"RIFF" + struct.pack("<I", 500) + b"AVI " + bytes(500), "begins as no audio file"),
}


@pytest.mark.parametrize("content, says", REFUSED.values(), ids=REFUSED)
def test_files_that_are_refused(tmp_path, content, says):
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(InputError, match=f"a.wav: .*{says}") as caught:
        audio.read(tmp_path / "a.wav")
    assert "\n" not in str(caught.value)


def test_the_advice_for_a_stale_size_works(tmp_path):
    (tmp_path / "IN").write_bytes(wav(1000))
    command = [ffmpeg.program("IN"), "-v", "quiet", "-ignore_length", "1", "-i", tmp_path / "IN", tmp_path / "OUT.wav"]
    subprocess.run(command, check=True)
    np.testing.assert_array_equal(audio.read(tmp_path / "OUT.wav"), SAMPLES)


@pytest.mark.parametrize("loudest", [1.0, 1.0001, 1.5, 3.9])
def test_floats_beyond_full_scale_are_divided_by_the_loudest(tmp_path, loudest):
    values = (SAMPLES / np.abs(SAMPLES).max() * np.float32(loudest)).astype(np.float32)
    (tmp_path / "a.wav").write_bytes(floats(values))
    notes = []
    np.testing.assert_allclose(audio.read(tmp_path / "a.wav", notes), values / np.float32(loudest), rtol=1e-6)
    assert [note.endswith(f"samples up to {loudest:g} are divided by that") for note in notes] == [True] * (loudest > 1)
