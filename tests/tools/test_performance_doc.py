"""The tables of docs/performance.md are those of docs/results/benchmark_*.json, and its conclusions follow."""

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
    assert {(machine, name) for machine, name, _ in tables} == {("amx", "train"), ("avx2", "train")}
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


def test_what_the_page_says_of_the_other_suites():
    cells = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE))
    phases, onednn, start = (MEASURED[machine][suite] for machine, suite in (
        ("amx", "phases"), ("avx2", "onednn"), ("amx", "start")))
    shares = [phases["dcgan64"][phase]["seconds"] / phases["dcgan64"]["joint"]["seconds"]
              for phase in ("inference", "generation")]
    assert "{:.2f} of the joint step at 64×64, that of decoder and prior {:.2f}".format(*shares) in cells["phases"]
    slower = [onednn[preset]["without"]["times_ours"]["median"] for preset in ("dcgan64", "cpu_sprites")]
    assert "{:.2f} times as long at 64×64, {:.2f} at 32×32".format(*slower) in cells["onednn"]
    encode = MEASURED["amx"]["encode"]
    assert "{:.1f} ms for one clip, {:.1f} for 64".format(
        *(1000 * encode[f"B={clips}"]["seconds"] for clips in (1, 64))) in cells["encode"]
    assert "{:.1f} ms to import `rwae_tf`, {:.1f} s to load a run".format(
        1000 * start["import rwae_tf"]["seconds"], start["load a run"]["seconds"]) in cells["start"]
    assert len(PAGE.splitlines()) <= 135  # two screens


def test_what_the_text_says_of_the_tables():
    for preset in ("dcgan64", "cpu_sprites"):  # "in bfloat16 (amx) it is also faster"
        others = MEASURED["amx"]["train"][preset]["others"]
        assert others["ours, bfloat16"]["seconds"] < others["torch bfloat16, rwae_mmd"]["seconds"]
    for measured in MEASURED.values():  # "faster than every float32 variant of PyTorch at both sizes"
        for step in measured["train"].values():
            assert min(other["times_ours"]["median"] for name, other in step["others"].items()
                       if "bfloat16" not in name) > 1
    for name, by in MEASURED["amx"]["growth"].items():  # "less than linearly"
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
