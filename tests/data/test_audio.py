"""Reading audio: formats by their first bytes, equal samples from each, and one line for what cannot be read."""

import builtins
import os

import numpy as np
import pytest
from recordings import PCM, WRITERS, write_flac, write_sphere, write_wav

from rwae_tf.data.speech import audio
from rwae_tf.errors import InputError

SAMPLES = PCM / 32768


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
