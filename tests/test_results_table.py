"""The tables of tools/results_table.py, of metrics.json files, and the pages that hold them."""

import json
import pathlib
import re
import shlex

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


def judged(**accuracies):
    """The judge's measures of some factors, from (accuracy, its s.d.) of each."""
    return {name: {"accuracy": accuracy, "accuracy_std": std} for name, (accuracy, std) in accuracies.items()}


def test_the_tables_of_the_readme(tmp_path, monkeypatch):
    """Of two results; 4 and 2 classes have log 4 = 1.39 and a chance of 25 and 50 %."""
    monkeypatch.setattr(tool, "README", {"one": (tool._MMD, (97.5, None), ("one_swap.png", "one_generate.gif")),
                                         "two": (tool._GAN, (98.0, 94.125), ())})
    monkeypatch.setattr(tool, "FACTORS", ("two",))
    monkeypatch.setattr(tool, "SPEECH", {"voices": "3 speakers"})
    (tmp_path / "voices.json").write_text(json.dumps({
        "eer": {"content": 0.0456, "motion": 0.494, "mean_log_spectrum": 0.2, "trials": 1234},
        "squared_error_per_sequence": 650.8, "floors": {"mean_image": 3936.4},
        "budget": {"passes": 12, "seconds": 90}}))  # a minute and a half, which rounds to the even 2
    leakage = judged(size=(0.551, 0.002), heading=(0.26, 0.03))
    for (name, code, excess, chance) in (("size", "z_m", 0.05, 0.5012), ("heading", "z_c", 0.02, 0.24)):
        leakage[name] |= {"code": code, "excess": excess, "chance": chance}
    result = {
        "static_kept": {"accuracy": 0.9, "per_factor": judged(size=(0.9, 0.0))}, "dynamic_kept": None,
        "leakage": leakage, "inception_of": "heading", "h_y": 1.333,
        "judge": {"classes": {"size": [0, 1], "heading": [0, 1, 2, 3]}},
        "squared_error_per_sequence": 7.04, "floors": {"mean_image": 99.6, "first_frame": 50.4},
        "budget": {"passes": 8.957, "seconds": 630},
    }
    (tmp_path / "one.json").write_text(json.dumps(result))
    result["dynamic_kept"] = {"accuracy": 0.8104, "per_factor": judged(heading=(0.8104, 0.012))}
    (tmp_path / "two.json").write_text(json.dumps(result))
    rest = "size under z_m 55.1 (50.1) | 1.33 of 1.39 (heading) | 7.0 (100, 50) | 8.96, 10 | "
    assert tool.readme(tmp_path).splitlines()[2:4] + tool.readme(tmp_path).splitlines()[6:] == [
        "| [`tools/voices.flags`](tools/voices.flags), 3 speakers | 1,234 | 4.6 | 49.4 | 20.0 | 651 (3936) | 12, 2 "
        "| [JSON](docs/results/voices.json) |",
        "",
        f"| [`tools/one.flags`](tools/one.flags), R-WAE(MMD) | 90.0 (97.50) |  | {rest}[JSON](docs/results/one.json), "
        "[swap](docs/figures/one_swap.png), [generate](docs/figures/one_generate.gif) |",
        f"| [`tools/two.flags`](tools/two.flags), R-WAE(GAN) | 90.0 (98.00) | 81.0 (94.12) | {rest}"
        "[JSON](docs/results/two.json) |",
        "",
        "| | size | heading |", "|---|---|---|",
        "| R-WAE(GAN), z_c kept, z_m drawn | 90.0 ± 0.0 | *26.0 ± 3.0* |",
        "| R-WAE(GAN), z_m kept, z_c drawn | *55.1 ± 0.2* | 81.0 ± 1.2 |",
        "| chance | 50 | 25 |",
    ]


def test_the_readme_holds_what_the_command_prints():
    page = (ROOT / "README.md").read_text()
    for table in tool.readme().split("\n\n"):
        assert f"\n\n{table}\n\n" in page


def test_the_readme_says_what_the_judge_of_faces_and_the_actions_gave():
    faces, weak = (json.loads((ROOT / "docs" / "results" / f"{name}.json").read_text())
                   for name in ("cpu_mug", "cpu_sprites_weak"))
    page, read, action = (ROOT / "README.md").read_text(), faces["judge"]["accuracy"], weak["action"]
    assert f"reads {100 * read['subject']:.1f} % of the people and {100 * read['expression']:.1f} % of the exp" in page
    assert f"gives {100 * action['accuracy']:.1f} % of the training clips" in page
    assert f"all else drawn, {100 * action['conditional']['accuracy']:.1f} % show it" in page


def test_the_readme_says_how_actions_of_faces_are_obeyed():
    page = (ROOT / "README.md").read_text()
    mmd, gan = (json.loads((ROOT / "docs" / "results" / f"{name}.json").read_text())["action"]
                for name in ("cpu_mug_weak", "cpu_mug_weak_gan"))
    for text, key in (("give {} % of the training clips that of their expression", None),
                      ("{} % of the clips drawn with an expression", "conditional"), ("and {} % of swaps", "swap")):
        assert text.format(f"{100 * (mmd[key] if key else mmd)['accuracy']:.1f}") in page
    three = (f"{100 * found['accuracy']:.1f}" for found in (gan, gan["conditional"], gan["swap"]))
    assert "for R-WAE(GAN) these are {}, {} and {} %".format(*three) in page


def test_the_readme_says_what_a_strangers_faces_gave():
    result = json.loads((ROOT / "docs" / "results" / "own_faces.json").read_text())
    passes, error = result["budget"]["passes"], result["squared_error_per_sequence"]
    assert (f"{passes:.0f} passes, squared error {error:.1f} per sequence (mean image "
            f"{result['floors']['mean_image']:.1f}, first frame repeated {result['floors']['first_frame']:.1f}; "
            "[JSON](docs/results/own_faces.json))") in (ROOT / "README.md").read_text()


def test_the_page_of_the_ablation_holds_what_its_commands_print(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs" / "ablation.md").read_text()
    found = re.findall(r"<!-- python (tools/results_table\.py .*) -->\n((?:\|.*\n)+)", page)
    assert len(found) == page.count("results_table.py")
    for command, table in found:
        files = [str(path) for word in shlex.split(command)[1:] for path in sorted(pathlib.Path().glob(word))]
        tool.main(["results_table.py", *files])
        assert table == capsys.readouterr().out


def test_the_page_of_the_ablation_says_how_actions_are_obeyed():
    page, results = (ROOT / "docs" / "ablation.md").read_text(), ROOT / "docs" / "results"
    ours, before = (json.loads((results / f"{name}.json").read_text())["action"]["conditional"]["accuracy"]
                    for name in ("cpu_sprites_weak", "cpu_sprites_weak_teacher_forced"))
    assert f"action was asked for {100 * ours:.1f} % show it, {100 * before:.1f} % in the second row" in page


def test_the_page_of_the_ablation_says_what_a_price_gave():
    page = (ROOT / "docs" / "ablation.md").read_text()
    rows = re.findall(r"\| ([\d.]+ / [\d.]+ / [\d.]+) \| ([\d.]+) \| (.*?) \| "
                      r".*\(results/(cpu_mug_weak\w*)\.json\) \|\n", page)
    assert len(rows) == 5
    for obeyed, nats, read, name in rows:
        found = json.loads((ROOT / "docs" / "results" / f"{name}.json").read_text())
        action, probe = found["action"], found["probes"]["linear"]["z_m"]["expression"]
        three = (action, action["swap"], action["conditional"])
        assert obeyed == " / ".join(f"{100 * of['accuracy']:.1f}" for of in three), name
        assert nats == f"{found['usage']['z_m']['kl_total']:.2f}", name
        assert read == f"{100 * probe['accuracy']:.1f} ({100 * probe['chance']:.1f})", name


def measured():
    """(numbers as shown, formulas, name of the result) of each measurement that docs/experiments.md links to.

    The text before a table of the page says what its numbers are of, such as "1 − `dynamic_kept.mean`".
    """
    head, *sections = re.split(r"\n(?=\*\*Table|## )", (ROOT / "docs" / "experiments.md").read_text())
    for section in sections:
        formulas = re.findall(r"(1 − )?`([a-z_]+\.[a-z_.]+)`", section.split("\n|")[0])
        for shown, name in re.findall(r"\[([\d., /%]+)\]\(results/(\w+)\.json\)", section):
            numbers = re.findall(r"[\d.]+", shown)
            kept = [("", "static_kept.mean"), ("", "dynamic_kept.mean")]  # outside the tables
            yield numbers, kept if shown.endswith("%") else formulas[:len(numbers)], name


def test_the_experiments_hold_what_was_measured():
    found = list(measured())
    assert {name for *_, name in found} >= set(tool.README)
    for numbers, formulas, name in found:
        result = json.loads((ROOT / "docs" / "results" / f"{name}.json").read_text())
        for shown, (complement, path) in zip(numbers, formulas, strict=True):
            value = result
            for key in path.split("."):
                value = value[key]
            value = 100 * (1 - value if complement else value)
            assert f"{value:.{len(shown.partition('.')[2])}f}" == shown, f"{name}: {path}"
