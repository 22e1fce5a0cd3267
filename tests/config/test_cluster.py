"""TF_CONFIG: what it means, and what is refused."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
import tiny

from rwae_tf import entry_point
from rwae_tf.config import cluster
from rwae_tf.errors import InputError

ROOT = pathlib.Path(__file__).resolve().parents[2]
TWO = {"worker": ["a:1", "b:2"]}


def tf_config(jobs, kind="worker", index=0):
    return json.dumps({"cluster": jobs, "task": {"type": kind, "index": index}})


@pytest.mark.parametrize("text, expected", [
    ("", None),
    ("{}", None),
    (tf_config({"worker": ["a:1"]}), None),
    (json.dumps({"cluster": {"chief": ["a:1"]}}), None),  # as services set it for one machine
    (tf_config(TWO), (("a:1", "b:2"), 0)),
    (tf_config(TWO, index=1), (("a:1", "b:2"), 1)),
    (tf_config({"worker": ["b:2", "c:3"], "chief": ["a:1"]}, index=1), (("a:1", "b:2", "c:3"), 2)),
    (tf_config({"worker": ["b:2", "c:3"], "chief": ["a:1"]}, kind="chief"), (("a:1", "b:2", "c:3"), 0)),
])
def test_the_chief_comes_first_and_one_process_is_no_cluster(monkeypatch, text, expected):
    monkeypatch.setenv("TF_CONFIG", text)
    assert cluster.read() == expected


@pytest.mark.parametrize("text, says", [
    ("{'cluster'", "not JSON"),
    ("[1]", "no cluster"),
    ('{"cluster": 3}', "no cluster"),
    (tf_config({"worker": ["a:1", "b:2"], "ps": ["c:3"]}), "no tasks of type 'ps'"),
    (tf_config({"worker": ["a:1", "b"]}), "no list of HOST:PORT"),
    (tf_config({"worker": "a:1"}), "no list of HOST:PORT"),
    (tf_config({"worker": ["a:1", "a:1"]}), "one address"),
    (tf_config({"chief": ["a:1", "b:1"]}), "2 chiefs"),
    (json.dumps({"cluster": TWO}), "no task"),
    (json.dumps({"cluster": TWO, "task": {"index": 0}}), "the task has no type"),
    (json.dumps({"cluster": TWO, "task": {"type": "worker"}}), "the task has no index"),
    (tf_config(TWO, kind="evaluator"), "task type 'evaluator' is not in the cluster"),
    (tf_config(TWO, index=2), "task index 2 is not one of the 2"),
    (tf_config(TWO, index=True), "task index True"),
    (tf_config(TWO, index="1"), "task index '1'"),
])
def test_what_is_no_cluster_is_named_with_the_mend(monkeypatch, text, says):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(InputError) as refused:
        cluster.read()
    assert says in str(refused.value) and str(refused.value).startswith("TF_CONFIG: ")
    assert '{"cluster": {"worker": ["HOST:PORT", ...]}' in str(refused.value) and "unset it" in str(refused.value)


@pytest.mark.parametrize("options, says", [
    ({"batch_size": 7}, "--batch_size=7 does not divide among the 2 workers of TF_CONFIG; give a multiple"),
    ({"batch_size": 8, "replicas": 2}, "--replicas=2: with the 2 workers"),
])
def test_what_workers_cannot_share_is_refused(monkeypatch, options, says):
    monkeypatch.setenv("TF_CONFIG", tf_config(TWO))
    with pytest.raises(InputError) as refused:
        cluster.check(tiny.config(**options).training)
    assert says in refused.value.as_flags
    monkeypatch.delenv("TF_CONFIG")
    cluster.check(tiny.config(**options).training)


def test_a_command_for_one_process_refuses_several(monkeypatch, capsys):
    monkeypatch.setenv("TF_CONFIG", tf_config(TWO))
    with pytest.raises(SystemExit) as ended:
        entry_point.run(lambda argv: 0, [])
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("error: TF_CONFIG: names 2 workers, and only `rwae_tf.train` shares")


@pytest.mark.parametrize("text, flags, says", [
    ("{", [], "TF_CONFIG: not JSON"),
    (tf_config(TWO), ["--batch_size=7"], "batch_size=7 does not divide among the 2 workers"),
])
def test_train_says_so_in_one_line_before_tensorflow_is_loaded(tmp_path, text, flags, says):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CONFIG": text}
    done = subprocess.run([sys.executable, "-X", "importtime", "-m", "rwae_tf.train", f"--run_dir={tmp_path / 'run'}",
                           *flags], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and not (tmp_path / "run").exists()
    own = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert len(own) == 1 and own[0].startswith("error: ") and says in own[0]
    assert "tensorflow" not in done.stderr
