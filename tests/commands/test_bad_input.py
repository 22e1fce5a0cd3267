"""Bad input ends every command with one clear line and leaves nothing half-written.

The commands run in this process, inside `entry_point.run`, so that TensorFlow is imported once; a few run as
a user would start them. Each case names what is broken, what the line must say and the mend it must offer.
"""

import hashlib
import importlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow  # noqa: F401 - its logger keeps the stderr of its import; here, that of no test
from PIL import Image

from rwae_tf import entry_point
from rwae_tf.data.datasets import moving_shapes, sprites
from rwae_tf.runs import run_dir as runs
from rwae_tf.utils import progress

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = ("--dataset=moving_shapes --size=16 --length=2 --channels=4 --feature_size=8 --content_size=6 --motion_size=3 "
        "--hidden_size=8 --decoder=dense --content_encoder=forward --batch_size=4 --inference_steps=1 --joint_update "
        "--epochs=1 --log_every=1 --checkpoint_minutes=0").split()
CLIPS = 12  # of moving_shapes in these tests: an epoch is 3 iterations


def snapshot(folder):
    """Every path below `folder`, with a digest of a file."""
    return {str(path.relative_to(folder)): hashlib.sha1(path.read_bytes()).hexdigest() if path.is_file() else None
            for path in sorted(folder.rglob("*"))}


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """An empty current folder, and a moving_shapes short enough to be trained on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(moving_shapes.COUNTS, "train", CLIPS)
    monkeypatch.setitem(moving_shapes.COUNTS, "test", CLIPS)
    monkeypatch.setattr(progress.Progress, "show", lambda *args: None)  # on a slow machine it writes to stderr
    return tmp_path


@pytest.fixture
def refused(workplace, capsys):
    """Runs a command that must fail, and returns its one line.

    `refused(command, *arguments, says=words, kept=pattern)`: the line holds every word; everything
    below the current folder that matches `kept` is as it was before.
    """
    def run(command, *arguments, says, kept="*"):
        before = {path: digest for path, digest in snapshot(workplace).items() if pathlib.PurePath(path).match(kept)}
        main = importlib.import_module(f"rwae_tf.{command}").main
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            entry_point.run(main, [command, *map(str, arguments)])
        stdout, stderr = capsys.readouterr()
        assert ended.value.code == 1
        (line,) = stderr.splitlines()
        assert line.startswith("error: ")
        for word in says:
            assert str(word) in line, f"{word!r} is not in {line!r}"
        assert "Traceback" not in stdout
        after = snapshot(workplace)
        assert {path: digest for path, digest in after.items() if pathlib.PurePath(path).match(kept)} == before
        assert not [path for path in after if path.endswith(".part")]
        return line
    return run


# Flags.

@pytest.mark.parametrize(
    "command, arguments, says",
    [
        ("train", ["--batch_size=1"], ["--batch_size=1", "at least 2"]),
        ("train", ["--adam_beta_1=1.5"], ["--adam_beta_1=1.5", "from 0.0 to 0.9999"]),
        ("train", ["--encoder_learning_rate=nan"], ["--encoder_learning_rate=nan", "finite"]),
        ("train", ["--critic_learning_rate=3:1,2:1"], ["--critic_learning_rate=3:1,2:1", "in order of time"]),
        ("train", ["--epochs=many"], ["--epochs=many", "an integer, at least 1"]),
        ("train", ["--size=48"], ["--size=48", "64, 32, 16"]),
        ("train", ["--decoder=gru"], ["--decoder=gru", "lstm, dense"]),
        ("train", ["--joint_update=perhaps"], ["--joint_update=perhaps", "true or false"]),
        ("train", ["--motion_bandwidths=1,two"], ["--motion_bandwidths=1,two", "numbers separated by commas"]),
        ("train", ["--validation_fraction=0.6"], ["--validation_fraction=0.6", "from 0.0 to 0.5"]),
        ("train", ["--batchsize=4"], ["--batchsize=4", "did you mean --batch_size?"]),
        ("train", ["--frobnicate"], ["--frobnicate", "--help lists the flags"]),
        ("train", ["--epochs"], ["--epochs", "--name=value"]),
        ("train", ["sprites"], ["'sprites'", "--name=value"]),
        ("train", ["--flagfile=absent.flags"], ["--flagfile=absent.flags", "name a text file"]),
        (
            "train",
            ["--joint_update", "--inference_steps=5"],
            ["--inference_steps=5", "--joint_update=True", "give --inference_steps=1"],
        ),
        ("train", ["--decay_epochs=5"], ["--decay_epochs=5: no such flag",
                                         "--decoder_learning_rate=50:3e-4,50:1.5e-4"]),
        ("train", ["--kernels=plain", "--precision=bfloat16"], ["--kernels=plain", "give --kernels=fast, or"]),
        ("train", ["--dataset=imagenet"], ["dataset='imagenet'", "choose one of", "moving_shapes, "]),
        ("train", ["--batch_size=6", "--replicas=4"], ["--batch_size=6", "--replicas=4", "give a multiple"]),
        ("train", ["--backbone=ds_vae256", "--size=32"], ["--size=32", "backbone=dcgan takes any"]),
        (
            "train",
            ["--backbone=biggan", "--feature_size=128", "--size=32"],
            ["--feature_size=128", "5 even parts at --size=32", "such as 130"],
        ),
        ("train", [*TINY, "--batch_size=13"], ["batch_size=13", "only 12 sequences"]),
        ("train", [*TINY, "--num_digits=2"], ["--num_digits=2 does nothing with --dataset=moving_shapes"]),
        ("evaluate", [], ["--run_dir is missing", "--run_dir=FOLDER"]),
        ("evaluate", ["--run_dir=absent", "--split=train"], ["--split=train", "test, validation"]),
        ("generate", ["--run_dir=absent", "--num=0"], ["--num=0", "at least 1"]),
        ("generate", ["--run_dir=absent", "--mode=nonsense"], ["--mode=nonsense", "generate, swap, reconstruct"]),
        ("generate", ["--run_dir=absent", "--mode=swap", "--num=1"], ["--num=1", "swap needs 2 clips"]),
        ("generate", ["--run_dir=absent", "--out=x.bmp"], ["x.bmp", ".gif .mp4 .png"]),
        ("export", ["--run_dir=absent"], ["--export_dir is missing", "--export_dir=FOLDER"]),
    ],
    ids=lambda value: " ".join(value)[-50:] if isinstance(value, list) else None,
)
def test_flag(refused, command, arguments, says):
    refused(command, *arguments, says=says)


@pytest.mark.parametrize("content, says", [
    (b"--size=32\nbatch_size=4\n", ["few.flags", "'batch_size=4'", "--name=value"]),
    (b"--size=32\n--bach_size=4\n", ["few.flags", "'--bach_size=4'", "did you mean --batch_size?"]),
    (b"--size 32\n", ["few.flags", "'--size 32'", "--name=value"]),
    (b"--data_dir\n--size=32\n", ["few.flags", "'--data_dir'", "--name=value"]),
    (b"--flagfile=few.flags\n", ["--flagfile=few.flags", "includes itself", "drop"]),
    (b"\x89PNG\xff\x00", ["--flagfile=few.flags", "name a text file"]),
], ids=["no dashes", "unknown flag", "space for =", "no value", "circle", "binary"])
def test_flagfile(refused, content, says):
    pathlib.Path("few.flags").write_bytes(content)
    refused("train", "--flagfile=few.flags", says=says)


# Data.

@pytest.fixture(scope="module")
def sheets(tmp_path_factory):
    """A folder of 25 empty sheets."""
    folder = tmp_path_factory.mktemp("sheets")
    size = (64 * sprites.SHEET_COLUMNS, 64 * sprites.SHEET_ROWS)
    for layer, variants in sprites.LAYERS.items():
        (folder / layer).mkdir()
        for variant in variants:
            Image.new("RGBA", size).save(folder / layer / f"{variant}.png")
    return folder


def truncate(path):
    path.write_bytes(path.read_bytes()[:path.stat().st_size // 2])


@pytest.mark.parametrize("sheet, damage, says", [
    ("body/2.png", os.remove, ["no such sheet", "github.com/YingzhenLi/Sprites"]),
    ("body/1.png", truncate, ["not a readable PNG", "github.com/YingzhenLi/Sprites"]),
    ("body/0.png", lambda path: Image.new("RGBA", (64, 64)).save(path), ["832x1344", "not 64x64"]),
    ("body/0.png", lambda path: path.write_text("a page that says 404"), ["not a readable PNG"]),
], ids=["missing", "truncated", "wrong size", "no PNG"])
def test_sheet(refused, workplace, sheets, sheet, damage, says):
    shutil.copytree(sheets, workplace / "data")
    damage(workplace / "data" / sheet)
    refused("train", "--dataset=sprites", "--data_dir=data", says=[f"data/{sheet}", *says])


@pytest.mark.parametrize("dataset, name", [("sprites", "body/0.png"), ("sm_mnist", "mnist.npz")])
def test_missing_data_folder(refused, dataset, name):
    refused("train", f"--dataset={dataset}", "--data_dir=absent", says=[f"absent/{name}", "https://"])


@pytest.mark.parametrize("dataset", ["sprites", "sm_mnist"])
def test_no_data_dir(refused, dataset):
    refused("train", f"--dataset={dataset}", says=[f"{dataset} needs data_dir", "https://"])


def mnist(**changes):
    """The arrays of a small mnist.npz."""
    arrays = {"x_train": np.zeros((8, 28, 28), np.uint8), "y_train": np.arange(8, dtype=np.uint8),
              "x_test": np.zeros((8, 28, 28), np.uint8), "y_test": np.arange(8, dtype=np.uint8)}
    return {name: array for name, array in {**arrays, **changes}.items() if array is not None}


@pytest.mark.parametrize("changes, says", [
    ({"x_train": None}, ["'x_train'", "keys must be"]),
    ({"x_train": np.full((8, 28, 28), np.nan, np.float32)}, ["x_train must be uint8", "float32"]),
    ({"x_train": np.zeros((8, 784), np.uint8)}, ["x_train must be uint8 [N, 28, 28]", "[8, 784]"]),
    ({"y_train": np.arange(5)}, ["y_train must be integers [8]", "[5]"]),
    ({"y_train": np.arange(8) + 5}, ["y_train must", "0 to 9", "5 to 12"]),
    ({"x_train": np.array([None] * 8)}, ["not a readable npz"]),
], ids=["missing key", "NaN in floats", "flat images", "short labels", "class 12", "pickled"])
def test_mnist_array(refused, workplace, changes, says):
    (workplace / "data").mkdir()
    np.savez(workplace / "data" / "mnist.npz", **mnist(**changes))
    refused("train", "--dataset=sm_mnist", "--data_dir=data", says=["data/mnist.npz", *says])


@pytest.mark.parametrize("damage", [truncate, b"a page that says 404", b""], ids=["truncated", "no npz", "empty"])
def test_mnist_file(refused, workplace, damage):
    (workplace / "data").mkdir()
    path = workplace / "data" / "mnist.npz"
    np.savez(path, **mnist())
    damage(path) if callable(damage) else path.write_bytes(damage)
    refused("train", "--dataset=sm_mnist", "--data_dir=data", says=["data/mnist.npz", "not a readable npz", "https://"])


# The folder of a run.

@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a finished run of three iterations, with a checkpoint of each."""
    run_dir = tmp_path_factory.mktemp("trained") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(moving_shapes.COUNTS, "train", CLIPS)
        assert importlib.import_module("rwae_tf.train").main(["train", *TINY, f"--run_dir={run_dir}"]) == 0
    return run_dir


@pytest.fixture
def run_dir(workplace, trained):
    """A copy of the trained run, to be broken."""
    return pathlib.Path(shutil.copytree(trained, workplace / "run").name)


def edit(name, *keys, value):
    """A function that sets a value deep in a JSON file of a run."""
    def change(run_dir):
        values = json.loads((run_dir / name).read_text())
        inner = values
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value
        (run_dir / name).write_text(json.dumps(values))
    return change


def checkpoint(suffix):
    """The file of the newest checkpoint that ends in `suffix`."""
    return lambda run_dir: next((run_dir / "checkpoints").glob(f"ckpt-3.*{suffix}"))


def garble(find):
    def change(run_dir):
        size = find(run_dir).stat().st_size
        find(run_dir).write_bytes(np.random.default_rng(0).bytes(size))
    return change


BROKEN_RUNS = {
    "no folder": (shutil.rmtree, ["run/config.json", "name the folder of a training run"]),
    "no config": (lambda run: (run / "config.json").unlink(), ["run/config.json", "name the folder"]),
    "config cut short": (lambda run: truncate(run / "config.json"), ["run/config.json", "not a configuration in JSON"]),
    "config a list": (lambda run: (run / "config.json").write_text("[]"), ["run/config.json", "train in a new folder"]),
    "unknown key": (edit("config.json", "model", "wings", value=2), ["run/config.json", "'wings'", "drop it"]),
    "unknown section": (edit("config.json", "judge", value={}), ["run/config.json", "'judge'", "known are data"]),
    "wrong type": (edit("config.json", "data", "size", value="16"), ["run/config.json", "size='16'", "an integer"]),
    "out of range": (edit("config.json", "training", "batch_size", value=1), ["batch_size=1", "at least 2"]),
    "no spec": (lambda run: (run / "spec.json").unlink(), ["run/spec.json", "name the folder"]),
    "spec not JSON": (lambda run: truncate(run / "spec.json"), ["run/spec.json", "train in a new folder"]),
    "spec without length": (lambda run: (run / "spec.json").write_text('{"frame_shape": [16, 16, 3]}'),
                            ["run/spec.json", "length", "train in a new folder"]),
    "spec of no size": (edit("spec.json", "frame_shape", value=[16, 0, 3]), ["run/spec.json", "positive integers"]),
    "no checkpoint": (lambda run: shutil.rmtree(run / "checkpoints"), ["run/checkpoints", "train the run first"]),
    "weights cut short": (lambda run: truncate(checkpoint("00001")(run)), ["ckpt-3", "delete its files"]),
    "no weights": (lambda run: checkpoint("00001")(run).unlink(), ["ckpt-3", "delete its files"]),
    "garbage in weights": (garble(checkpoint("00001")), ["ckpt-3", "delete its files"]),
    "no index": (lambda run: checkpoint("index")(run).unlink(), ["ckpt-3", "delete its files"]),
    "index cut short": (lambda run: truncate(checkpoint("index")(run)), ["ckpt-3", "delete its files"]),
    "garbage in index": (garble(checkpoint("index")), ["ckpt-3", "delete its files"]),
    "other widths": (edit("config.json", "model", "content_size", value=7),
                     ["ckpt-3: whole", "of another configuration"]),
    "more layers": (edit("config.json", "model", "decoder", value="lstm"), ["ckpt-3", "of another configuration"]),
    "actions": (edit("config.json", "model", "action_size", value=3), ["ckpt-3", "of another configuration"]),
    "other critic": (edit("config.json", "objective", "content_divergence", value="adversarial"),
                     ["ckpt-3", "of another configuration"]),
}


@pytest.mark.slow
@pytest.mark.parametrize("damage, says", BROKEN_RUNS.values(), ids=BROKEN_RUNS)
def test_run_that_cannot_be_loaded(refused, run_dir, damage, says):
    damage(run_dir)
    refused("generate", f"--run_dir={run_dir}", "--out=clips.gif", says=says)


@pytest.mark.parametrize("command", ["evaluate", "export"])
def test_missing_run(refused, command):
    arguments = ["--export_dir=exported"] if command == "export" else []
    refused(command, "--run_dir=absent", *arguments, says=["absent/config.json", "name the folder"])


@pytest.mark.slow
def test_no_clips_were_held_out(refused, run_dir):
    refused(
        "evaluate", f"--run_dir={run_dir}", "--split=validation", says=["split=validation", "--validation_fraction=0.1"]
    )


@pytest.mark.parametrize("path, says", [
    ("absent.h5", ["No such file"]), ("imagenet", ["No such file"]), ("page.h5", ["file signature not found"]),
    (".", ["Is a directory"]),
])
@pytest.mark.slow
def test_inception_weights(refused, run_dir, path, says):
    pathlib.Path("page.h5").write_text("a page that says 404")
    refused("evaluate", f"--run_dir={run_dir}", f"--inception_weights={path}",
            says=[f"--inception_weights={path}", "download inception_v3_weights", *says])


@pytest.mark.slow
@pytest.mark.parametrize("damaged", ["00001", "index"])
def test_half_written_checkpoint_is_set_aside(run_dir, capsys, damaged):
    truncate(checkpoint(damaged)(run_dir))
    assert importlib.import_module("rwae_tf.train").main(["train", *TINY, f"--run_dir={run_dir}"]) == 0
    assert "ckpt-3: damaged (" in (said := capsys.readouterr().err) and "going on from ckpt-2" in said
    assert runs.load_run(str(run_dir)).budget["iterations"] == 3


@pytest.mark.slow
def test_without_the_damaged_files_the_checkpoint_before_is_taken(run_dir):
    for path in (run_dir / "checkpoints").glob("ckpt-3.*"):
        path.unlink()
    assert runs.load_run(str(run_dir)).budget["iterations"] == 2


@pytest.mark.slow
def test_a_finished_run_without_its_list_of_checkpoints_is_left_as_it_is(run_dir):
    """Three iterations are done: there is nothing to train, and nothing of the run is written anew."""
    (run_dir / "checkpoints" / "checkpoint").unlink()
    before = snapshot(run_dir)
    times = {path: path.stat().st_mtime_ns for path in (run_dir / "checkpoints").iterdir()}
    assert importlib.import_module("rwae_tf.train").main(["train", *TINY, f"--run_dir={run_dir}"]) == 0
    after = snapshot(run_dir)
    assert {path: after[path] for path in before} == before and (run_dir / "metrics.jsonl").stat().st_size > 0
    assert {path: path.stat().st_mtime_ns for path in (run_dir / "checkpoints").iterdir()} == times


@pytest.mark.slow
@pytest.mark.parametrize(
    "flag, says",
    [
        ("--content_size=7", "content_size (6 -> 7)"),
        ("--decoder=lstm", "decoder (dense -> lstm)"),
        ("--seed=1", "seed (0 -> 1)"),
        ("--validation_fraction=0.25", "validation_fraction (0.0 -> 0.25)"),
        ("--size=32", "size (16 -> 32)"),
    ],
)
def test_run_of_another_configuration(refused, run_dir, flag, says):
    refused("train", *TINY, flag, f"--run_dir={run_dir}", says=["run: ", says, "take another --run_dir"])


# Data that changed since the run was made.

@pytest.mark.slow
@pytest.mark.parametrize("command, flags", [("train", TINY), ("evaluate", [])])
def test_data_that_changed_are_noticed(refused, run_dir, monkeypatch, command, flags):
    monkeypatch.setitem(moving_shapes.COUNTS, "train", CLIPS + 1)
    refused(command, *flags, f"--run_dir={run_dir}",
            says=["not the data that run was made with", f"{CLIPS} clips are {CLIPS + 1}", "--accept_changed_data"])


@pytest.mark.slow
def test_data_that_changed_are_accepted_and_recorded(run_dir, monkeypatch):
    from rwae_tf.training import loop

    monkeypatch.setitem(moving_shapes.COUNTS, "train", CLIPS + 1)
    monkeypatch.setattr(loop.Loop, "run", lambda self: 0)
    main = importlib.import_module("rwae_tf.train").main
    assert main(["train", *TINY, f"--run_dir={run_dir}", "--accept_changed_data"]) == 0
    assert main(["train", *TINY, f"--run_dir={run_dir}"]) == 0
    assert json.loads((run_dir / "data.json").read_text())["clips"] == CLIPS + 1


# Places that cannot be written; the modes of folders do not bind root, who may run these tests.

def test_run_dir_is_a_file(refused):
    pathlib.Path("run").write_text("a file")
    refused("train", *TINY, "--run_dir=run", says=["run: cannot be written", "take another --run_dir"])


def test_run_dir_below_a_file(refused):
    pathlib.Path("file").write_text("a file")
    refused("train", *TINY, "--run_dir=file/run", says=["file/run: cannot be written", "take another --run_dir"])


def test_read_only_run_dir(refused, monkeypatch):
    def forbidden(path, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "makedirs", forbidden)
    refused("train", *TINY, "--run_dir=run", says=["run: cannot be written", "Permission denied", "take another"])


@pytest.mark.slow
def test_full_disk_leaves_no_half_configuration(refused, run_dir, monkeypatch):
    def full(part, path):
        raise OSError(28, "No space left on device", part)

    monkeypatch.setattr(os, "replace", full)
    refused("train", *TINY, "--epochs=2", f"--run_dir={run_dir}", says=["run: ", "No space left", "another --run_dir"])


@pytest.mark.slow
@pytest.mark.parametrize("out", ["file/clips.gif", "file/clips.png", "file/clips.mp4"])
def test_figure_below_a_file(refused, run_dir, out):
    pathlib.Path("file").write_text("a file")
    refused("generate", f"--run_dir={run_dir}", "--num=1", "--length=2", f"--out={out}",
            says=["/file: ", "check the path"])


@pytest.mark.slow
def test_figure_that_is_a_folder(refused, run_dir):
    pathlib.Path("clips.png").mkdir()
    refused("generate", f"--run_dir={run_dir}", "--num=1", "--length=2", "--out=clips.png", says=["clips.png"])


@pytest.mark.slow
@pytest.mark.parametrize("export_dir", ["file", "file/exported"])
def test_export_to_a_file(refused, run_dir, export_dir):
    pathlib.Path("file").write_text("a file")
    refused("export", f"--run_dir={run_dir}", f"--export_dir={export_dir}", says=[export_dir])


@pytest.mark.slow
def test_evaluation_cannot_be_written(refused, run_dir):
    (run_dir / "evaluation").write_text("a file")
    refused("evaluate", f"--run_dir={run_dir}", says=["run/evaluation", "check the path"])


@pytest.mark.slow
def test_checkpoints_cannot_be_written(refused):
    pathlib.Path("run").mkdir()
    pathlib.Path("run/checkpoints").write_text("a file")
    # Out of time at once: the first thing it does is to save.
    refused("train", *TINY, "--max_minutes=1e-9", "--run_dir=run",
            says=["run/checkpoints", "no checkpoint can be written (File exists); move away what is there"],
            kept="run/checkpoints*")


@pytest.mark.slow
def test_more_clips_than_there_are(refused, run_dir):
    refused("generate", f"--run_dir={run_dir}", "--mode=reconstruct", "--num=13", says=["--num=13", "12 clips"])


# Training that diverges.

@pytest.mark.slow
def test_diverging_training_keeps_nothing(refused):
    refused("train", *TINY, "--decoder_learning_rate=1e30", "--log_every=3", "--run_dir=run",
            says=["diverged before iteration", "step 1, phase joint: ", "reconstruction is ", "none was saved yet",
                  "lower the learning rates"], kept="*ckpt*")


@pytest.mark.slow
def test_nan_in_training_names_the_last_good_checkpoint(refused, run_dir, monkeypatch):
    frames = moving_shapes.Dataset.batch

    def batch(self, *args):
        made = frames(self, *args)
        return {**made, "x": np.full_like(made["x"], np.nan)}

    monkeypatch.setattr(moving_shapes.Dataset, "batch", batch)
    refused("train", *TINY, "--epochs=2", f"--run_dir={run_dir}",
            says=["diverged before iteration 4", "step 3, phase joint: ", "reconstruction is nan", "the gradient of ",
                  " in encoders is not finite", "last good checkpoint: run/checkpoints/ckpt-3", "new --run_dir",
                  "--skip_nonfinite_steps"], kept="*ckpt*")


# As a user starts them.

@pytest.mark.parametrize("command, arguments, says", [
    ("train", ["--dataset=sprites", "--data_dir=absent"], "absent/body/0.png: no such sheet"),
    ("generate", ["--run_dir=absent"], "absent/config.json: No such file"),
])
@pytest.mark.slow
def test_command_line(tmp_path, command, arguments, says):
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-m", f"rwae_tf.{command}", *arguments], cwd=tmp_path, env=environment,
                         capture_output=True, text=True, timeout=120)
    assert ran.returncode == 1
    *logs, line = ran.stderr.splitlines()  # TensorFlow 2.21 logs a few lines even so
    assert line.startswith("error: ") and says in line
    assert not [log for log in logs if "rwae_tf" in log or log.startswith(("error", "Traceback", " "))]
    assert not list(tmp_path.iterdir())


def test_help_into_a_closed_pipe_ends_quietly(tmp_path):
    command = f"{sys.executable} -m rwae_tf.train --help | head -1"
    ran = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ran.stdout == "Train a model; the same command resumes it.\n"
    assert ran.stderr == ""
