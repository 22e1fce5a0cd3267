"""The command `generate` on users' own videos and recordings."""

import os

import films
import numpy as np
import pytest
import tiny
from generating import call
from PIL import Image

import rwae_tf
from rwae_tf import errors


def averaged(video):
    """uint8 [T, 64, 64, 3] as the model of 16 x 16 takes it: the means of blocks of 4 x 4, [1, T, 16, 16, 3]."""
    return (video.reshape(1, -1, 16, 4, 16, 4, 3).mean((3, 5)) / 255).astype(np.float32)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A folder with two videos, of 5 and of 7 frames, each in every form; gives the folder and the videos."""
    folder, videos = tmp_path_factory.mktemp("own"), [films.noise(1, frames, seed=frames)[0] for frames in (5, 7)]
    for name, video in zip("ab", videos, strict=True):
        films.write_gif(folder / f"{name}.gif", video)
        films.write_film(folder / f"{name}.mp4", video)
        films.write_frames(folder / name, video)
        np.savez(folder / f"{name}.npz", x=video[None])
    np.savez(folder / "both.npz", *videos)
    films.write_frames(folder / "still", videos[0][:1])
    (folder / "notes.txt").write_text("no video")
    (folder / "cut.mp4").write_bytes((folder / "a.mp4").read_bytes()[:300])
    return folder, videos


@pytest.mark.parametrize("content, motion", [
    ("a.mp4", "b.gif"), ("a.gif", "b.mp4"), ("a", "b.npz"), ("a.npz", "b/"), ("both.npz/0", "both.npz/1")])
def test_swap_of_own_files(run, own, written, tmp_path, content, motion):
    folder, (first, second) = own
    call(run, "--mode=swap", f"--content={folder}/{content}", f"--motion={folder}/{motion}", f"--out={tmp_path}/m.gif")
    [(clips, path, scale)] = written
    expected = rwae_tf.load(run).swap(content=averaged(first), motion=averaged(second))
    assert clips.shape == (1, 7, 16, 16, 3) and path == f"{tmp_path}/m.gif" and scale == 4
    np.testing.assert_allclose(clips, expected, rtol=0, atol=1e-6)
    assert Image.open(path).size == (64, 64)


def test_reconstruction_of_own_files(run, own, written):
    folder, (first, _) = own
    model = rwae_tf.load(run)
    for name, arguments, frames in (("a.gif", [], 5), ("a.mp4", ["--length=3"], 3), ("a", ["--length=9"], 5),
                                    ("still/img_0.png", [], 1)):
        call(run, "--mode=reconstruct", f"--content={folder / name}", *arguments)
        clips, path, _ = written.pop()
        assert path == os.path.join(run, "figures", "reconstruct.gif")
        np.testing.assert_allclose(clips, model.reconstruct(averaged(first[:frames])), rtol=0, atol=1e-6)


def test_frame_step_of_training_is_that_of_own_files(own):
    from rwae_tf.data.video import single

    folder, (_, second) = own
    found = single.frames(str(folder / "b.gif"), 16, 3, step=3)
    np.testing.assert_allclose(found, averaged(second[::3])[0], rtol=0, atol=1e-6)  # frames 0, 3 and 6
    grey = single.frames(str(folder / "b.gif"), 64, 1, length=2)
    assert grey.shape == (2, 64, 64, 1)
    np.testing.assert_allclose(grey[..., 0], second[:2] @ [0.299, 0.587, 0.114] / 255, rtol=0, atol=1.01 / 255)


def test_more_frames_than_are_used_at_once(own, monkeypatch):
    from rwae_tf.data.video import single

    folder, (first, _) = own
    monkeypatch.setattr(single, "MOST_FRAMES", 4)
    with pytest.raises(errors.InputError, match="a.gif: more than 4 frames, .* give --length=4, or less"):
        single.frames(str(folder / "a.gif"), 16, 3)
    with pytest.raises(errors.InputError, match="--length=5: of a file, at most 4 frames"):
        single.frames(str(folder / "a.gif"), 16, 3, length=5)
    np.testing.assert_allclose(single.frames(str(folder / "a.gif"), 16, 3, length=4), averaged(first[:4])[0], atol=1e-6)


@pytest.mark.parametrize("arguments, message", [
    (["--mode=swap", "--content={}/a.gif"], "--motion: missing; --mode=swap of your own files takes --content and --m"),
    (["--mode=swap", "--motion={}/a.gif"], "--content: missing"),
    (["--mode=reconstruct", "--content={}/a.gif", "--motion={}/b.gif"], "--motion: has no effect; drop it"),
    (["--content={}/a.gif"], "--mode=generate: --content and --motion go with swap and reconstruct"),
    (["--mode=reconstruct", "--content={}/absent.mp4"], "--content=.*absent.mp4: no such file or folder"),
    (["--mode=reconstruct", "--content={}/a.gif", "--num=2"], "--num: has no effect on your own files"),
    (["--mode=reconstruct", "--content={}/a.gif", "--out={}/a.wav"], "a.wav: the name must end in one of .gif"),
    (["--mode=reconstruct", "--content={}/notes.txt"], "notes.txt: its name is not that of a video; known are .mp4"),
    (["--mode=reconstruct", "--content={}/cut.mp4"], "cut.mp4: not a film that can be read"),
    (["--mode=reconstruct", "--content={}"], r"own\d+: holds \d+ videos, not one; name one"),
    (["--mode=reconstruct", "--content={}/both.npz"], "both.npz: holds 2 clips; name one, from .*/both.npz/0 to "),
    (["--mode=reconstruct", "--content={}/both.npz/2"], "both.npz/2: .*both.npz holds 2 clips"),
])
def test_wrong_own_files(run, own, arguments, message):
    with pytest.raises(errors.InputError, match=message) as caught:
        call(run, *(argument.format(own[0]) for argument in arguments))
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    """A run of a model of speech with initial weights, and recordings a.wav and b.flac of 0.55 s and 0.7 s."""
    from rwae_tf.data.speech import audio
    from rwae_tf.types import SequenceSpec

    folder = tmp_path_factory.mktemp("voices")
    config = tiny.config(dataset="speakers", backbone="speech", length=20, channels=8, decoder="dense",
                         min_db=-90.0)
    spec = SequenceSpec((200,), 20, "speech", normalization=((-60.0,) * 200, (20.0,) * 200))
    tiny.save_run(folder / "run", config, spec)
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, 11_200))
    audio.write_wav(str(folder / "a.wav"), noise[0, :8800])
    audio.write_flac(str(folder / "b.flac"), noise[1])
    audio.write_wav(str(folder / "short.wav"), noise[0, :3000])
    (folder / "notes.wav").write_text("no sound")
    return folder


@pytest.mark.slow
def test_swap_of_own_speech(voices, capsys):
    from rwae_tf.data.speech import audio, spectra
    from rwae_tf.models import voice_conversion

    run, out = voices / "run", voices / "mix.wav"
    call(run, "--mode=swap", f"--content={voices}/a.wav", f"--motion={voices}/b.flac", f"--out={out}")
    assert capsys.readouterr().out.startswith(f"{out} (")
    # 8800 samples are 1 + (8800 - 400) // 160 = 53 frames, 2 segments of 20; 11200 are 68, 3 segments.
    a, b = (np.maximum(spectra.log_spectrum(audio.read(str(voices / name)))[None, :frames], -90)
            for name, frames in (("a.wav", 40), ("b.flac", 60)))
    expected = spectra.to_audio(voice_conversion.convert_voice(rwae_tf.load(str(run)), a, b)[0], "linear")
    samples = audio.read(str(out))
    assert len(samples) == 59 * 160 + 400
    np.testing.assert_allclose(samples, expected / max(1, np.abs(expected).max()), rtol=0, atol=1e-3)


@pytest.mark.slow
def test_reconstruction_of_own_speech_beside_its_spectrogram(voices):
    from rwae_tf.data.speech import audio

    call(voices / "run", "--mode=reconstruct", f"--content={voices}/b.flac", "--length=40", f"--out={voices}/new/r.png")
    assert len(audio.read(str(voices / "new" / "r.wav"))) == 39 * 160 + 400
    assert Image.open(voices / "new" / "r.png").size[0] >= 40


@pytest.mark.parametrize("name, arguments, message", [
    ("notes.wav", [], "notes.wav: begins as no audio file"),
    ("short.wav", [], "short.wav: too short, its 0.19 s are 17 frames, fewer than the 20 of one segment"),
    ("a.wav", ["--length=10"], "--length=10: a model of segments of 20 frames needs as many"),
    ("a.wav", ["--out=a.gif"], "a.gif: speech is written as a .wav"),
])
@pytest.mark.slow
def test_wrong_own_speech(voices, name, arguments, message):
    with pytest.raises(errors.InputError, match=message):
        call(voices / "run", "--mode=reconstruct", f"--content={voices / name}", *arguments)
