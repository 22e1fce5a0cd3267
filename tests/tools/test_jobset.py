"""The manifest for Kubernetes: its pods find one another, and a lost one starts all again."""

import pathlib

import pytest

from rwae_tf.config import cluster, flags

yaml = pytest.importorskip("yaml")

ROOT = pathlib.Path(__file__).resolve().parents[2]
JOBSET = yaml.safe_load((ROOT / "tools/k8s/jobset.yaml").read_text())
(JOB,) = JOBSET["spec"]["replicatedJobs"]
(CONTAINER,) = JOB["template"]["spec"]["template"]["spec"]["containers"]


def test_every_pod_is_a_worker_at_the_address_of_its_own_name(monkeypatch):
    name, count = JOBSET["metadata"]["name"], JOB["template"]["spec"]["completions"]
    port = CONTAINER["ports"][0]["containerPort"]
    addresses = tuple(f"{name}-{JOB['name']}-0-{index}.{name}:{port}" for index in range(count))
    environment = {entry["name"]: entry for entry in CONTAINER["env"]}
    assert list(environment) == ["INDEX", "TF_CONFIG"]  # Kubernetes fills in $(INDEX) where it was defined before
    for index in range(count):
        monkeypatch.setenv("TF_CONFIG", environment["TF_CONFIG"]["value"].replace("$(INDEX)", str(index)))
        assert cluster.read() == (addresses, index)


def test_its_command_is_one_that_all_its_gpus_can_share():
    *python, flagfile, batch_size, data_dir, run_dir = CONTAINER["command"]
    assert python == ["python", "-m", "rwae_tf.train"]
    config = flags.configuration(f"--flagfile={ROOT / flagfile.partition('=')[2]}", batch_size, data_dir)
    gpus = CONTAINER["resources"]["limits"]["nvidia.com/gpu"] * JOB["template"]["spec"]["completions"]
    assert config.training.batch_size % gpus == 0 and config.training.replicas == 0
    assert run_dir.startswith("--run_dir=" + CONTAINER["volumeMounts"][0]["mountPath"])


def test_one_failed_pod_starts_all_again():
    job = JOB["template"]["spec"]
    assert job["backoffLimit"] == 0 and job["template"]["spec"]["restartPolicy"] == "Never"
    assert JOBSET["spec"]["failurePolicy"]["maxRestarts"] > 0
    assert job["completionMode"] == "Indexed" and job["completions"] == job["parallelism"]
