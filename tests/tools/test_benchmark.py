"""The bookkeeping of tools/benchmark.py: turns, ratios and the table; no time is ever tested."""

import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import types

import benchmark as tool
import pytest
from bench import contenders
from bench import suites as measured

from rwae_tf.errors import InputError

ROOT = pathlib.Path(__file__).parents[2]
TOOLS = ROOT / "tools"
WORKER = """
import itertools, sys
sys.path.insert(0, {bench!r})
import worker
calls = itertools.count()
worker.serve(lambda options: (lambda: {{"calls": next(calls)}}, {{"name": options["name"]}}))
"""


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """Workers of its own in place of those of tools/bench."""
    (tmp_path / "good.py").write_text(WORKER.format(bench=str(TOOLS / "bench")))
    (tmp_path / "bad.py").write_text("raise SystemExit(3)")
    monkeypatch.setattr(contenders, "_HERE", str(tmp_path))


@pytest.mark.slow
def test_contenders_take_turns(scripts):
    made = {name: lambda name=name: contenders.Contender("good.py", {"name": name}) for name in ("a", "b")}
    with contenders.contenders(made) as running:
        assert running["b"].first["name"] == "b" and running["b"].first["calls"] == 0
        contenders.take_turns(running, repeats=3, calls=2)
        for contender in running.values():
            # One call to begin with, two in the turn that does not count, then two in each turn.
            assert [answer["calls"] for answer in contender.answers] == [4, 6, 8]
            assert len(contender.times) == 3 and min(contender.times) >= 0 and contender.answers[0]["peak_mb"] > 1
    assert contender._process.returncode == 0


@pytest.mark.slow
def test_a_contender_that_dies_is_named(scripts):
    with pytest.raises(InputError, match="bad.py: ended with status 3"):
        contenders.Contender("bad.py", {})


class Turns:
    """A contender whose turns are known."""

    def __init__(self, times, first=None, answers=None):
        self.times, self.first = times, {"seconds": 9.0, **(first or {})}
        self.answers = answers or [{"peak_mb": 100.0}] * len(times)


def test_ratios_are_of_the_same_turn():
    # 4/2, 3/3 and 12/4: median 2, though the medians' ratio is 4/3.
    assert contenders.ratio(Turns([4, 3, 12]), Turns([2, 3, 4])) == {"median": 2, "least": 1, "most": 3}


def test_the_result_of_a_preset():
    running = {
        "ours": Turns([2.0, 1.0, 2.0], {"flops": {"MatMul": 3e9, "Conv2D": 1e9},
                                         "flops_taken": {"MatMul": 3e9}}),
        "ceiling": Turns([1.0] * 3, answers=[{"gflops": {"product": 4.0, "convolution": 3.0}}] * 3),
        "torch": Turns([3.0, 3.0, 3.0]),
    }
    found = measured.train_result(running, batch=60)
    # 4 GFLOP in 2, 1, 2 s are 2, 4, 2 GFLOP/s of 4.
    assert found["ours"]["fraction_of_ceiling"] == 0.5 and found["ours"]["sequences_per_second"] == 30
    assert found["ours"]["fraction_taken"] == 0.375 and found["ours"]["gflop_taken"] == 3
    assert found["others"]["torch"]["times_ours"] == {"median": 1.5, "least": 1.5, "most": 3.0}
    text = "\n".join(tool.table({"cpu_sprites": found}, "train, "))
    for words in ("train, cpu_sprites, ours", "30.0 sequences/s", "0.50 of the ceiling, 0.38 by the products taken",
                  "1.50 times ours", "4.0 GFLOP/s (product)"):
        assert words in text


def test_the_picture_of_growth():
    found = {"frames": {str(n): {"seconds": n / 100, "peak_mb": 500.0 + n} for n in (8, 32)}}
    assert measured.picture(found).startswith(b"\x89PNG")


class Suites:
    """Suites that measure nothing: all find `seconds`, in "train" and "before" for each preset."""

    def __init__(self, monkeypatch, path):
        self.path, self.seconds = path, 1.0
        monkeypatch.setitem(tool.SUITES, "train", self._steps)
        monkeypatch.setitem(tool.SUITES, "before", lambda values: {values.before: self._steps(values)})
        monkeypatch.setitem(tool.SUITES, "encode", lambda values: {"ours": {"seconds": self.seconds}})

    def _steps(self, values):
        return {preset: {"ours": {"seconds": self.seconds}} for preset in values.presets}

    def run(self, seconds, suite, *more):
        """What the file holds after a run."""
        self.seconds = seconds
        tool.main(["benchmark.py", f"--suite={suite}", f"--out={self.path}", *more])
        return json.loads(self.path.read_text())


@pytest.fixture
def suites(tmp_path, monkeypatch):
    """`Suites` with a file to be."""
    return Suites(monkeypatch, tmp_path / "out.json")


def test_the_file_keeps_what_was_not_measured_now(suites):
    first = suites.run(1.0, "train,encode", "--presets=a,b")
    assert list(first) == ["machine", "threads", "train", "encode"]
    one, two = ({"ours": {"seconds": seconds}} for seconds in (1.0, 2.0))
    assert suites.run(2.0, "train", "--presets=b,c") == {**first, "train": {"a": one, "b": two, "c": two}}
    suites.run(1.0, "before", "--before=x", "--presets=a,b")
    suites.run(1.0, "before", "--before=y", "--presets=a")
    found = suites.run(2.0, "before,encode", "--before=x", "--presets=b")
    assert found["before"] == {"x": {"a": one, "b": two}, "y": {"a": one}} and found["encode"] == two
    assert found["train"] == {"a": one, "b": two, "c": two} and list(suites.path.parent.iterdir()) == [suites.path]


def test_both_checkouts_train_in_the_precision_asked_for(monkeypatch):
    made = []
    monkeypatch.setattr(measured, "ours", lambda config, what, values, tree=None: made.append((config, tree)))
    monkeypatch.setattr(measured, "contenders", lambda given: contextlib.nullcontext(dict.fromkeys(given)))
    for name in ("take_turns", "ratio"):
        monkeypatch.setattr(measured, name, lambda *arguments: None)
    monkeypatch.setattr(measured, "described", lambda contender: {})
    for precision, label in (("float32", "cpu_sprites"), ("bfloat16", "cpu_sprites, bfloat16")):
        values = types.SimpleNamespace(
            before=str(ROOT), before_precision=precision, presets=["cpu_sprites"], repeats=1, calls=1)
        (found,) = measured.suite_before(values).values()
        assert list(found) == [label]
        (now, here), (before, there) = made[-2:]
        assert now == before and now.training.precision == precision and (here, there) == (None, str(ROOT))


def test_what_is_measured_together_is_replaced_together():
    """A preset measured without the peer does not keep the ratios of other turns."""
    old = {"a": {"ours": {"seconds": 1.0}, "others": {"torch": {"seconds": 3.0}}}}
    assert tool.merged(old, {"a": {"ours": {"seconds": 2.0}}}, 1) == {"a": {"ours": {"seconds": 2.0}}}


@pytest.mark.parametrize("text, message", [
    ("{", "not in JSON .*; mend it, or name another file"),
    ("", "not in JSON"),
    ("[]", "something else than this command writes"),
    ('{"static_kept": {}}', "something else than this command writes"),
    ('{"train": 3}', "something else than this command writes"),
    ('{"train": {}}', "measured with machine None, not "),
    ('{"machine": "1000 cores (z80)", "threads": 0}', "measured with machine 1000 cores .z80., not "),
])
def test_a_file_that_cannot_be_added_to_is_left_as_it_is(suites, monkeypatch, text, message):
    monkeypatch.setitem(tool.SUITES, "encode", lambda values: pytest.fail("measured, though the file is refused"))
    suites.path.write_text(text)
    with pytest.raises(InputError, match=f"out.json: .*{message}"):
        suites.run(1.0, "encode")
    assert suites.path.read_text() == text


def test_other_threads_go_to_another_file(suites):
    suites.run(1.0, "encode")
    with pytest.raises(InputError, match="measured with threads 0, not 1"):
        suites.run(1.0, "encode", "--threads=1")


def test_an_interrupted_write_leaves_the_file(suites, monkeypatch):
    first = suites.run(1.0, "encode")
    monkeypatch.setattr(tool, "rounded", lambda found: {"x": object()})  # which JSON cannot say
    with pytest.raises(TypeError):
        suites.run(2.0, "train", "--presets=a")
    assert json.loads(suites.path.read_text()) == first


def test_numbers_are_written_with_five_digits():
    assert tool.rounded({"a": {"seconds": 0.123456789, "calls": 1234567, "name": "x"}}) == {
        "a": {"seconds": 0.12346, "calls": 1234567, "name": "x"}}


@pytest.mark.skipif(not shutil.which("git"), reason="commits are git's")
def test_another_checkout_is_called_by_its_commit(tmp_path):
    def git(*words):
        return subprocess.check_output(["git", "-C", str(tmp_path / "x"), "-c", "user.name=x", "-c", "user.email=x",
                                        *words], text=True).strip()

    (tmp_path / "x" / "folder").mkdir(parents=True)
    assert measured.checkout(str(tmp_path / "x")) == "x"  # no checkout at all
    git("init", "--quiet")
    assert measured.checkout(str(tmp_path / "x")) == "x"  # nothing committed
    (tmp_path / "x" / "file").write_text("one")
    git("add", "file")
    git("commit", "--quiet", "--message=one")
    git("tag", "--annotate", "v1", "--message=v1")
    commit = git("rev-parse", "HEAD")[:7]
    git("worktree", "add", "--quiet", "--detach", str(tmp_path / "before"))
    assert measured.checkout(str(tmp_path / "x")) == measured.checkout(str(tmp_path / "before")) == commit
    (tmp_path / "x" / "file").write_text("two")
    assert measured.checkout(str(tmp_path / "x")) == f"{commit}-dirty"
    assert measured.checkout(str(tmp_path / "x" / "folder")) == "folder"  # inside of a checkout, but none


@pytest.mark.parametrize("answer, visible, expected", [
    ("NVIDIA H200\nNVIDIA H200\n", None, "NVIDIA H200"), ("NVIDIA H200\n", "-1", r"\d+ cores \(\w+\)"),
    ("NVIDIA H200\n", "", r"\d+ cores \(\w+\)"),
    (None, None, r"\d+ cores \(\w+\)")])
def test_the_hardware_is_the_gpu_if_there_is_one(monkeypatch, answer, visible, expected):
    def output(command, **_):
        if answer is None:
            raise FileNotFoundError(command[0])
        return answer

    monkeypatch.setattr(tool.subprocess, "check_output", output)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert re.fullmatch(expected, tool.hardware())
