"""A weakly supervised run from end to end: evaluate, the picture of its actions, what its export says of them."""

import contextlib
import io
import json
import types

import numpy as np
import pytest
import tiny
from PIL import Image

import rwae_tf
from rwae_tf import data, errors, evaluate, generate, judge
from rwae_tf.evaluation import action_matching
from rwae_tf.runs import run_dir
from rwae_tf.serving import model_card, signatures


def untrained(folder, **changes):
    """Makes `folder` a run of lamps with an untrained model."""
    tiny.save_run(folder, tiny.config(dataset="lamps", **changes))
    return folder


@pytest.fixture(scope="module")
def weak(lamps, tmp_path_factory):
    """A run with four actions for three trends, evaluated with a judge: its folder, and what was printed."""
    folder = untrained(tmp_path_factory.mktemp("weak"), action_size=4)
    judge_dir, printed = tmp_path_factory.mktemp("judge"), io.StringIO()
    judge.main(["judge", *"--dataset=lamps --size=16 --length=4 --architecture=linear --steps=60".split(),
                f"--judge_dir={judge_dir}"])
    with contextlib.redirect_stdout(printed):
        evaluate.main(["evaluate", f"--run_dir={folder}", f"--judge_dir={judge_dir}", "--repeats=1"])
    return types.SimpleNamespace(folder=folder, printed=printed.getvalue())


@pytest.mark.slow
def test_evaluate_matches_measures_and_shows_actions(weak):
    found = json.loads((weak.folder / "evaluation" / "metrics.json").read_text())["action"]
    saved = json.loads((weak.folder / "actions.json").read_text())
    assert saved == {name: found[name] for name in saved} and saved["iterations"] == 0 and saved["clips"] == 270
    assert set(found) - set(saved) == {"recognised", "swap", "conditional"} and found["factor"] == "trend"
    assert sorted(map(str, found["matching"])) == ["None", "down", "level", "up"]

    # The counts, from the public verb and the labels.
    model, train = rwae_tf.load(str(weak.folder)), data.load("lamps", "train", size=16, length=4)
    taken = np.asarray(model.encode(train.batch(np.arange(270))["x"]).action).argmax(1)
    trends = train.labels(np.arange(270))["trend"]
    np.testing.assert_array_equal(found["counts"], [[((taken == k) & (trends == y)).sum() for y in range(3)]
                                                    for k in range(4)])
    # Of 90 clips 23, 23, 22 and 22 ask for the four actions; the one without a class is never right.
    conditional = found["conditional"]
    extra = found["matching"].index(None)
    assert conditional["at_most"] == pytest.approx(1 - (23 if extra < 2 else 22) / 90)
    assert conditional["per_category"][extra] == 0.0
    assert conditional["inception_score"] == pytest.approx(np.exp(conditional["h_y"] - conditional["h_y_given_v"]))
    for text in ("actions of training clips", "4 actions for 3 classes: 1 mean none", "swap: z_m and a of a clip",
                 f"conditional: a given, all else new    accuracy {100 * conditional['accuracy']:.1f}"):
        assert text in weak.printed, weak.printed
    page = (weak.folder / "evaluation" / "report.html").read_text()
    assert "<h2>Actions</h2>" in page and page.count("<img") == 7 and "actions.png" in weak.printed


@pytest.mark.slow
def test_picture_has_a_named_row_per_action(weak, tmp_path):
    generate.main(["generate", f"--run_dir={weak.folder}", "--mode=actions", "--num=6"])
    one, two = (Image.open(weak.folder / name / "actions.png") for name in ("evaluation", "figures"))
    assert one.size == two.size and (np.asarray(one) == np.asarray(two)).all()  # both of the run's seed, 0
    run = run_dir.load_run(str(weak.folder))
    model, found = run.model, run_dir.read_actions(run)
    clips, names = action_matching.draw_table(model, 6, 4, 0, found)
    assert names == ["up", "down", "level", f"category {found['matching'].index(None)}"]
    # Frames of 16 pixels are shown as 64; three of six columns' frames. The last cell of the last row, its first frame.
    width = 3 * 65 - 1
    shown = np.asarray(one)[-64:, -width:-width + 64]
    np.testing.assert_array_equal(shown[::4, ::4], np.rint(np.clip(clips[-1, -1, 0], 0, 1) * 255))
    # In a column only the action differs: the decoder is given the same codes beside it.
    action = np.eye(4, dtype=np.float32)[[found["matching"].index("down")]]
    seeds = (np.random.SeedSequence(0).generate_state(6) >> 1).astype(np.int32)
    np.testing.assert_allclose(clips[1, 2], model.generate(length=4, seed=seeds[2:3], action=action)[0], atol=1e-6)


@pytest.mark.slow
def test_export_says_which_action_is_which(weak, tmp_path, monkeypatch):
    # The signatures on bytes, which take longest to trace, say nothing of it.
    monkeypatch.setattr(signatures, "signatures", signatures.on_tensors)
    path = rwae_tf.export(str(weak.folder), str(tmp_path / "E"))
    card = open(f"{path}/README.md", encoding="utf-8").read()
    names = json.loads((weak.folder / "actions.json").read_text())["matching"]
    line = ", ".join(f"{k} {name or 'nothing known'}" for k, name in enumerate(names))
    assert f"- `action`: one-hot, by entry the trend that it was matched to: {line}." in card


def test_without_evaluation_nothing_is_known(lamps, tmp_path):
    folder = untrained(tmp_path / "run", action_size=3)
    out = tmp_path / "a.gif"
    generate.main(["generate", f"--run_dir={folder}", "--mode=actions", "--num=2", "--length=3", f"--out={out}"])
    assert Image.open(out).n_frames == 3
    model = rwae_tf.load(str(folder))
    card = model_card.write(model, {"encode": signatures.signatures(model)["encode"]})
    assert "Which entry of `action` means what is not known" in card


def test_a_model_without_actions_has_no_such_picture(lamps, tmp_path):
    folder = untrained(tmp_path / "run")
    with pytest.raises(errors.InputError, match="--mode=actions: .* no model of videos with actions"):
        generate.main(["generate", f"--run_dir={folder}", "--mode=actions"])
