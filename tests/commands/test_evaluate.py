"""The evaluate command on a run: its numbers against the public verbs, its files, its table."""

import base64
import html
import json

import numpy as np
import pytest
import tiny

import rwae_tf
from rwae_tf import data, errors, evaluate, judge
from rwae_tf.evaluation import console, evaluators
from rwae_tf.figures import plots
from rwae_tf.judges import storage as judge_storage
from rwae_tf.metrics import inception
from rwae_tf.runs import checkpoints, run_dir


def untrained(folder, config):
    """Makes `folder` a run of 4500 batches in 12 seconds, with an untrained model in it."""
    spec = data.from_config(config.data, "train").spec
    run_dir.prepare(str(folder), config, spec)
    model = run_dir.build(config, spec)
    counters = checkpoints.Counters()
    counters.batches.assign(4500)
    counters.seconds.assign(12.0)
    checkpoints.Checkpoints(str(folder), model, {}, counters).save()
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on moving_shapes."""
    return untrained(tmp_path_factory.mktemp("run"), tiny.config())


@pytest.fixture(scope="module")
def lamp_judge(lamps, tmp_path_factory):
    """The folder of a linear judge of lamps."""
    folder = tmp_path_factory.mktemp("judge")
    judge.main(["judge", *"--dataset=lamps --size=16 --length=4 --architecture=linear --steps=60".split(),
                f"--judge_dir={folder}"])
    return folder


@pytest.mark.slow
def test_evaluate_measures_every_test_sequence(run, capsys):
    assert evaluate.main(["evaluate", f"--run_dir={run}"]) == 0
    printed = capsys.readouterr().out
    found = json.loads((run / "evaluation" / "metrics.json").read_text())

    model = rwae_tf.load(str(run))
    test = data.load("moving_shapes", "test", size=16, length=4)
    errors = []
    for batch in test.batches(700):
        x = batch["x"].astype(np.float64)
        errors.extend(((x - np.asarray(model.reconstruct(batch["x"]))) ** 2).sum((1, 2, 3, 4)))
    assert found["test_sequences"] == len(errors) == 3600
    np.testing.assert_allclose(found["squared_error_per_sequence"], np.mean(errors), rtol=1e-5)
    # 4500 batches of 4 are 18,000 sequences, two passes of 9,000.
    assert found["budget"]["passes"] == 2.0 and found["budget"]["seconds"] == 12.0
    assert found["config"]["data"]["size"] == 16 and found["split"] == "test"
    for line in ("squared error per sequence", "mean training image", "first frame repeated", "over 3600 test",
                 "disentanglement: not measured", "python -m rwae_tf.judge", "--judge_dir=FOLDER"):
        assert line in printed
    for name in ("reconstruct.png", "swap.png", "generate.png", "generate.gif", "report.html"):
        assert (run / "evaluation" / name).stat().st_size > 500 and name in printed
    assert not list((run / "evaluation").glob("*.part"))

    page = (run / "evaluation" / "report.html").read_text()
    for text in (f"{found['squared_error_per_sequence']:.1f} (the mean training", "3600 test clips",
                 "z_c of 1000 clips", "metrics.jsonl is missing", "What the codes hold is not known",
                 f"python -m rwae_tf.evaluate --run_dir={run} --judge_dir=FOLDER", "trained for</th><td>2.0 passes"):
        assert text in page
    for name in ("reconstruct.png", "swap.png", "generate.png", "generate.gif"):
        assert base64.b64encode((run / "evaluation" / name).read_bytes()).decode() in page


@pytest.mark.slow
def test_report_shows_the_log_of_the_run(lamps, tmp_path, monkeypatch):
    run = untrained(tmp_path / "run", tiny.config(dataset="lamps"))
    (run / "metrics.jsonl").write_text('{"iteration": 5, "epoch": 1.0, "terms": {"reconstruction": 3.0}}\n{"epoch": 2')
    drawn = []
    monkeypatch.setattr(plots, "curves", lambda panels: drawn.extend(panels) or b"curves")
    evaluate.main(["evaluate", f"--run_dir={run}"])
    assert drawn == [("squared error, log scale", [1.0], [3.0], True)]
    page = (run / "evaluation" / "report.html").read_text()
    assert "z_c of 90 clips" in page and base64.b64encode(b"curves").decode() in page


@pytest.mark.slow
def test_a_single_test_clip_is_evaluated(lamps, lamp_judge, tmp_path, monkeypatch):
    run = untrained(tmp_path / "run[1]", tiny.config(dataset="lamps"))  # whose name TensorFlow takes for a pattern
    monkeypatch.setitem(lamps.COUNTS, "test", 1)
    assert evaluate.main(["evaluate", f"--run_dir={run}"]) == 0
    assert json.loads((run / "evaluation" / "metrics.json").read_text())["test_sequences"] == 1
    assert (run / "evaluation" / "swap.png").stat().st_size > 500
    with pytest.raises(errors.InputError, match="--judge_dir=.*: its measures compare clips, and split=test has 1"):
        evaluate.main(["evaluate", f"--run_dir={run}", f"--judge_dir={lamp_judge}"])


@pytest.mark.slow
def test_loaded_model_has_the_weights_that_were_saved(run):
    one, two = rwae_tf.load(str(run)), rwae_tf.load(str(run))
    x = next(data.load("moving_shapes", "test", size=16, length=4).batches(2))["x"]
    np.testing.assert_array_equal(one.reconstruct(x), two.reconstruct(x))
    for variable in one.trainable_variables:
        variable.assign(variable + 0.01)
    assert np.abs(np.asarray(one.reconstruct(x)) - np.asarray(two.reconstruct(x))).max() > 1e-4


@pytest.mark.slow
def test_evaluate_with_a_judge_measures_what_each_code_holds(lamps, lamp_judge, tmp_path, capsys):
    run = untrained(tmp_path / "run", tiny.config(dataset="lamps", evaluate_content="sample"))
    arguments = ["evaluate", f"--run_dir={run}", f"--judge_dir={lamp_judge}", "--repeats=2"]
    assert evaluate.main(arguments) == 0
    printed = capsys.readouterr().out
    found = json.loads((run / "evaluation" / "metrics.json").read_text())

    assert set(found) >= {
        "static_kept", "dynamic_kept", "leakage", "inception_score", "h_y_given_v", "h_y", "frechet_judge", "fid",
        "fid_note", "with_mean", "consistency", "probes", "usage", "influence", "verdicts", "judge", "repeats", "codes",
        "squared_error_per_sequence", "budget", "config"}
    assert found["test_sequences"] == 90 and found["repeats"] == 2 and found["codes"] == "sample"
    assert set(found["static_kept"]) == {"accuracy", "agreement", "per_factor", "mean", "std"}
    assert set(found["static_kept"]["per_factor"]) == {"colour"}
    assert set(found["dynamic_kept"]["per_factor"]) == {"trend"}
    # An untrained decoder gives about the same clip for all codes: the judge sees one colour, at chance.
    assert abs(found["static_kept"]["mean"] - 1 / 3) < 0.15
    assert found["verdicts"] and found["fid"] is None
    assert found["judge"]["on_real"] == {"colour": 1.0, "trend": 1.0} and found["judge"]["dir"] == str(lamp_judge)
    assert found["usage"]["z_c"]["dimensions"] == 6 and found["usage"]["z_m"]["dimensions"] == 3
    assert found["consistency"]["frames"] == 100
    for word in ("judge (linear, seed 0)", "static kept", "dynamic kept", "leakage", "trend under z_c", "H(y|v)",
                 "linear probes", "from z_m", "use of z_c", "verdict: z_m is dead", "chance 33.3 %"):
        assert word in printed
    assert "not measured" not in printed

    page = html.unescape((run / "evaluation" / "report.html").read_text())
    for row in (*found["static_kept"]["per_factor"].values(), *found["dynamic_kept"]["per_factor"].values(),
                *found["leakage"].values()):
        assert f"<b>{console.percent(row['accuracy'])}</b>" in page
        assert f"chance {console.percent(row['chance'])}</small>" in page
    for text in (*found["verdicts"], *console.lines(found), *(f"<td>{text}" for _, text in console.key_numbers(found)),
                 f"made by</th><td>python -m rwae_tf.evaluate --run_dir={run} --judge_dir={lamp_judge} --repeats=2"):
        assert text in page
    assert "Not measured" not in page and page.count("<img") == 6  # no curves: the run has no log

    first = (run / "evaluation" / "metrics.json").read_text()
    evaluate.main(arguments)
    assert (run / "evaluation" / "metrics.json").read_text() == first  # the run's seed decides every draw


@pytest.mark.slow
def test_evaluate_measures_what_needs_no_encoder(lamps, lamp_judge, tmp_path, capsys):
    run = untrained(tmp_path / "run", tiny.config(dataset="lamps", model="mocogan", action_size=3))
    assert evaluate.main(["evaluate", f"--run_dir={run}", f"--judge_dir={lamp_judge}", "--repeats=2"]) == 0
    printed = capsys.readouterr().out
    found = json.loads((run / "evaluation" / "metrics.json").read_text())
    assert found["squared_error_per_sequence"] is None and found["baselines"]["mean_image"] > 0
    assert found["static_kept"] is found["probes"] is None and found["match"] == found["usage"] == {}
    assert found["judge"]["on_real"] == {"colour": 1.0, "trend": 1.0} and found["inception_of"] == "trend"
    assert sorted(found["action"]["matching"]) == ["down", "level", "up"] and found["action"]["clips"] == 300
    assert found["consistency"]["frames"] == 100 and found["frechet_judge"] > 0
    assert console.NO_ENCODER in printed and "conditional: a given" in printed and "static kept" not in printed
    assert sorted(path.name for path in (run / "evaluation").iterdir()) == [
        "actions.png", "generate.gif", "generate.png", "metrics.json", "report.html"]
    assert console.NO_ENCODER in (run / "evaluation" / "report.html").read_text()
    assert run_dir.read_actions(run_dir.load_run(str(run)))["matching"] == found["action"]["matching"]


@pytest.mark.slow
def test_evaluate_measures_held_out_clips_in_a_folder_of_their_own(lamps, lamp_judge, tmp_path, capsys):
    run = untrained(tmp_path / "run", tiny.config(dataset="lamps", validation_fraction=0.1))
    # The judge has learned from all training clips; it reads those that a run held out no less.
    arguments = ["evaluate", f"--run_dir={run}", f"--judge_dir={lamp_judge}", "--repeats=1", "--split=validation"]
    assert evaluate.main(arguments) == 0
    printed = capsys.readouterr().out
    found = json.loads((run / "evaluation_validation" / "metrics.json").read_text())
    assert not (run / "evaluation").exists() and (run / "evaluation_validation" / "swap.png").exists()
    assert found["split"] == "validation" and found["test_sequences"] == 27  # a tenth of 270
    assert "over 27 validation sequences" in printed and "real validation clips" in printed
    assert found["budget"]["passes"] == 74.074  # 18,000 sequences, 243 in a pass
    train, validation = (
        data.load("lamps", split, size=16, length=4, validation_fraction=0.1) for split in data.SPLITS[:2]
    )
    mean = train.batch(np.arange(243))["x"].astype(np.float64).mean((0, 1))
    expected = ((validation.batch(np.arange(27))["x"] - mean) ** 2).sum((1, 2, 3, 4)).mean()
    np.testing.assert_allclose(found["baselines"]["mean_image"], expected, rtol=1e-6)


@pytest.mark.slow
def test_evaluate_with_inception_weights_measures_frames(lamps, tmp_path, capsys, monkeypatch):
    run = untrained(tmp_path / "run", tiny.config(dataset="lamps"))
    network = inception.Network(lambda pictures: pictures.mean((1, 2)), "mean colours")  # in place of 88 MB
    monkeypatch.setattr(inception, "load", lambda path, frame_shape: network)
    monkeypatch.setattr(inception, "FRAMES", 60)
    assert evaluate.main(["evaluate", f"--run_dir={run}", "--inception_weights=FILE", "--repeats=2"]) == 0
    found = json.loads((run / "evaluation" / "metrics.json").read_text())

    model, test = rwae_tf.load(str(run)), data.load("lamps", "test", size=16, length=4)
    x = next(test.batches(90))["x"]
    expected = inception.fid(lambda: [x], 90, 4, model.generate, network, repeats=2)
    np.testing.assert_allclose(found["fid"], expected["fid"], rtol=1e-4)
    assert found["fid_note"].startswith("mean colours; 60 frames") and found["fid_std"] > 0 and found["repeats"] == 2
    printed = capsys.readouterr().out
    assert f"{found['fid']:.2f} ± " in printed and found["fid_note"] in printed
    assert "disentanglement: not measured" in printed  # which takes a judge


@pytest.mark.slow
def test_judge_of_other_clips_is_refused_before_the_work(run, lamps, lamp_judge, monkeypatch):
    monkeypatch.delattr(evaluators, "evaluate")
    with pytest.raises(errors.InputError, match=r"a judge of other clips: dataset \(lamps -> moving_shapes\)") as error:
        evaluate.main(["evaluate", f"--run_dir={run}", f"--judge_dir={lamp_judge}"])
    assert "\n" not in str(error.value)


def test_missing_judge_is_refused_before_the_work(run, tmp_path, monkeypatch):
    monkeypatch.delattr(evaluators, "evaluate")
    with pytest.raises(errors.InputError, match="absent/judge.json: No such file") as error:
        evaluate.main(["evaluate", f"--run_dir={run}", f"--judge_dir={tmp_path / 'absent'}"])
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_judge_below_its_threshold_is_refused(lamps, lamp_judge, tmp_path):
    run = untrained(tmp_path / "run", tiny.config(dataset="lamps"))
    record = json.loads((lamp_judge / "judge.json").read_text())
    judge_storage.prepare(str(tmp_path / "poor"))
    judge_storage.save(str(tmp_path / "poor"), {**record, "threshold": 1.01}, {})
    with pytest.raises(errors.InputError, match="less than the 101 % that a measure needs"):
        evaluate.main(["evaluate", f"--run_dir={run}", f"--judge_dir={tmp_path / 'poor'}"])
    assert not (run / "evaluation").exists()
