"""The judge in closed form: what it reads of real clips, and that it comes back from a file as it was."""

import io
import json

import numpy as np
import pytest

from rwae_tf import config as config_lib
from rwae_tf import data, entry_point, judge
from rwae_tf.judges import ridge
from rwae_tf.judges import storage as judge_storage

CLIPS = data.load("moving_shapes", split="test", size=16, length=8)


@pytest.fixture(scope="module")
def fitted():
    made = ridge.RidgeJudge(CLIPS.spec)
    train = data.load("moving_shapes", size=16, length=8)
    made.fit([train.batch(np.arange(k, 9000, 30)) for k in range(3)], [train.batch(np.arange(5, 9000, 45))])
    return made


def test_probabilities_and_features(fitted):
    x = CLIPS.batch(np.arange(7))["x"]
    probabilities, features = fitted.read(x)
    assert {factor: p.shape for factor, p in probabilities.items()} == {
        factor: (7, len(classes)) for factor, classes in CLIPS.spec.factors.items()}
    for p in probabilities.values():
        np.testing.assert_allclose(p.sum(1), 1, rtol=1e-6)
        assert p.min() > 0
    assert features.shape == (7, sum(map(len, CLIPS.spec.factors.values())))
    assert set(fitted(x)) == set(probabilities)


def test_a_judge_comes_back_from_its_file(fitted):
    file = io.BytesIO()
    np.savez(file, **fitted.weights())
    file.seek(0)
    again = ridge.RidgeJudge(CLIPS.spec)
    with np.load(file) as weights:
        again.set_weights(dict(weights))
    x = CLIPS.batch(np.arange(20))["x"]
    np.testing.assert_array_equal(again.read(x)[1], fitted.read(x)[1])
    # The estimates before they are cut at zero, where they sum to one for each factor: a regression of one-hot rows
    # less their mean is of rows that sum to zero.
    np.testing.assert_allclose(again.read(x)[1].sum(1), len(CLIPS.spec.factors), rtol=1e-6)


@pytest.mark.parametrize("change", [lambda w: w.pop("figure/weights"), lambda w: w.pop("figure/columns/shape"),
                                    lambda w: w.clear()])
def test_weights_of_another_judge_are_refused(fitted, change):
    weights = fitted.weights()
    change(weights)
    with pytest.raises(ValueError, match="other factors|no figure.weights"):
        ridge.RidgeJudge(CLIPS.spec).set_weights(weights)


@pytest.mark.slow
def test_command_makes_it_in_seconds_and_loads_it(tmp_path, capsys):
    folder = str(tmp_path / "judge")
    arguments = [
        "judge",
        "--dataset=moving_shapes",
        "--size=16",
        "--length=8",
        "--architecture=ridge",
        f"--judge_dir={folder}",
    ]
    assert judge.main(arguments) == 0
    record = json.loads((tmp_path / "judge" / "judge.json").read_text())
    assert min(record["accuracy"].values()) > 0.995  # of 3600 clips that it has not seen
    assert (record["architecture"], record["steps_taken"], record["train_clips"]) == ("ridge", 0, ridge.MOST_CLIPS)
    config = config_lib.DataConfig(dataset="moving_shapes", size=16, length=8)
    found, _ = judge_storage.load(folder, config, CLIPS.spec)
    batch = CLIPS.batch(np.arange(200))
    for factor, p in found(batch["x"]).items():
        assert (p.argmax(1) == batch["labels"][factor]).mean() > 0.97
    capsys.readouterr()
    assert judge.main(arguments) == 0
    assert "nothing to do" in capsys.readouterr().out


def test_too_few_clips_are_refused(lamps, tmp_path, capsys):
    """Of 270 lamps a tenth is held out: 27."""
    with pytest.raises(SystemExit):
        entry_point.run(judge.main, ["judge", "--dataset=lamps", "--size=16", "--length=4", "--architecture=ridge",
                                f"--judge_dir={tmp_path}"])
    line = capsys.readouterr().err
    assert "--architecture=ridge: fewer than 50 clips" in line and "Traceback" not in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("flag", ["--steps=10", "--augment=mirror"])
def test_flags_of_a_training_are_refused(flag, tmp_path, capsys):
    with pytest.raises(SystemExit):
        entry_point.run(
            judge.main, ["judge", "--dataset=moving_shapes", "--architecture=ridge", f"--judge_dir={tmp_path}", flag]
        )
    assert "solved in closed form" in capsys.readouterr().err
