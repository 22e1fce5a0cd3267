"""The table of tools/ablation.py: rows read, written down and put into the page."""

import pathlib

import ablation as tool
import pytest

from rwae_tf.errors import InputError

TOOLS = pathlib.Path(__file__).parents[2] / "tools"


@pytest.fixture
def ablation(tmp_path, monkeypatch):
    """The tool, with a page of its own."""
    monkeypatch.setattr(tool, "_DOCS", str(tmp_path))
    (tmp_path / "ablation.md").write_text(f"before\n{tool._BEGIN}\nnone yet\n{tool._END}\nafter\n")
    return tool


ROW = {
    "base": ["--size=32"], "changes": ["--seed=1"], "error": 14.94, "dynamic_kept": {"action": 0.998},
    "static_kept": {"body": 0.8, "hair": 1.0}, "leakage": {"body": 0.178, "hair": 0.2, "action": 0.111},
    "chance": {"body": 0.166, "hair": 0.19, "action": 0.112},
    "probes": {"body": [0.2, 0.17], "hair": [0.25, 0.17], "action": [0.3, 0.11]}, "identity": 0.9126,
    "auc": {"z_c": 0.512, "z_m": 0.838}, "nats": {"z_c": 11.5, "z_m": 27.6},
    "budget": {"passes": 6.0, "seconds": 150.0},
}


def test_rows_of_the_file_each_change_the_flagfile():
    rows = [line for line in (TOOLS / "ablation_rows.txt").read_text().splitlines() if not line.startswith("#")]
    assert len({line.split()[0] for line in rows}) == len(rows)
    assert [line for line in rows if len(line.split()) == 1] == ["preset"]


def test_rows_are_names_and_flags(ablation, tmp_path):
    path = tmp_path / "rows.txt"
    path.write_text("# a comment\n\npreset\ntwo --seed=2 --nojoint_update  # why\n")
    assert ablation.read_rows(path) == {"preset": [], "two": ["--seed=2", "--nojoint_update"]}


def test_the_page_gets_the_rows_of_this_flagfile_in_order(ablation, tmp_path):
    known = {"late": ROW, "early": {**ROW, "changes": []}, "old": {**ROW, "base": ["--size=16"]}}
    ablation.insert(known, ["early", "old", "absent", "late"], ["--size=32"])
    before, head, rule, *rows, end, after = (tmp_path / "ablation.md").read_text().splitlines()[1:]
    assert (before, end, after) == (ablation._BEGIN, ablation._END, "after")
    # Static: the mean of 80 and 100 %. The worst static factor under z_m is the body: 1.2 above chance, the hair 1.0.
    # 150 s are 2.5 minutes, "2".
    # The probes: hair 8 points above chance, body 3.
    cells = ("| 14.9 | 90.0 | 99.8 | action 11.1 (11) | body 17.8 (17) | action 30.0 (11), hair 25.0 (17) | 91.3 "
             "| 0.51, 0.84 | 12, 28 | 6, 2 |")
    assert rows == [f"| early |  {cells}", f"| late | `--seed=1` {cells}"]
    assert head.count("|") - head.count("\\|") == rule.count("|") == rows[0].count("|")


def test_a_page_without_marks_is_not_overwritten(ablation, tmp_path):
    (tmp_path / "ablation.md").write_text("no marks")
    with pytest.raises(InputError, match="ablation.md: must hold the lines"):
        ablation.insert({}, [], [])
    assert (tmp_path / "ablation.md").read_text() == "no marks"
