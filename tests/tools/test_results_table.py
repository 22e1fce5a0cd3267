"""The tables of tools/results_table.py and the pages that hold them."""

import json
import pathlib
import re

import results_table as tool

ROOT = pathlib.Path(__file__).parents[2]


def judged(**accuracies):
    """The judge's measures of some factors, from (accuracy, its s.d.) of each."""
    return {name: {"accuracy": accuracy, "accuracy_std": std} for name, (accuracy, std) in accuracies.items()}


def test_the_tables_of_the_pages(tmp_path, monkeypatch):
    """Of two results, one with two seeds; one is not there. 4 and 2 classes have a chance of 25 and 50 %."""
    monkeypatch.setattr(tool, "VIDEO", {"one": (tool._MMD, (97.5, None), ("one_swap.png", "one_generate.gif")),
                                         "two": (tool._GAN, (98.0, 94.125), ()), "untrained": (tool._GAN, (1, 2), ())})
    monkeypatch.setattr(tool, "FACTORS", ("two", "untrained"))
    monkeypatch.setattr(tool, "SPEECH", {"voices": "3 speakers", "untrained": "none"})
    (tmp_path / "voices.json").write_text(json.dumps({
        "eer": {"content": 0.0456, "motion": 0.494, "motion_deviation": 0.41, "mean_log_spectrum": 0.2, "trials": 1234},
        "squared_error_per_sequence": 650.8, "baselines": {"mean_image": 3936.4},
        "budget": {"passes": 12, "seconds": 90}}))  # a minute and a half, which rounds to the even 2
    leakage = judged(size=(0.551, 0.002), heading=(0.26, 0.03))
    for (name, code, excess, chance) in (("size", "z_m", 0.05, 0.5012), ("heading", "z_c", 0.02, 0.24)):
        leakage[name] |= {"code": code, "excess": excess, "chance": chance}
    probes = {"z_c": {"size": {"accuracy": 1.0, "chance": 0.5}, "heading": {"accuracy": 0.35, "chance": 0.25}},
              "z_m": {"size": {"accuracy": 0.56, "chance": 0.5}, "heading": {"accuracy": 1.0, "chance": 0.25}}}
    result = {
        "static_kept": {"accuracy": 0.9, "per_factor": judged(size=(0.9, 0.0))}, "dynamic_kept": None,
        "leakage": leakage, "probes": {"linear": probes}, "consistency": {"last": 0.975, "last_of_data": 0.925},
        "match": {"z_c": {"auc": 0.512}, "z_m": {"auc": 0.838}},
        "judge": {"classes": {"size": [0, 1], "heading": [0, 1, 2, 3]}},
        "squared_error_per_sequence": 7.04, "baselines": {"mean_image": 99.6, "first_frame": 50.4},
        "budget": {"passes": 8.957, "seconds": 630},
    }
    (tmp_path / "one.json").write_text(json.dumps({**result, "consistency": None}))
    result["dynamic_kept"] = {"accuracy": 0.8104, "per_factor": judged(heading=(0.8104, 0.012))}
    (tmp_path / "two.json").write_text(json.dumps(result))
    # The second seed: 92 instead of 90, whose standard deviation is sqrt(2) = 1.4; all else alike.
    other = {**result, "static_kept": {**result["static_kept"], "accuracy": 0.92}}
    (tmp_path / "two_seed1.json").write_text(json.dumps(other))
    lines = [line for made in (tool.speech, tool.videos, tool.factors) for line in made(tmp_path).splitlines()[2:]]
    assert lines == [
        "| [`tools/voices.flags`](../tools/voices.flags), 3 speakers | 1,234 | 4.6 | 49.4 | 41.0 | 20.0 | 651 (3936) "
        "| 12, 2 | [JSON](results/voices.json) |",
        "| [`tools/one.flags`](../tools/one.flags), R-WAE(MMD) | 1 | 90.0 (97.50) |  | size from z_m 55.1 (50.1) "
        "| heading from z_c 35.0 (25.0) |  | 0.51, 0.84 | 7.0 (100, 50) | 8.96, 10 | [JSON](results/one.json), "
        "[swap](figures/one_swap.png), [generate](figures/one_generate.gif) |",
        "| [`tools/two.flags`](../tools/two.flags), R-WAE(GAN) | 2 | 91.0 ± 1.4 (98.00) | 81.0 ± 0.0 (94.12) "
        "| size from z_m 55.1 ± 0.0 (50.1) | heading from z_c 35.0 ± 0.0 (25.0) | 97.5 ± 0.0 (92.5 ± 0.0) "
        "| 0.51 ± 0.00, 0.84 ± 0.00 | 7.0 ± 0.0 (100, 50) | 8.96, 10 | [JSON](results/two.json) |",
        "| R-WAE(GAN), z_c kept, z_m drawn | 90.0 ± 0.0 | *26.0 ± 3.0* |",
        "| R-WAE(GAN), z_m kept, z_c drawn | *55.1 ± 0.2* | 81.0 ± 1.2 |",
        "| chance | 50 | 25 |",
    ]
    assert tool.front(tmp_path).splitlines()[2:] == [
        "| [`one`](tools/one.flags) | R-WAE(MMD) | 1 | 90.0 (97.50) |  | 0.51, 0.84 | 10 |",
        "| [`two`](tools/two.flags) | R-WAE(GAN) | 2 | 91.0 ± 1.4 (98.00) | 81.0 ± 0.0 (94.12) "
        "| 0.51 ± 0.00, 0.84 ± 0.00 | 10 |",
    ]


def test_the_pages_hold_what_the_command_writes():
    tool.main(["tools/results_table.py", "--check"])


def measured():
    """(numbers as shown, formulas, name of the result) of each measurement that docs/experiments.md links to.

    The text before a table of the page says what its numbers are of, such as "1 − `dynamic_kept.mean`".
    """
    head, *sections = re.split(r"\n(?=\*\*Table|## )", (ROOT / "docs" / "experiments.md").read_text())
    for section in sections:
        formulas = re.findall(r"(1 −\s)?`([a-z_]+\.[a-z_.]+)`", section.split("\n|")[0])
        for shown, name in re.findall(r"\[([\d., /%]+)\]\(results/(\w+)\.json\)", section):
            numbers = re.findall(r"[\d.]+", shown)
            kept = [("", "static_kept.mean"), ("", "dynamic_kept.mean")]  # outside the tables
            yield numbers, kept if shown.endswith("%") else formulas[:len(numbers)], name


def test_the_experiments_hold_what_was_measured():
    found = list(measured())
    assert {name for *_, name in found} >= set(tool._measured(tool.RESULTS, tool.VIDEO))
    for numbers, formulas, name in found:
        result = json.loads((ROOT / "docs" / "results" / f"{name}.json").read_text())
        for shown, (complement, path) in zip(numbers, formulas, strict=True):
            value = result
            for key in path.split("."):
                value = value[key]
            value = 100 * (1 - value if complement else value)
            assert f"{value:.{len(shown.partition('.')[2])}f}" == shown, f"{name}: {path}"
