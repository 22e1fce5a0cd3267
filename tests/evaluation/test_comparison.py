"""Runs side by side: groups of seeds, the cells of the table, the page, and the command."""

import base64
import json

import pytest

from rwae_tf import compare
from rwae_tf import config as config_lib
from rwae_tf.errors import InputError
from rwae_tf.evaluation import comparison

LEAKAGE = {"size": {"code": "z_m", "accuracy": 0.55, "chance": 0.5},
           "heading": {"code": "z_c", "accuracy": 0.2, "chance": 0.25}}
PROBE = {"size": {"accuracy": 0.6, "chance": 0.5}, "heading": {"accuracy": 0.3, "chance": 0.25}}
WITHOUT_ENCODER = {"squared_error_per_sequence": None, "static_kept": None, "dynamic_kept": None, "leakage": {},
                   "probes": None, "match": {}}


def write(folder, error=7.04, static=0.9, split="test", changed=None, **options):
    """An evaluated run of one static and one dynamic factor; options are of any section."""
    sections = {section: {name: value for name, value in options.items()
                          if name in kind.__dataclass_fields__} for section, kind in config_lib.SECTIONS.items()}
    sections["data"]["data_dir"] = folder.name  # where the data lie is no setting
    made = folder / ("evaluation" if split == "test" else f"evaluation_{split}")
    made.mkdir(parents=True)
    (made / "metrics.json").write_text(json.dumps({
        "squared_error_per_sequence": error, "static_kept": {"accuracy": static}, "dynamic_kept": {"accuracy": 0.75},
        "leakage": LEAKAGE, "probes": {"linear": {"z_c": PROBE, "z_m": PROBE}}, "consistency": {"last": 0.875},
        "match": {"z_c": {"auc": 0.512}, "z_m": {"auc": 0.75}}, "inception_score": 2.5, "fid": None,
        "split": split, "test_sequences": 10, "config": config_lib.to_dict(config_lib.from_dict(sections)),
        "budget": {"passes": 2, "seconds": 240}, **(changed or {})}))
    return str(folder)


def cells(groups):
    return {title: row for title, *row in comparison.rows(groups)}


def test_seeds_share_a_column_and_settings_are_beside_the_first(tmp_path):
    paths = [write(tmp_path / "one", content_kl_weight=2.0),
             write(tmp_path / "two", content_kl_weight=((1.0, 1.0), (2.5, 0.2)), error=9.0),
             write(tmp_path / "one_more", content_kl_weight=2.0, seed=1, static=0.92, max_minutes=3.0)]
    groups = comparison.read(paths)
    assert [(group.name, len(group.results)) for group in groups] == [("one", 2), ("two", 1)]
    found = cells(groups)
    assert found[""] == ["one", "two"] and found["seeds"] == ["2", "1"] and found["model"] == ["rwae", "rwae"]
    assert found["settings beside the first"] == ["", "--content_kl_weight=1:1,2.5:0.2"]
    assert found["static kept, %"] == ["91.0 ± 1.4", "90.0"]  # the deviation of 90 and 92 is sqrt(2)
    assert found["squared error per sequence"] == ["7.0 ± 0.0", "9.0"]
    assert found["worst leak (decoder), % (chance)"][1] == "size from z_m 55.0 (50.0)"
    assert found["worst leak (linear probe), % (chance)"][1] == "size from z_m 60.0 (50.0)"
    assert found["AUC of z_c (0.5: matches its prior)"][1] == "0.51" and found["minutes"][1] == "4"
    assert "FID of frames" not in found and "equal error rate of z_c, %" not in found


def test_what_one_run_lacks_is_a_dash(tmp_path):
    paths = [write(tmp_path / "a"), write(tmp_path / "b", model="mocogan", changed=WITHOUT_ENCODER)]
    found = cells(comparison.read(paths))
    for title in ("static kept, %", "squared error per sequence", "worst leak (decoder), % (chance)",
                  "worst leak (linear probe), % (chance)", "AUC of roll-outs"):
        assert found[title][0] != "-" and found[title][1] == "-"
    assert found["inception score"] == ["2.50", "2.50"] and found["model"] == ["rwae", "mocogan"]


def test_switches_are_written_as_they_are_typed():
    base, config = (
        config_lib.from_dict({"training": {"joint_update": joint, "inference_steps": 1}, "data": {"size": size}})
        for joint, size in ((True, 64), (False, 32)))
    assert comparison.changes(base, config) == ["--size=32", "--nojoint_update"]
    assert comparison.changes(config, config) == []


def test_what_cannot_be_compared_is_named(tmp_path):
    first = write(tmp_path / "first")
    with pytest.raises(InputError, match="absent.*No such file; python -m rwae_tf.evaluate --run_dir=.*absent makes"):
        comparison.read([first, str(tmp_path / "absent")])
    other = write(tmp_path / "other", length=10)
    with pytest.raises(InputError, match="other: measured on 10 test clips of sprites at size=64, length=10, but .*"
                                         "first on 10 test clips of sprites at size=64, length=8"):
        comparison.read([first, other])
    again = write(tmp_path / "again", data_dir="elsewhere")
    with pytest.raises(InputError, match="again: has the configuration and the seed 0 of first"):
        comparison.read([first, again])
    assert len(comparison.read([first, first + "/", first])) == 1  # one run, named thrice


def test_the_command_prints_a_table_and_writes_a_page(tmp_path, capsys):
    paths = [write(tmp_path / "a", split="validation"), write(tmp_path / "b", split="validation", content_weight=3.0)]
    (tmp_path / "b" / "evaluation_validation" / "generate.png").write_bytes(b"picture of b")
    out = tmp_path / "out"
    assert compare.main(["compare", *paths, "--split=validation", f"--out={out}"]) == 0
    table = (out / "table.md").read_text()
    assert capsys.readouterr().out.startswith(table) and "| static kept, % | 90.0 | 90.0 |" in table
    assert "| H(y∣v)" not in table and table.splitlines()[1] == "|---|---|---|"
    page = (out / "report.html").read_text()
    assert "<td>--content_weight=3</td>" in page and base64.b64encode(b"picture of b").decode() in page
    assert "<h2>Samples" in page and "<h2>Swap" not in page
    metrics = tmp_path / "a" / "evaluation_validation" / "metrics.json"
    assert comparison.read([str(metrics)])[0].name == "a"
    with pytest.raises(InputError, match="no runs: name their folders"):
        compare.main(["compare", f"--out={out}"])
