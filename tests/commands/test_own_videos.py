"""From a folder of GIFs to a trained, judged and evaluated model, by the commands, on tiny videos."""

import importlib
import json
import pathlib
import subprocess

import films
import numpy as np
import pytest

import rwae_tf
from rwae_tf import data
from rwae_tf.data.video import decoding
from rwae_tf.evaluation import judge_measures

DATA = "--dataset=folder --size=16 --length=4 --label_names=who,how --motion_labels=how --skip_invalid".split()
TINY = ("--channels=4 --feature_size=8 --content_size=6 --motion_size=3 --hidden_size=8 --decoder=dense --batch_size=6 "
        "--content_encoder=forward --inference_steps=1 --joint_update --epochs=2 --log_every=1").split()
WHO, HOW = ("ann", "bob"), ("left", "right", "still")


def main(command, *arguments):
    """Run a command in this process; its exit status."""
    return importlib.import_module(f"rwae_tf.{command}").main([command, *map(str, arguments)])


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """WHO/HOW/N.gif, 8 frames of a square of the colour of who, that moves as how says; and one broken file."""
    folder = tmp_path_factory.mktemp("own") / "my videos"
    for k, who in enumerate(WHO):
        for step, how in zip((-4, 4, 0), HOW, strict=True):
            for number in range(3):
                frames = np.zeros((8, 64, 64, 3), np.uint8)
                for t in range(8):
                    left = 26 + step * (t - 4) + number
                    frames[t, 20 + number:40 + number, left:left + 20, k] = 200
                frames[:, 0, :8, 2] = 30 * np.arange(8)[:, None]  # a clock: no two frames alike
                films.write_gif(folder / who / how / f"{number}.gif", frames)
    (folder / "ann" / "left" / "broken.gif").write_bytes(b"GIF89a")
    return folder


@pytest.mark.slow
def test_from_videos_to_an_evaluated_model(videos, tmp_path, capsys, monkeypatch):
    run, judge = tmp_path / "run", tmp_path / "judge"
    assert main("train", *DATA, *TINY, f"--data_dir={videos}", f"--run_dir={run}") == 0
    said = capsys.readouterr().err
    assert f"{videos}: 1 left out as bad: {videos}/ann/left/broken.gif: a GIF cut short" in said
    assert "labels: who (2 classes, content), how (3 classes, motion)" in said
    monkeypatch.setattr(decoding.Reader, "frames", None)  # from here on nothing is decoded again

    monkeypatch.setattr(judge_measures, "LONG", 8)  # frames of long samples, for speed
    assert (
        main("judge", *DATA, f"--data_dir={videos}", "--architecture=linear", "--steps=5", f"--judge_dir={judge}") == 0
    )
    assert main("evaluate", f"--run_dir={run}", f"--judge_dir={judge}", "--repeats=1") == 0
    measured = json.loads((run / "evaluation" / "metrics.json").read_text())
    test = data.load("folder", "test", videos, 16, 4, label_names="who,how", motion_labels="how", skip_invalid=True)
    # A fifth of 19 videos is 4; 8 // 4 = 2 clips of each but the broken one.
    assert measured["test_sequences"] == len(test) == 6
    assert measured["static_kept"]["per_factor"].keys() == {"who"}
    assert measured["dynamic_kept"]["per_factor"].keys() == {"how"}
    assert measured["budget"]["sequences"] == 60  # 15 training videos, 30 clips, two passes
    for name in ("report.html", "swap.png", "reconstruct.png", "generate.gif"):
        assert (run / "evaluation" / name).stat().st_size > 0

    x = test.batch(np.arange(2))["x"]
    assert rwae_tf.load(str(run)).reconstruct(x).shape == x.shape


@pytest.mark.slow
def test_a_judge_of_other_clips_of_the_folder_is_refused(videos, tmp_path):
    assert (
        main("judge", *DATA, f"--data_dir={videos}", "--architecture=linear", "--steps=1", f"--judge_dir={tmp_path}")
        == 0
    )
    for other, words in (("--grey", r"grey \(False -> True\)"), ("--frame_step=2", r"frame_step \(1 -> 2\)")):
        with pytest.raises(rwae_tf.errors.InputError, match=words):
            main(
                "judge",
                *DATA,
                other,
                f"--data_dir={videos}",
                "--architecture=linear",
                "--steps=1",
                f"--judge_dir={tmp_path}",
            )


@pytest.mark.parametrize("arguments", [(), ("tools/own/folder.flags",), ("no.flags", ".", "run"),
                                       ("tools/own/folder.flags", "nowhere", "run")])
def test_the_script_for_own_data_says_how_it_is_called(arguments):
    root = pathlib.Path(__file__).parents[2]
    command = ["bash", root / "tools" / "own_data.sh", *arguments]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert ended.returncode == 2 and ended.stderr.startswith("error: usage:") and len(ended.stderr.splitlines()) == 1
