"""docs/performance.md, in its tables and its text, says what docs/results/benchmark.json holds."""

import json
import pathlib
import re

import benchmark
import performance_table as tool
import pytest

from rwae_tf.errors import InputError

ROOT = pathlib.Path(__file__).parents[1]
MEASURED = json.loads(pathlib.Path(tool.RESULTS).read_text())
PAGE = (ROOT / "docs" / "performance.md").read_text()
TABLE = re.compile(r"```text\n\$ python tools/performance_table\.py (\w+)\n(.*?)```\n", re.DOTALL)


def test_the_tables_are_what_their_commands_print(capsys):
    tables = TABLE.findall(PAGE)
    assert {name for name, _ in tables} == {"train", "phases", "encode", "start", "before", *tool.KERNELS}
    assert len(tables) == PAGE.count("```text")
    for name, text in tables:
        tool.main(["performance_table.py", name])
        assert text == capsys.readouterr().out


@pytest.mark.parametrize("argv", [[], ["absent"], ["train", "before"], ["machine"]])
def test_other_tables_there_are_none(argv):
    with pytest.raises(InputError, match="name one table: train, .*, taken, not_taken"):
        tool.main(["performance_table.py", *argv])


def of_the_step(preset):
    """How many times as long eager PyTorch and its best float32 variant take, and the fraction of the ceiling."""
    found = MEASURED["train"][preset]
    times = {name: other["times_ours"]["median"] for name, other in found["others"].items()}
    best = min(times[f"torch {variant}, rwae_mmd"] for variant in ("eager", "channels_last", "compile"))
    return [f"{number:.2f}" for number in (
        times["torch eager, rwae_mmd"], best, found["ours"]["fraction_of_ceiling"])]


def of_convolutions():
    """The least and the most of the ceiling that convolutions from 32 to 64 channels reach by themselves."""
    flop = 2 * 480 * 8 * 8 * 4 * 4 * 32 * 64
    seconds = [MEASURED["kernels"][f"16x16x32 -> 64, float32: {way}"]["seconds"]
               for way in ("forward", "to input", "to kernel")]
    ceiling = max(MEASURED["train"]["cpu_sprites"]["ceiling_gflops"].values())
    return [f"{flop / 1e9 / some(seconds) / ceiling:.1f}" for some in (max, min)]


def test_the_numbers_of_the_text():
    """Every decimal outside of the tables, in the order of the text; training itself gave those on bfloat16."""
    drawn = MEASURED["growth"]["frames drawn"]
    text = re.sub(r"(?ms)^## `--precision=bfloat16`.*?(?=^## )", "", TABLE.sub("", PAGE))
    assert re.findall(r"(?<![\d.])\d+\.\d+(?![\d.]*\d)", text) == [
        *of_the_step("dcgan64"), *of_the_step("cpu_sprites"), *of_convolutions(),
        f"{MEASURED['train']['dcgan64']['ours']['first_call_s']:.1f}",
        f"{drawn['400']['seconds'] / drawn['100']['seconds']:.1f}",
    ]


def test_what_the_text_says_of_the_tables():
    for preset in ("dcgan64", "cpu_sprites"):  # "In bfloat16 ours is the faster at both sizes"
        others = MEASURED["train"][preset]["others"]
        assert others["ours, bfloat16"]["seconds"] < others["torch bfloat16, rwae_mmd"]["seconds"]
    rounded = MEASURED["train"]["dcgan64"]["others"]["ours, bfloat16"]["times_ours"]["median"]
    assert f"{1 / rounded:.1f} times as fast at 64×64 on this processor" in PAGE
    for name, by in MEASURED["growth"].items():  # "all are below linear"
        (least, first), *_, (most, last) = by.items()
        assert last["seconds"] / first["seconds"] < float(most) / float(least), name
    for table, compared in tool.KERNELS.items():
        for above, below in compared.items():
            for row in set(below) - {"LSTM: ours by XLA"}:  # faster by itself, and yet not taken
                faster = MEASURED["kernels"][row]["seconds"] < MEASURED["kernels"][above]["seconds"]
                assert faster == (table == "taken"), row


def test_the_file_is_as_the_benchmark_writes_it(tmp_path):
    path = tmp_path / "again.json"
    benchmark.json_file.write(benchmark.rounded(MEASURED), str(path))
    assert path.read_text() == pathlib.Path(tool.RESULTS).read_text()
    machine = {name: MEASURED[name] for name in ("machine", "threads")}
    assert list(MEASURED)[:2] == list(machine) and re.fullmatch(r"\d+ cores \(\w+\)", machine["machine"])
    assert benchmark.known(tool.RESULTS, machine) == MEASURED
