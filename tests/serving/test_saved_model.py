"""Every signature of an exported model, run as strangers run it, answers as the model does."""

import os
import pathlib
import subprocess
import sys
import time

import loader
import numpy as np
import pytest
import tensorflow as tf
from signature_calls import as_bytes, as_levels, assert_equal, encode_images, request

from rwae_tf.errors import InputError
from rwae_tf.serving import saved_model

pytestmark = pytest.mark.slow

VERBS = ("encode", "decode", "reconstruct", "swap", "generate")
SIZES = [(1, 8), (1, 20), (5, 8), (5, 20)]
ONE_MODEL = pytest.mark.parametrize("exported", ["actions"], indirect=True)


def test_c_loader_equals_model(exported, tmp_path):
    cases = [(verb, *request(exported, verb, *size)) for verb in VERBS for size in SIZES]
    requests = [(verb, inputs) for verb, inputs, _ in cases]
    requests += [(verb + "_bytes", as_bytes(inputs)) for verb, inputs, _ in cases]
    requests += [(verb + "_uint8", as_levels(inputs)) for verb, inputs, _ in cases[1 :: len(SIZES)]]
    requests += [("serving_default", inputs) for verb, inputs, _ in cases if verb == "encode"]
    expected = [outputs for *_, outputs in cases] * 2 + [outputs for *_, outputs in cases[1 :: len(SIZES)]]
    expected += [outputs for verb, _, outputs in cases if verb == "encode"]
    answers = loader.run(exported, tmp_path, requests)
    for answer, outputs in zip(answers, expected, strict=True):
        assert_equal(answer, outputs, exported.x.shape[-1])
    # What was compared is not a constant: clips differ among each other.
    assert cases[VERBS.index("reconstruct") * len(SIZES) + 3][2]["video"].std(axis=0).mean() > 1e-3


def test_generated_rows_stand_alone(exported, tmp_path):
    inputs, expected = request(exported, "generate", 5, 8)
    mixed = {**inputs, "length": np.array([8, 3, 20, 1, 8], np.int32)}
    single = {name: value[2:3] for name, value in mixed.items()}
    together, alone = loader.run(exported, tmp_path, [("generate", mixed), ("generate", single)])
    assert together["video"].shape[1] == 20  # the longest row asked for
    np.testing.assert_allclose(together["video"][2:3], alone["video"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(together["video"][:, :8], expected["video"], rtol=0, atol=1e-5)


def test_swap_takes_length_from_motion(exported, tmp_path):
    content, motion = exported.x, exported.x[::-1, :8]
    [answer] = loader.run(exported, tmp_path, [("swap", {"content": content, "motion": motion})])
    mixed = np.asarray(exported.model.swap(content=content, motion=motion))
    assert_equal(answer, {"video": mixed}, content.shape[-1])


CLI = """
import sys
from tensorflow.python.tools import saved_model_cli
for arguments in {arguments!r}:
    sys.argv = ["saved_model_cli", "run", *arguments]
    try:
        saved_model_cli.main()
    except SystemExit as end:
        assert not end.code, (arguments, end.code)
"""


@pytest.mark.parametrize("exported", ["plain"], indirect=True)
def test_saved_model_cli_equals_model(exported, tmp_path):
    """`saved_model_cli run` on each signature, in one process to import TensorFlow once."""
    arguments, expected = [], {}
    for verb, size in zip(VERBS, [*SIZES, SIZES[0]], strict=True):
        inputs, outputs = request(exported, verb, *size)
        for name, arrays, wanted in ((verb, inputs, outputs), (verb + "_bytes", as_bytes(inputs), outputs)):
            np.savez(tmp_path / f"{name}.npz", **arrays)
            given = ";".join(f"{key}={tmp_path}/{name}.npz[{key}]" for key in arrays)
            arguments.append(["--dir", exported.path, "--tag_set", "serve", "--signature_def", name,
                              "--inputs", given, "--outdir", str(tmp_path / name)])
            expected[name] = wanted
    subprocess.run([sys.executable, "-c", CLI.format(arguments=arguments)], check=True, capture_output=True)
    for name, outputs in expected.items():
        answer = {file.stem: np.load(file, allow_pickle=True) for file in (tmp_path / name).iterdir()}
        assert_equal(answer, outputs, exported.x.shape[-1])


@ONE_MODEL
def test_saved_model_cli_command(exported, tmp_path):
    """The command as the model card prints it."""
    with open(os.path.join(exported.path, saved_model.CARD), encoding="utf-8") as file:
        _, _, command = file.read().partition("saved_model_cli run ")
    command = f"{os.path.dirname(sys.executable)}/saved_model_cli run " + command.partition("\n\n")[0]
    script = f"cd {exported.path} && " + command.replace("--outdir .", f"--outdir {tmp_path}")
    subprocess.run(["bash", "-c", script], check=True, capture_output=True)
    action = [[1, 0, 0, 0]] * 2 if exported.actions else None
    expected = exported.model.generate(2, 20, seed=[0, 1], action=action)
    np.testing.assert_allclose(np.load(tmp_path / "video.npy"), expected, rtol=0, atol=1e-5)


BLOCKED = """
import sys
blocked = ("keras", "tf_keras", "tensorflow_probability", "tensorflow_io", "rwae_tf")
sys.modules.update(dict.fromkeys(blocked))  # importing a name that is bound to None raises ImportError
import numpy as np
import tensorflow as tf
model = tf.saved_model.load({path!r})
x = np.load({x!r})
np.savez({out!r}, **model.signatures["reconstruct"](video=tf.constant(x)))
assert all(sys.modules[name] is None for name in blocked)
"""


@ONE_MODEL
def test_loads_without_keras_and_probability(exported, tmp_path):
    inputs, expected = request(exported, "reconstruct", 5, 8)
    np.save(tmp_path / "x.npy", inputs["video"])
    paths = {"path": exported.path, "x": str(tmp_path / "x.npy"), "out": str(tmp_path / "out.npz")}
    subprocess.run([sys.executable, "-c", BLOCKED.format(**paths)], check=True)
    assert_equal(np.load(tmp_path / "out.npz"), expected, exported.x.shape[-1])


@ONE_MODEL
def test_bytes_refuse_other_frame_size(exported, tmp_path):
    images = {"video_bytes": encode_images(exported.x[:1, :2, :8, :8])}
    with pytest.raises(subprocess.CalledProcessError) as failed:
        loader.run(exported, tmp_path, [("encode_bytes", images)])
    assert "image: 8x8 pixels; the model takes 16x16" in failed.value.stderr


@pytest.fixture
def quick(monkeypatch):
    """Exports have one signature, which is no model's, and so take no time."""
    @tf.function(input_signature=[tf.TensorSpec((None,), tf.float32, "video")])
    def encode(video):
        return {"z_c": video}

    encode.get_concrete_function()
    monkeypatch.setattr(saved_model.signatures, "signatures", lambda *_: {"encode": encode})


@ONE_MODEL
def test_versions_count_up_and_failure_leaves_nothing(exported, tmp_path, monkeypatch, quick):
    (tmp_path / "7").mkdir()
    (tmp_path / "notes").mkdir()
    path = saved_model.export(exported.model, str(tmp_path))
    assert path == str(tmp_path / "8") and sorted(os.listdir(tmp_path)) == ["7", "8", "notes"]
    monkeypatch.setattr(saved_model.model_card, "write", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        saved_model.export(exported.model, str(tmp_path))
    assert sorted(os.listdir(tmp_path)) == ["7", "8", "notes"]


@ONE_MODEL
@pytest.mark.parametrize("stage", ["model_card.write", "metadata.write", "warm_up.write", "os.rename"])
def test_whenever_an_export_ends_no_server_sees_a_part_of_it(exported, tmp_path, monkeypatch, quick, stage):
    """A server loads what is named by an integer: until all is written there is no such name, so a kill leaves none."""
    seen, (module, name) = [], stage.split(".")

    def interrupted(*_):
        seen.extend(os.listdir(tmp_path))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(getattr(saved_model, module), name, interrupted)
        with pytest.raises(KeyboardInterrupt):
            saved_model.export(exported.model, str(tmp_path))
    [part] = seen
    assert part.startswith(".part-") and not list(tmp_path.iterdir())


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.exhaustive)])
def test_after_a_kill_at_a_random_moment_the_newest_version_loads(tmp_path, kills):
    script = pathlib.Path(__file__).with_name("killed_exports.py")
    done = subprocess.run([sys.executable, script, tmp_path, str(kills), "0"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith(f"{kills} kills, "), done.stderr[-2000:]


@ONE_MODEL
def test_what_killed_exports_left_is_removed_after_a_day(exported, tmp_path, quick):
    for name, age in (("old", 90_000), ("new", 60)):  # seconds
        (tmp_path / f".part-{name}").mkdir()
        os.utime(tmp_path / f".part-{name}", (time.time() - age,) * 2)
    saved_model.export(exported.model, str(tmp_path))
    assert sorted(os.listdir(tmp_path)) == [".part-new", "1"]
    assert sorted(os.listdir(tmp_path / "1" / "assets.extra")) == ["metadata.json", "tf_serving_warmup_requests"]


@ONE_MODEL
def test_export_dir_that_is_a_file(exported, tmp_path):
    (tmp_path / "E").write_text("")
    with pytest.raises(InputError, match="E: is a file"):
        saved_model.export(exported.model, str(tmp_path / "E"))


def test_model_card_says_what_is_served(exported):
    with open(os.path.join(exported.path, saved_model.CARD), encoding="utf-8") as file:
        card = file.read()
    frame = ", ".join(map(str, exported.x.shape[2:]))
    action = f"; action float32 [B, {exported.actions}]" if exported.actions else ""
    codes = f"z_c float32 [B, 6]; z_m float32 [B, T, 3]{action}"
    assert f"| `encode` | video float32 [B, T, {frame}] | {codes} |" in card
    assert "seconds 60, hardware 2 cores" in card and '"content_size": 6' in card and "data_dir" not in card
