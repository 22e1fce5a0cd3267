"""The client of export/ answers as the model does, of videos and of speech."""

import contextlib
import http.server
import json
import threading
import types

import client
import imageio_ffmpeg
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from served import Handler, grpc_service, refused, rest


@pytest.fixture(params=[rest])
def served(request, exported, tmp_path, monkeypatch):
    """`call(*arguments)` runs the client against a server of the exported model, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    np.save("clips.npy", exported.x[:, :4])
    np.save("levels.npy", np.rint(exported.x[::-1, :4] * 255).astype(np.uint8))
    with request.param(tf.saved_model.load(exported.path).signatures) as address:
        yield types.SimpleNamespace(call=lambda verb, *arguments: client.main([verb, address, *arguments]),
                                    model=exported.model, x=exported.x[:, :4], actions=exported.actions)


def assert_clips(path, expected):
    """The clips in `path` are `expected` within the rounding to 256 levels."""
    np.testing.assert_allclose(np.load(path), 255 * np.asarray(expected), rtol=0, atol=0.51)


@pytest.mark.slow
@pytest.mark.parametrize("served", [rest, grpc_service], indirect=True, ids=["rest", "grpc"])
@pytest.mark.parametrize("exported", ["plain", "actions"], indirect=True)
def test_client_answers_as_the_model(served):
    assert served.call("encode", "clips.npy", "codes.npz") == 0
    codes = served.model.encode(served.x)
    with np.load("codes.npz") as read:
        assert set(read) == {name for name, code in codes._asdict().items() if code is not None}
        for name, code in read.items():
            np.testing.assert_allclose(code, getattr(codes, name), rtol=0, atol=1e-5)

    assert served.call("decode", "codes.npz", "decoded.npy") == 0
    assert_clips("decoded.npy", served.model.decode(codes))

    assert served.call("reconstruct", "clips.npy", "reconstructed.npy") == 0
    assert_clips("reconstructed.npy", served.model.reconstruct(served.x))

    assert served.call("swap", "clips.npy", "levels.npy", "swapped.npy") == 0
    assert_clips("swapped.npy", served.model.swap(content=served.x, motion=served.x[::-1]))

    action = ["--action", "2", str(served.actions)] if served.actions else []
    assert served.call("generate", "generated.npy", "--seeds", "3", "1", "--length", "6", *action) == 0
    one_hot = [[0, 0, 1, 0]] * 2 if served.actions else None
    assert_clips("generated.npy", served.model.generate(2, 6, seed=[3, 1], action=one_hot))


@pytest.mark.slow
@pytest.mark.parametrize("exported", ["plain"], indirect=True)
def test_client_writes_a_gif_and_says_what_is_wrong(served, capsys):
    assert served.call("generate", "clips.gif", "--seeds", "1", "2", "--length", "5") == 0
    gif = Image.open("clips.gif")
    assert (gif.n_frames, gif.size) == (5, (2 * 18, 18))  # each clip of 16 x 16 in a frame of one pixel

    assert served.call("generate", "clips.mp4", "--seeds", "1", "2", "3", "--length", "5") == 0
    assert imageio_ffmpeg.count_frames_and_secs("clips.mp4")[0] == 5

    np.save("flat.npy", np.zeros((2, 16, 16, 3)))
    np.save("loud.npy", np.full((1, 2, 16, 16, 3), 3.0))
    for arguments, words in [(["encode", "absent.npy", "a.npz"], "absent.npy"),
                             (["encode", "flat.npy", "a.npz"], "(2, 16, 16, 3)"),
                             (["encode", "loud.npy", "a.npz"], "3.0"),
                             (["encode", "clips.npy", "a.npz", "--model=cats"], "404"),
                             (["generate", "a.npy", "--action", "0", "3"], "400"),
                             (["encode", "clips.npy", "a.npz", "--server=http://localhost:9", "--retries=0"],
                              "refused")]:
        capsys.readouterr()
        assert served.call(*arguments) == 1
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith("error: ") and words in line


def film(path):
    """A GIF of 5 frames, wider than high."""
    frames = [Image.fromarray(np.random.default_rng(k).integers(0, 256, (20, 30, 3), np.uint8)) for k in range(5)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)


@pytest.mark.slow
@pytest.mark.parametrize("exported", ["plain"], indirect=True)
def test_own_films_are_read_as_by_the_package(served):
    from rwae_tf.data.video import single

    film("mine.gif")
    with contextlib.redirect_stdout(None):
        assert served.call("reconstruct", "mine.gif", "out.mp4") == 0
        assert served.call("swap", "mine.gif", "mine.gif", "out.npy") == 0
    x = np.rint(255 * single.frames("mine.gif", 16, 3)[None]) / 255
    assert_clips("out.npy", served.model.swap(content=x, motion=x))
    assert served.call("reconstruct", "out.mp4", "again.npy") == 0
    assert np.load("again.npy").shape == (1, 5, 16, 16, 3)
    assert served.call("generate", "out.wav") == 1


def speech_signatures(size=8):
    """Signatures of a model of speech, which do simple sums."""
    def clips(name):
        return tf.TensorSpec((None, None, size), tf.float32, name)

    seed, length = (tf.TensorSpec((None,), tf.int32, name) for name in ("seed", "length"))
    verbs = {"encode": (lambda speech: {"z_c": speech[:, 0, :1], "z_m": speech - 1}, [clips("speech")]),
             "decode": (lambda z_c, z_m: {"speech": z_m + z_c[:, None]},
                        [tf.TensorSpec((None, 1), tf.float32, "z_c"), clips("z_m")]),
             "swap": (lambda content, motion: {"speech": motion - content}, [clips("content"), clips("motion")]),
             "generate": (lambda seed, length: {"speech": tf.cast(seed, tf.float32)[:, None, None] * tf.ones(
                 (1, tf.reduce_max(length), size))}, [seed, length]),
             "metadata": (lambda rows: {"metadata": tf.fill(tf.shape(rows), json.dumps({
                 "modality": "speech", "length": 20, "frame_shape": [size], "configuration": {
                     "data": {"spectrum": "linear", "min_db": -100.0}}}))}, [tf.TensorSpec((None,), tf.int32, "rows")])}
    return {name: tf.function(function, input_signature=specs).get_concrete_function()
            for name, (function, specs) in verbs.items()}


def test_client_asks_models_of_speech(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tf.saved_model.save(tf.Module(), "speech", speech_signatures())
    server = http.server.HTTPServer(("localhost", 0), Handler)
    server.signatures = tf.saved_model.load("speech").signatures
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"--server=http://localhost:{server.server_port}"
    x = np.random.default_rng(0).normal(-40, 10, (2, 3, 8)).astype(np.float32)
    np.save("x.npy", x)
    assert client.main(["encode", address, "x.npy", "codes.npz"]) == 0
    with np.load("codes.npz") as codes:
        np.testing.assert_allclose(codes["z_m"], x - 1, rtol=0, atol=1e-5)
    assert client.main(["decode", address, "codes.npz", "y.npy"]) == 0
    np.testing.assert_allclose(np.load("y.npy"), x - 1 + x[:, :1, :1], rtol=0, atol=1e-5)
    assert client.main(["swap", address, "x.npy", "y.npy", "z.npy"]) == 0
    np.testing.assert_allclose(np.load("z.npy"), np.load("y.npy") - x, rtol=0, atol=1e-5)
    assert client.main(["generate", address, "g.npy", "--seeds", "3", "5", "--length", "4"]) == 0
    assert np.load("g.npy").shape == (2, 4, 8) and np.load("g.npy")[:, 0, 0].tolist() == [3, 5]
    assert "g.gif: speech is written as a .npy" in refused(capsys, "generate", address, "g.gif")
    server.shutdown()
    server.server_close()


def test_own_recordings_are_converted_as_by_the_package(tmp_path, monkeypatch):
    from rwae_tf.data.speech import audio, single, spectra

    monkeypatch.chdir(tmp_path)
    tf.saved_model.save(tf.Module(), "speech", speech_signatures(spectra.BINS))
    rng = np.random.default_rng(0)
    for name, seconds in (("voice.wav", 0.5), ("words.wav", 0.9)):
        audio.write_wav(name, rng.normal(0, 0.1, int(16_000 * seconds)))
    voice, words = (single.frames(name, "linear", -100.0, 20) for name in ("voice.wav", "words.wav"))
    with rest(tf.saved_model.load("speech").signatures) as address:
        assert client.main(["swap", address, "voice.wav", "words.wav", "mix.npy"]) == 0
        assert client.main(["swap", address, "voice.wav", "words.wav", "mix.wav"]) == 0
    first = [segments[::20, :1] for segments in (voice, words)]  # z_c of this model
    shift = first[0].mean() - first[1].mean()
    expected = (words - 1).reshape(4, 20, -1) + (first[1] + shift)[:, :, None]
    np.testing.assert_allclose(np.load("mix.npy"), expected, rtol=0, atol=1e-4)
    assert len(audio.read("mix.wav")) == 79 * 160 + 400
