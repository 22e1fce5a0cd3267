"""A run that is missing, damaged or of another configuration ends every command with one line."""

import importlib
import pathlib
import shutil

import pytest
from spoil import TINY, checkpoint, edit, garble, snapshot, truncate

from rwae_tf.runs import run_dir as runs

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
