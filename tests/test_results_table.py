"""The table of tools/results_table.py, of metrics.json files."""

import json
import pathlib

import pytest
import results_table as tool

from rwae_tf import config as config_lib
from rwae_tf.errors import InputError

ROOT = pathlib.Path(__file__).parents[1]


def write(path, motion=True, **objective):
    """A metrics.json of one static and perhaps one dynamic factor."""
    kept = {"size": {"accuracy": 0.9}}
    leakage = {"size": {"accuracy": 0.55, "chance": 0.5}, "heading": {"accuracy": 0.2, "chance": 0.25}}
    config = config_lib.to_dict(config_lib.from_dict({"objective": objective, "data": {"data_dir": path.name}}))
    path.write_text(json.dumps({
        "squared_error_per_sequence": 7.04, "static_kept": {"per_factor": kept},
        "dynamic_kept": {"per_factor": {"heading": {"accuracy": 0.75}}} if motion else None,
        "leakage": leakage, "h_y_given_v": 0.5, "h_y": 1.25, "split": "test", "test_sequences": 10, "config": config,
        "usage": {"z_c": {"information_total": 3.2}, "z_m": {"information_total": 9.9}},
        "budget": {"passes": 2, "seconds": 240},
    }))
    return str(path)


def test_rows_say_what_was_measured_and_what_differs_from_the_first(tmp_path):
    first = write(tmp_path / "first.json", content_kl_weight=2.0)
    later = write(tmp_path / "later.json", motion=False, content_kl_weight=1.0, kl_change_epochs=(1.0, 2.5))
    head, _, *rows = tool.table([first, later]).splitlines()
    # The folders of the data differ, too, but are no setting. 240 s are 4 minutes.
    numbers = "0.50, 1.25 | 3, 10 | 2, 4 |"
    assert rows == [
        f"| first |  | 7.0 | 90.0 | 75.0 | heading 20.0 (25) | size 55.0 (50) | {numbers}",
        f"| later | `--content_kl_weight=1.0 --kl_change_epochs=1,2.5` | 7.0 | 90.0 | - | - | size 55.0 (50) "
        f"| {numbers}",
    ]


def test_switches_are_written_as_they_are_typed():
    base, config = (config_lib.from_dict({"training": {"fused": fused, "inference_steps": 1}, "data": {"size": size}})
                    for fused, size in ((True, 64), (False, 32)))
    assert tool.changes(base, config) == ["--size=32", "--nofused"]
    assert tool.changes(config, config) == []


def test_files_that_cannot_be_used_are_named(tmp_path):
    with pytest.raises(InputError, match="no files"):
        tool.main(["results_table.py"])
    with pytest.raises(InputError, match="absent.json: No such file"):
        tool.table([str(tmp_path / "absent.json")])
    path = pathlib.Path(write(tmp_path / "first.json"))
    path.write_text(json.dumps({**json.loads(path.read_text()), "static_kept": None}))
    with pytest.raises(InputError, match="first.json: measured without a judge"):
        tool.table([str(path)])
