"""Time to quality: when it stops, what it writes, and that it goes on after an interruption."""

import json

import pytest
from bench import time_to_quality as tool

from rwae_tf.errors import InputError

ARGUMENTS = ["time_to_quality", "--base=tools/cpu/any.flags", "--judge_dir=J", "--minutes=5"]


@pytest.fixture
def commands(monkeypatch, tmp_path):
    """A training that gains 8 points of each accuracy a pass, at a pass a minute, and ends after `epochs`."""
    run = {"minutes": 0.0, "epochs": 40, "calls": []}

    def call(command, *arguments):
        given = dict(argument[2:].split("=") for argument in arguments)
        run["calls"].append(command)
        if command == "train":
            run["minutes"] = max(run["minutes"], min(float(given["max_minutes"]) + 0.1, run["epochs"]))
            return
        assert given["split"] == "validation"
        kept = min(1.0, 0.08 * run["minutes"])
        (tmp_path / "evaluation_validation").mkdir(exist_ok=True)
        (tmp_path / "evaluation_validation" / "metrics.json").write_text(json.dumps({
            "budget": {"seconds": 60 * run["minutes"], "passes": run["minutes"]},
            "static_kept": {"mean": kept}, "dynamic_kept": run.get("dynamic", {"mean": kept - 0.01})}))

    monkeypatch.setattr(tool.commands, "run", call)
    return run


def test_it_trains_and_looks_until_both_are_reached(commands, tmp_path, capsys):
    # After 5.1 minutes 40.8 %, after 10.1 80.8 %, after 15.1 100 and 99 %.
    assert tool.main([*ARGUMENTS, f"--run_dir={tmp_path}", f"--out={tmp_path}/q.json"]) == 0
    result = json.loads((tmp_path / "q.json").read_text())
    assert [look["minutes"] for look in result["looks"]] == [5.1, 10.1, 15.1]
    assert [look["static"] for look in result["looks"]] == [40.8, 80.8, 100.0]
    assert result["looks"][-1] == {"minutes": 15.1, "passes": 15.1, "static": 100.0, "dynamic": 99.0}
    assert capsys.readouterr().out == (
        "any.flags: static 97.5 and dynamic 94 % after 15.1 minutes, 15.1 passes\n")
    assert commands["calls"] == 3 * ["train", "evaluate"]


def test_an_interrupted_one_goes_on_from_where_the_run_is(commands, tmp_path):
    commands["minutes"] = 10.1
    tool.main([*ARGUMENTS, f"--run_dir={tmp_path}", f"--out={tmp_path}/q.json"])
    assert [look["minutes"] for look in json.loads((tmp_path / "q.json").read_text())["looks"]] == [10.1, 15.1]


def test_it_ends_with_the_passes_of_the_flagfile(commands, tmp_path, capsys):
    commands["epochs"] = 7
    tool.main([*ARGUMENTS, f"--run_dir={tmp_path}", f"--out={tmp_path}/q.json"])
    assert capsys.readouterr().out == (
        "any.flags: static 97.5 and dynamic 94 % not reached in 7.0 minutes, 7.0 passes\n")


def test_a_judge_without_dynamic_factors_is_refused(commands, tmp_path):
    commands["dynamic"] = None
    with pytest.raises(InputError, match="no dynamic factor"):
        tool.main([*ARGUMENTS, f"--run_dir={tmp_path}", f"--out={tmp_path}/q.json"])


def test_missing_arguments_are_named():
    with pytest.raises(InputError, match="out"):
        tool.main([*ARGUMENTS, "--run_dir=R"])
