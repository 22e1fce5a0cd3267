"""Reading audio: formats by their first bytes, equal samples from each, and one line for what cannot be read."""

import builtins
import os
import wave

import numpy as np
import pytest

from rwae_tf.compat import ffmpeg, tfio
from rwae_tf.data.speech import audio
from rwae_tf.errors import InputError

PCM = np.random.default_rng(3).integers(-20_000, 20_000, 4000).astype(np.int16)
SAMPLES = PCM / 32768


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


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("name", ["a.wav", "a.WAV", "a.flac", "é ß/ü.wav", "two words.wav"])
def test_format_is_told_by_the_first_bytes(tmp_path, kind, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    WRITERS[kind](path)
    assert audio.format_of(path.read_bytes()[:1024]) == kind
    samples = audio.read(str(path))
    assert samples.dtype == np.float32 and samples.shape == (4000,)
    np.testing.assert_array_equal(samples, SAMPLES)  # 16 bits and a power of two: float32 is exact


def test_wider_samples_are_scaled_alike(tmp_path):
    import soundfile

    for subtype in ("PCM_24", "PCM_32", "FLOAT"):
        soundfile.write(tmp_path / "a.wav", SAMPLES, 16_000, subtype=subtype)
        np.testing.assert_array_equal(audio.read(tmp_path / "a.wav"), SAMPLES)


def test_wav_of_unknown_size_is_read(tmp_path):
    """As a program in a pipe leaves it: all ones for the sizes of the file and of the samples."""
    write_wav(tmp_path / "a.wav")
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[4:8] = data[40:44] = b"\xff" * 4
    (tmp_path / "a.wav").write_bytes(data)
    np.testing.assert_array_equal(audio.read(tmp_path / "a.wav"), SAMPLES)


def cut(writer, keep):
    def write(path):
        writer(path)
        path.write_bytes(path.read_bytes()[:keep])
    return write


def stereo(path):
    write_wav(path, channels=2)


def not_numbers(path):
    import soundfile

    soundfile.write(path, np.array([0, np.nan, 0.5]), 16_000, format="WAV", subtype="FLOAT")


def damaged_flac(path):
    """The header stays, so that it is still a FLAC; the frames after it are noise."""
    write_flac(path, np.tile(PCM, 20))
    data = bytearray(path.read_bytes())
    data[len(data) // 2:] = b"\x55" * (len(data) - len(data) // 2)
    path.write_bytes(data)


@pytest.mark.parametrize("write, says", [
    (lambda path: None, ["No such file", "check the path"]),
    (os.mkdir, ["Is a directory", "check the path"]),
    (lambda path: os.symlink(path, path), ["symbolic links"]),
    (lambda path: path.write_bytes(b""), ["the file is empty"]),
    (lambda path: path.write_bytes(b"<html>404</html>"), ["no audio file that is known", "ffmpeg"]),
    (lambda path: path.write_bytes(b"ID3\x04" + bytes(2000)), ["not a readable mp3 file"]),
    (lambda path: path.write_bytes(b"OggS" + bytes(2000)), ["not a readable Ogg file"]),
    (lambda path: path.write_bytes(b"OggS" + bytes(24) + b"\x01vorbis" + bytes(2000)),
     ["not a readable Ogg Vorbis file"]),
    (lambda path: path.write_bytes(b"\0\0\0\x20ftypM4A " + bytes(2000)), ["not a readable MPEG-4 file"]),
    (lambda path: path.write_bytes(b"RIFF\x24\0\0\0AVI " + bytes(2000)), ["no audio file that is known"]),
    (lambda path: path.write_bytes(b"\x30\x26\xb2\x75" + bytes(2000)), ["not a readable Windows Media file"]),
    (lambda path: path.write_bytes(b"RIFX" + bytes(2000)), ["no audio file that is known"]),
    (cut(write_wav, 5000), ["cut short, 5000 of 8044 bytes"]),  # 44 bytes before 8000 of samples
    (cut(write_wav, 20), ["cut short, 20 of 8044 bytes"]),
    (cut(write_sphere, 5000), ["cut short, 5000 of 9024 bytes"]),  # 1024 bytes before 8000 of samples
    (cut(write_sphere, 500), ["cut short, 500 of 9024 bytes"]),
    (cut(write_sphere, 8), ["not a readable SPHERE file"]),
    (lambda path: path.write_bytes(b"NIST_1A\n   1024\nsample_rate -i many\nend_head\n".ljust(1024)),
     ["not a readable SPHERE file"]),
    (cut(write_flac, 4000), ["FLAC"]),
    (cut(write_flac, 4), ["not a readable FLAC file"]),
    (damaged_flac, ["FLAC"]),
    (stereo, ["2 channels, not one", "ffmpeg -i IN -ar 16000 -ac 1"]),
    (not_numbers, ["samples that are no numbers"]),
], ids=["missing", "folder", "link to itself", "empty", "web page", "mp3", "ogg", "vorbis", "m4a", "avi", "wma",
        "mark alone", "cut wav", "cut wav header", "cut sphere", "cut sphere header", "sphere magic alone",
        "sphere without fields", "cut flac", "flac magic alone", "damaged flac", "stereo", "nan"])
def test_broken_file_is_refused_in_one_line(tmp_path, write, says):
    path = tmp_path / "Größe 1" / "é.wav"
    path.parent.mkdir()
    write(path)
    with pytest.raises(InputError) as caught:
        audio.read(str(path))
    line = str(caught.value)
    assert line.startswith(str(path)) and "\n" not in line
    for word in says:
        assert word in line


def test_unreadable_file_is_refused_in_one_line(tmp_path, monkeypatch):
    def forbidden(path, *args):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(builtins, "open", forbidden)  # modes do not bind root, who may run this
    with pytest.raises(InputError, match="a.wav: Permission denied; check the path and its permissions"):
        audio.read("a.wav")


def test_missing_library_is_told_in_one_line(tmp_path, monkeypatch):
    write_wav(tmp_path / "a.wav")
    original = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "soundfile":
            raise ImportError("No module named 'soundfile'")
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"pip install soundfile, which is the extra rwae_tf\[speech\]") as caught:
        audio.read(tmp_path / "a.wav")
    assert "\n" not in str(caught.value)


def test_written_files_are_read_back(tmp_path):
    signal = np.sin(np.arange(3000) / 10) * 0.7
    for kind, write in (("WAV", audio.write_wav), ("SPHERE", audio.write_sphere), ("FLAC", audio.write_flac)):
        path = str(tmp_path / kind)
        write(path, signal)
        with open(path, "rb") as file:
            assert audio.format_of(file.read(1024)) == kind
        # One rounding to 1/32767, and 32768 for 32767 on the way back.
        np.testing.assert_allclose(audio.read(path), signal * 32767 / 32768, atol=0.51 / 32768)


def test_loud_samples_are_scaled_down_as_a_whole(tmp_path):
    np.testing.assert_array_equal(audio.to_pcm([0.5, -2.0, 1.0]), [8192, -32767, 16384])  # 32767 / 4 = 8191.75


def test_no_half_written_wav(tmp_path):
    (tmp_path / "a.wav").mkdir()
    with pytest.raises(OSError):
        audio.write_wav(str(tmp_path / "a.wav"), SAMPLES)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_real_sphere_files_hold_what_their_headers_say(shared_data):
    path = shared_data / "speech" / "timit_sample" / "TIMIT" / "TRAIN" / "DR7" / "MADD0" / "SX88.WAV"
    if not path.exists():
        pytest.skip(f"no {path}")
    samples = audio.read(path)
    # sample_count, sample_min and sample_max of its header.
    assert (len(samples), samples.min() * 32768, samples.max() * 32768) == (52839, -5425, 7360)
    np.testing.assert_array_equal(samples * 32768, np.frombuffer(path.read_bytes()[1024:], "<i2"))


CODED = {"a.mp3": ["-b:a", "128k"], "a.ogg": ["-c:a", "libvorbis"], "a.opus": ["-c:a", "libopus"], "a.m4a": [],
         "a.aiff": [], "a.au": [], "a.aac": []}
LATE = {"a.aac": 1024}  # samples that its coder puts before; the form does not say so


def tones(rate, seconds=0.5):
    """Four tones below 3.3 kHz that swell and fade, at a rate of samples: what any good resampler keeps."""
    t = np.arange(round(rate * seconds)) / rate
    return sum(np.sin(2 * np.pi * f * t + f) for f in (210, 890, 1730, 3290)) * np.sin(np.pi * t / seconds) ** 2 / 5


def coded(path, signal, rate):
    plain = path.parent / "plain.wav"
    write_wav(plain, np.rint(32767 * signal).astype(np.int16), rate)
    ffmpeg.convert(plain, [*ffmpeg.source(plain), *CODED[path.name], str(path), "-f", "null"])


@pytest.fixture(params=[True, False], ids=["tensorflow-io", "ffmpeg"])
def with_tfio(request, monkeypatch):
    """TensorFlow I/O where it loads, and as if it did not."""
    if not request.param:
        monkeypatch.setattr(tfio, "loads", lambda: False)
    elif not tfio.loads():
        pytest.skip("tensorflow-io's compiled part does not load here")


@pytest.mark.parametrize("name", CODED)
def test_coded_files_hold_the_signal(tmp_path, name, with_tfio):
    """Opus is always at 48 kHz, so that it is resampled too."""
    signal = tones(16_000)
    coded(tmp_path / name, signal, 16_000)
    samples = audio.read(tmp_path / name)[LATE.get(name, 0):]
    assert samples.dtype == np.float32 and abs(len(samples) - len(signal)) <= 2048  # a block of the coder's
    error = samples[:7000] - signal[:7000]
    # 20 dB below the signal, from the coders; a lag of one sample, at 3290 Hz an angle of 1.3, would leave 8 dB.
    assert np.square(error).mean() < 0.01 * np.square(signal[:7000]).mean()


@pytest.mark.parametrize("rate", [8000, 11_025, 12_000, 22_050, 32_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("write", WRITERS)
def test_other_rates_are_resampled_to_the_same_instants(tmp_path, rate, write, with_tfio):
    pcm = np.rint(32767 * tones(rate)).astype(np.int16)
    WRITERS[write](tmp_path / "a", pcm, **{"sample_rate" if write == "SPHERE" else "rate": rate})
    samples = audio.read(tmp_path / "a")
    assert len(samples) == -(-len(pcm) * 16_000 // rate) == 8000
    # Half a step of 16 bits is 1.5e-5; filters ripple by less than 1e-4 of the sum of the tones, 0.8.
    np.testing.assert_allclose(samples, tones(16_000) * 32767 / 32768, atol=1e-4)


def test_tones_beyond_the_new_rate_are_gone(tmp_path, with_tfio):
    t = np.arange(48_000) / 48_000
    write_wav(tmp_path / "a.wav", np.rint(20_000 * np.sin(2 * np.pi * 10_000 * t)).astype(np.int16), 48_000)
    # Without a filter it would sound at 6 kHz, as loud as it was.
    assert np.abs(audio.read(tmp_path / "a.wav")[1000:-1000]).max() < 1e-3


@pytest.mark.parametrize("rate", [16_000, 44_100])
@pytest.mark.parametrize("name", ["a.mp3", "a.ogg"])
def test_tensorflow_io_decodes_as_soundfile_does(tmp_path, monkeypatch, name, rate):
    if not tfio.loads():
        pytest.skip("tensorflow-io's compiled part does not load here")
    coded(tmp_path / name, tones(rate), rate)
    first = audio.read(tmp_path / name)
    monkeypatch.setattr(tfio, "loads", lambda: False)
    np.testing.assert_allclose(audio.read(tmp_path / name), first, atol=1e-5 if rate == 16_000 else 1e-4)


def test_tensorflow_io_reads_plain_files_alike(tmp_path):
    """The reason for reading them by soundfile is speed, and SPHERE, alone."""
    if not tfio.loads():
        pytest.skip("tensorflow-io's compiled part does not load here")
    for name, write in (("a.wav", write_wav), ("a.flac", write_flac)):
        write(tmp_path / name)
        samples, rate = tfio.decode(str(tmp_path / name))
        assert rate == 16_000
        np.testing.assert_array_equal(samples[:, 0] / 32768, audio.read(tmp_path / name))
