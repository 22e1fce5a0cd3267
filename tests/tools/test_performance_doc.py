"""docs/performance.md, in its tables and its text, says what docs/results/benchmark_*.json hold."""

import json
import pathlib
import re

import benchmark
import performance_table as tool
import pytest

from rwae_tf.errors import InputError

ROOT = pathlib.Path(__file__).parents[2]
MEASURED = {machine: json.loads(pathlib.Path(tool.results(machine)).read_text()) for machine in tool.MACHINES}
PAGE = (ROOT / "docs" / "performance.md").read_text()
TABLE = re.compile(r"```text\n\$ python tools/performance_table\.py (\w+) (\w+)\n(.*?)```\n", re.DOTALL)


def test_the_tables_are_what_their_commands_print(capsys):
    tables = TABLE.findall(PAGE)
    assert {(machine, name) for machine, name, _ in tables} == {
        *(("amx", name) for name in ("train", "phases", "encode", "start", "before", "taken", "not_taken")),
        *(("avx2", name) for name in ("train", "onednn", "before", "taken", "not_taken"))}
    assert len(tables) == PAGE.count("```text")
    for machine, name, text in tables:
        tool.main(["performance_table.py", machine, name])
        assert text == capsys.readouterr().out


@pytest.mark.parametrize("argv, message", [
    ([], "name a machine, avx2 or amx, and a table"), (["amx"], "name a machine"), (["train", "amx"], "name a machine"),
    (["amx", "train", "before"], "name a machine"),
    (["amx", "absent"], "absent: of amx there are train, .*, taken, not_taken"),
    (["amx", "machine"], "machine: of amx there are")])
def test_other_tables_there_are_none(argv, message):
    with pytest.raises(InputError, match=message):
        tool.main(["performance_table.py", *argv])


HOPED_FOR = ("1.5", "1.1", "0.6")


def of_the_step(preset):
    """`step_of` of both machines, as the text has it."""
    return [f"{number:.2f}" for of_machines in step_of(preset) for number in of_machines]


def step_of(preset):
    """By machine: how many times as long eager PyTorch and its best float32 variant take, fraction of the ceiling."""
    found = []
    for measured in MEASURED.values():
        step = measured["train"][preset]
        times = {name: other["times_ours"]["median"] for name, other in step["others"].items()}
        best = min(times[f"torch {variant}, rwae_mmd"] for variant in ("eager", "channels_last", "compile"))
        found.append([times["torch eager, rwae_mmd"], best, step["ours"]["fraction_of_ceiling"]])
    return list(zip(*found, strict=True))


def of_convolutions():
    """The least and the most of the ceiling that convolutions from 32 to 64 channels reach by themselves."""
    flop, found = 2 * 480 * 8 * 8 * 4 * 4 * 32 * 64, []
    for measured in MEASURED.values():
        seconds = [measured["kernels"][f"16x16x32 -> 64, float32: {way}"]["seconds"]
                   for way in ("forward", "to input", "to kernel")]
        ceiling = max(measured["train"]["cpu_sprites"]["ceiling_gflops"].values())
        found += [f"{flop / 1e9 / some(seconds) / ceiling:.1f}" for some in (max, min)]
    return found


def test_the_numbers_of_the_text():
    """Every decimal outside of the tables, in the order of the text; training itself gave those on bfloat16."""
    drawn = MEASURED["amx"]["growth"]["frames drawn"]
    text = re.sub(r"(?ms)^## `--precision=bfloat16`.*?(?=^## )", "", TABLE.sub("", PAGE))
    assert re.findall(r"(?<![\d.])\d+\.\d+(?![\d.]*\d)", text) == [
        *of_the_step("dcgan64"), *of_the_step("cpu_sprites"), *HOPED_FOR,
        *(f"{MEASURED['avx2']['train'][preset]['ours']['fraction_taken']:.2f}"
          for preset in ("dcgan64", "cpu_sprites")),
        *of_convolutions(),
        *(f"{measured['train']['dcgan64']['ours']['first_call_s']:.1f}" for measured in MEASURED.values()),
        f"{drawn['400']['seconds'] / drawn['100']['seconds']:.1f}",
    ]


def test_what_the_text_says_of_the_tables():
    for preset in ("dcgan64", "cpu_sprites"):  # "In bfloat16 (amx) ours is the faster at both sizes"
        others = MEASURED["amx"]["train"][preset]["others"]
        assert others["ours, bfloat16"]["seconds"] < others["torch bfloat16, rwae_mmd"]["seconds"]
    for hoped, (avx2, amx) in zip(HOPED_FOR, step_of("cpu_sprites"), strict=True):
        assert avx2 >= float(hoped) > amx  # "is reached on avx2, and was not on amx"
    rounded = MEASURED["amx"]["train"]["dcgan64"]["others"]["ours, bfloat16"]["times_ours"]["median"]
    assert f"{1 / rounded:.1f} times as fast at 64×64 on amx" in PAGE
    for name, by in MEASURED["amx"]["growth"].items():  # "all are below linear"
        (least, first), *_, (most, last) = by.items()
        assert last["seconds"] / first["seconds"] < float(most) / float(least), name
    for machine, measured in MEASURED.items():
        for table, compared in tool.KERNELS[machine].items():
            for above, below in compared.items():
                for row in set(below) - {"LSTM: ours by XLA"}:  # faster by itself, and yet not taken
                    faster = measured["kernels"][row]["seconds"] < measured["kernels"][above]["seconds"]
                    assert faster == (table == "taken"), (machine, row)


@pytest.mark.parametrize("name", tool.MACHINES)
def test_the_files_are_as_the_benchmark_writes_them(tmp_path, name):
    path, measured = tmp_path / "again.json", MEASURED[name]
    benchmark.json_file.write(benchmark.rounded(measured), str(path))
    assert path.read_text() == pathlib.Path(tool.results(name)).read_text()
    machine = {key: measured[key] for key in ("machine", "threads")}
    assert list(measured)[:2] == list(machine) and re.fullmatch(r"\d+ cores \(\w+\)", machine["machine"])
    assert benchmark.known(tool.results(name), machine) == measured
