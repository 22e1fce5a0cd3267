"""The evaluate command on a run: its numbers against the public verbs, its files, its table."""

import json

import numpy as np
import pytest
import tiny

import rwae_tf
from rwae_tf import data, evaluate
from rwae_tf.training import checkpoints, run_dir


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run directory with an untrained model in it."""
    folder = tmp_path_factory.mktemp("run")
    config = tiny.config()
    spec = data.from_config(config.data, "train").spec
    run_dir.prepare(str(folder), config, spec)
    model = run_dir.build(config, spec)
    counters = checkpoints.Counters()
    counters.batches.assign(4500)
    counters.seconds.assign(12.0)
    checkpoints.Checkpoints(str(folder), model, {}, counters).save()
    return folder


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
    assert found["config"]["data"]["size"] == 16
    for line in ("squared error per sequence", "mean training image", "first frame repeated", "over 3600 test"):
        assert line in printed
    for name in ("reconstruct.png", "swap.png", "generate.gif"):
        assert (run / "evaluation" / name).stat().st_size > 500 and name in printed
    assert not list((run / "evaluation").glob("*.part"))


def test_loaded_model_has_the_weights_that_were_saved(run):
    one, two = rwae_tf.load(str(run)), rwae_tf.load(str(run))
    x = next(data.load("moving_shapes", "test", size=16, length=4).batches(2))["x"]
    np.testing.assert_array_equal(one.reconstruct(x), two.reconstruct(x))
    for variable in one.trainable_variables:
        variable.assign(variable + 0.01)
    assert np.abs(np.asarray(one.reconstruct(x)) - np.asarray(two.reconstruct(x))).max() > 1e-4
