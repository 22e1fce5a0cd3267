"""Several workers on this machine: equal to one process, a lost one, and what they agree on."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf
import tiny
from bench import workers as bench

from rwae_tf.data.synthetic import voices
from rwae_tf.errors import InputError
from rwae_tf.runs import run_dir as run_dir_lib
from rwae_tf.training import workers

ROOT = pathlib.Path(__file__).resolve().parents[2]
RATES = {"encoder_learning_rate": 1e-4, "decoder_learning_rate": 3e-4, "critic_learning_rate": 1e-4}
"""The paper's: Adam's steps are as long as its rate, whatever the gradient, so rounding moves weights by their part."""


def start(folder, count, **options):
    """Start `run_worker.py` as `count` workers in `folder`."""
    command = [sys.executable, str(ROOT / "tests/training/run_worker.py"), str(folder), json.dumps(options)]
    return bench.start(command, count, stderr=subprocess.PIPE, text=True)


def train(folder, count, **options):
    """Train with `count` workers to the end."""
    processes = start(folder, count, **options)
    statuses = bench.wait(processes, timeout=1800)
    assert not any(statuses), [process.stderr.read() for process in processes]


def numbers(folder):
    """Everything that the newest checkpoint holds but the clock."""
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(os.path.join(folder, "checkpoints")))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()
            if "seconds" not in name and "save_counter" not in name and "OBJECT_GRAPH" not in name}


@pytest.mark.parametrize("sums, error, ends", [
    (2, tf.errors.UnavailableError(None, None, "gone"), True),  # a peer that has left after all had come
    (1, tf.errors.UnavailableError(None, None, "gone"), False),  # one that never came
    (2, tf.errors.InvalidArgumentError(None, None, "wrong"), False),
])
def test_a_peer_may_leave_once_all_have_come(sums, error, ends, monkeypatch):
    here, calls = workers.Workers(tf.distribute.get_strategy()), []

    def fail_at_last(value):
        calls.append(value)
        if len(calls) == sums:
            raise error
        return value

    here.count = 2
    monkeypatch.setattr(here, "_sum", fail_at_last)
    with contextlib.nullcontext() if ends else pytest.raises(type(error)):
        here.wait_for_all()
    assert len(calls) == sums


@pytest.mark.slow
def test_workers_agree(tmp_path):
    """Two processes: what one of them has seen both know, the chief's numbers go to the other, other data are seen."""
    script = tmp_path / "agree.py"
    script.write_text("""
import signal
import run_tiny, tiny, tensorflow as tf
from rwae_tf.config import cluster
from rwae_tf.errors import InputError
from rwae_tf.training import distribution, workers
strategy = distribution.strategy()
with open("/proc/self/status") as file:
    caught = int(next(line for line in file if line.startswith("SigCgt")).split()[1], 16)
assert not caught >> (signal.SIGTERM - 1) & 1, "SIGTERM would not end this process"
index, here = cluster.read().index, workers.Workers(strategy)
assert (here.count, here.is_chief) == (2, index == 0)
assert here.any([index == 0, index == 1, False]) == [True, True, False]
with strategy.scope():
    variables = [tf.Variable([1.5, -0.0], name="a"), tf.Variable(2**40, dtype=tf.int64)]
for variable in variables:
    variable.assign_add(tf.cast(tf.fill(variable.shape, index), variable.dtype))
here.take_from_chief(variables)
assert variables[0].numpy().tolist() == [1.5, 0.0] and int(variables[1].numpy()) == 2**40
clips = run_tiny.Random()
here.check_same(tiny.config(data_dir=f"/{index}"), clips)
try:
    here.check_same(tiny.config(seed=index), clips)
    assert index == 0
except InputError as error:
    assert index == 1 and "not the chief's" in str(error)
here.wait_for_all()
import os
os._exit(7)
""")
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests"), str(ROOT / "tests/training")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", path)
        processes = bench.start([sys.executable, str(script)], 2, stderr=subprocess.PIPE, text=True)
    statuses = bench.wait(processes, timeout=600)
    assert statuses == [7, 7], [process.stderr.read() for process in processes]


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("count, options", [
    (2, {"epochs": 50}),
    (2, {"epochs": 50, "content_divergence": "adversarial", "decoder": "dense"}),
    (2, {"epochs": 25, "model": "ds_vae", "motion_kl_prior": "free", "content_kl_weight": 1.0}),
    (2, {"epochs": 25, "model": "c_dsvae", "content_kl_weight": 1.0}),
    (2, {"epochs": 8, "model": "fhvae", "reconstruction": "learned_normal", "dataset": "speakers", "length": 20,
         "sequences_per_round": 4}),
    (2, {"epochs": 75, "model": "mocogan", "action_size": 3, "instance_noise": 0.1, "l2_weight": 1e-3}),
    (3, {"epochs": 100, "batch_size": 12, "augment": ["mirror", "shift", "light"]}),
], ids=["mmd", "gan", "ds_vae", "c_dsvae", "fhvae", "mocogan", "three_workers"])
def test_workers_compute_what_one_process_computes(tmp_path, count, options):
    """50 iterations of one to three phases, a batch each, with the same global batches."""
    if "dataset" in options:
        options = {**options, "data_dir": str(tmp_path / "voices")}
        voices.write_corpus(options["data_dir"], "speakers", speakers=11, utterances=2, vowels=4)
    rates, found = {"learning_rate": 1e-4} if "model" in options else RATES, []
    for workers_here in (1, count):
        folder = tmp_path / str(workers_here)
        train(folder, workers_here, log_every=10, **rates, **options)
        found.append(numbers(folder))
        assert [row["iteration"] for row in run_dir_lib.read_log(run_dir_lib.metrics_path(folder))][-1] >= 50
    one, several = found
    assert sorted(one) == sorted(several)
    loose = critic_of_mmd(**options)
    for name in one:
        if name.startswith("model/"):
            np.testing.assert_allclose(several[name], one[name], rtol=1e-4,
                                       atol=1e-3 if name.split("/")[1] in loose else 1e-5, err_msg=name)


def critic_of_mmd(**options):
    """Numbers, in a checkpoint, of the weights that the scaled MMD's critic has.

    Their gradients are differences of sums over pairs, 1e-5 of the sums here. Adam makes a whole step of what rounding
    leaves of them, which is most for the weights whose gradient is least.
    """
    if "model" in options or "content_divergence" in options:
        return set()
    model = tiny.build(**{name: value for name, value in options.items() if name != "augment"})
    mine = {id(variable) for variable in model.critic.variables}
    return {str(index) for index, variable in enumerate(model.variables) if id(variable) in mine}


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("lost", [0, 1], ids=["the_chief", "the_other"])
def test_a_lost_worker_ends_the_others_and_all_go_on_from_the_checkpoint(tmp_path, lost):
    options = {"epochs": 20, "checkpoint_minutes": 0.0, "model": "ds_vae", "decoder": "dense"}
    train(tmp_path / "whole", 2, **options)
    folder = tmp_path / "killed"
    processes = start(folder, 2, **options)
    deadline = time.monotonic() + 900
    while not len(run_dir_lib.read_log(run_dir_lib.metrics_path(folder))) > 4:
        assert time.monotonic() < deadline and all(process.poll() is None for process in processes)
        time.sleep(0.05)
    processes[lost].kill()
    begin = time.monotonic()
    statuses = bench.wait(processes)
    assert time.monotonic() - begin < 45 and statuses[lost] == -signal.SIGKILL and statuses[1 - lost] == 1
    line = processes[1 - lost].stderr.read().splitlines()[-1]
    assert line.startswith(f"error: worker {1 - lost} of 2: the connection to another worker") and "newest" in line
    train(folder, 2, **options)
    undisturbed, resumed = numbers(tmp_path / "whole"), numbers(folder)
    assert sorted(undisturbed) == sorted(resumed)
    for name in undisturbed:
        np.testing.assert_array_equal(resumed[name], undisturbed[name], err_msg=name)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_eight_replicas_of_one_process_do_not_wait_for_one_another_for_ever(tmp_path):
    """As MirroredStrategy was seen to, with several GPUs, under Keras 3 (tensorflow/tensorflow#72686)."""
    train(tmp_path, 1, epochs=25, replicas=8, log_every=10, model="ds_vae", decoder="dense")
    assert run_dir_lib.read_log(run_dir_lib.metrics_path(tmp_path))[-1]["iteration"] == 50


def test_an_error_that_no_peer_has_caused_stays_what_it_is(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": {"worker": ["a:1", "b:2"]},
                                                "task": {"type": "worker", "index": 0}}))
    with pytest.raises(tf.errors.ResourceExhaustedError), workers.lost_in_one_line():
        raise tf.errors.ResourceExhaustedError(None, None, "no memory")
    text = "Collective ops is aborted by: Error reported from /job:worker/task:1: Task has timed out.\nMore."
    with pytest.raises(InputError) as refused, workers.lost_in_one_line():
        raise tf.errors.InternalError(None, None, text)
    assert "worker 0 of 2: the connection to another worker (worker 1) is lost; start all" in str(refused.value)
    monkeypatch.delenv("TF_CONFIG")
    with pytest.raises(tf.errors.InternalError), workers.lost_in_one_line():
        raise tf.errors.InternalError(None, None, text)
