"""The bookkeeping of tools/benchmark.py: turns, ratios and the table; no time is ever tested."""

import json
import pathlib
import re

import benchmark as tool
import pytest

from rwae_tf.errors import InputError

TOOLS = pathlib.Path(__file__).parents[1] / "tools"
WORKER = """
import itertools, sys
sys.path.insert(0, {bench!r})
import worker
calls = itertools.count()
worker.serve(lambda options: (lambda: {{"calls": next(calls)}}, {{"name": options["name"]}}))
"""


@pytest.fixture
def benchmark(tmp_path, monkeypatch):
    """The tool, with a folder of workers of its own."""
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "good.py").write_text(WORKER.format(bench=str(TOOLS / "bench")))
    (tmp_path / "bench" / "bad.py").write_text("raise SystemExit(3)")
    monkeypatch.setattr(tool, "_HERE", str(tmp_path))
    return tool


def test_contenders_take_turns(benchmark):
    made = {name: lambda name=name: benchmark.Contender("good.py", {"name": name}) for name in ("a", "b")}
    with benchmark.contenders(made) as running:
        assert running["b"].first["name"] == "b" and running["b"].first["calls"] == 0
        benchmark.take_turns(running, repeats=3, calls=2)
        for contender in running.values():
            # One call to begin with, two in the turn that does not count, then two in each turn.
            assert [answer["calls"] for answer in contender.answers] == [4, 6, 8]
            assert len(contender.times) == 3 and min(contender.times) >= 0 and contender.answers[0]["peak_mb"] > 1
    assert contender._process.returncode == 0


def test_a_contender_that_dies_is_named(benchmark):
    with pytest.raises(InputError, match="bad.py: ended with status 3"):
        benchmark.Contender("bad.py", {})


class Turns:
    """A contender whose turns are known."""

    def __init__(self, times, first=None, answers=None):
        self.times, self.first = times, {"seconds": 9.0, **(first or {})}
        self.answers = answers or [{"peak_mb": 100.0}] * len(times)


def test_ratios_are_of_the_same_turn(benchmark):
    # 4/2, 3/3 and 12/4: median 2, though the medians' ratio is 4/3.
    assert benchmark.ratio(Turns([4, 3, 12]), Turns([2, 3, 4])) == {"median": 2, "least": 1, "most": 3}


def test_the_result_of_a_preset(benchmark):
    running = {
        "ours": Turns([2.0, 1.0, 2.0], {"flops": {"MatMul": 3e9, "Conv2D": 1e9}}),
        "ceiling": Turns([1.0] * 3, answers=[{"gflops": {"product": 4.0, "convolution": 3.0}}] * 3),
        "torch": Turns([3.0, 3.0, 3.0]),
    }
    found = benchmark.train_result(running, batch=60)
    # 4 GFLOP in 2, 1, 2 s are 2, 4, 2 GFLOP/s of 4.
    assert found["ours"]["fraction_of_ceiling"] == 0.5 and found["ours"]["sequences_per_second"] == 30
    assert found["others"]["torch"]["times_ours"] == {"median": 1.5, "least": 1.5, "most": 3.0}
    text = "\n".join(benchmark.table({"cpu_sprites": found}, "train, "))
    for words in ("train, cpu_sprites, ours", "30.0 sequences/s", "0.50 of the ceiling", "1.50 times ours",
                  "4.0 GFLOP/s (product)"):
        assert words in text


def test_the_picture_of_growth(benchmark):
    found = {"frames": {str(n): {"seconds": n / 100, "peak_mb": 500.0 + n} for n in (8, 32)}}
    assert benchmark.picture(found).startswith(b"\x89PNG")


def test_the_page_shows_what_was_measured():
    """Every block of docs/performance.md is the table of a suite of docs/results/benchmark.json."""
    docs = TOOLS.parent / "docs"
    measured = json.loads((docs / "results" / "benchmark.json").read_text())
    blocks = re.findall(r"```text\n(.*?)\n```", (docs / "performance.md").read_text(), re.DOTALL)
    shown = {block.partition(",")[0]: block.splitlines() for block in blocks}
    assert set(shown) == {"train", "phases", "encode", "start", "before"}
    for suite, lines in shown.items():
        assert lines == tool.table(measured[suite], f"{suite}, ")
