"""The models and versions that a server finds, loads and replaces."""

import gc
import os
import subprocess
import weakref

import pytest
from doubling import Doubler

from rwae_tf.errors import InputError
from rwae_tf.serving.server import registry, replies, routes, run


class Versions:
    """A folder of versions, and a registry over it with one model."""

    def __init__(self, folder, **options):
        self.folder = folder
        self.registry = registry.Registry({"m": str(folder)}, self.load, {"m": {"stable": 1}}, **options)
        self.broken = set()

    def add(self, version, complete=True):
        (self.folder / str(version)).mkdir()
        if complete:
            (self.folder / str(version) / "saved_model.pb").touch()
        self.registry.refresh()

    def load(self, name, version, path):
        if version in self.broken:
            raise ValueError("damaged")
        return Doubler(name, version, path)

    def served(self):
        return sorted(self.registry.models["m"].servables)


def test_the_newest_complete_versions_are_served(tmp_path):
    versions = Versions(tmp_path, num_versions=2)
    for version in (1, 2, 10):
        versions.add(version)
    versions.add(11, complete=False)
    (tmp_path / ".part-x").mkdir()
    versions.registry.refresh()
    assert versions.served() == [2, 10]
    assert versions.registry.servable(routes.Target("predict", "m")).version == 10
    states = versions.registry.status(routes.Target("status", "m"))["model_version_status"]
    assert [(entry["version"], entry["state"]) for entry in states] == [
        ("10", "AVAILABLE"), ("2", "AVAILABLE"), ("1", "END")]


def test_a_version_that_cannot_be_loaded_replaces_none(tmp_path):
    versions = Versions(tmp_path)
    versions.broken.add(2)
    versions.add(1)
    versions.add(2)
    assert versions.served() == [1]
    [entry] = versions.registry.status(routes.Target("status", "m", 2))["model_version_status"]
    assert entry["state"] == "END" and entry["status"] == {"error_code": "UNKNOWN", "error_message": "damaged"}
    versions.add(3)
    assert versions.served() == [3]


def test_a_version_that_goes_is_freed_and_one_that_stays_is_left_out_of_collections(tmp_path):
    versions = Versions(tmp_path)
    versions.add(1)
    assert all(collectable is not versions.registry for collectable in gc.get_objects()) and gc.get_freeze_count()
    servable = versions.registry.models["m"].servables[1]
    servable.cycle, gone = servable, weakref.ref(servable)  # as a session: it goes by a collection alone
    del servable
    versions.add(2)
    assert gone() is None


def test_a_label_is_a_version(tmp_path):
    versions = Versions(tmp_path, num_versions=2)
    versions.add(1)
    versions.add(2)
    assert versions.registry.servable(routes.Target("predict", "m", None, "stable")).version == 1
    with pytest.raises(replies.ServingError, match="Unrecognized servable version label: none"):
        versions.registry.servable(routes.Target("predict", "m", None, "none"))


def test_a_model_without_versions_is_refused(tmp_path):
    versions = Versions(tmp_path)
    versions.registry.refresh()
    with pytest.raises(InputError, match="no version of m to serve"):
        versions.registry.require_all()


@pytest.mark.parametrize("arguments, message", [
    (["/no/such/folder"], "no such folder"),
    (["a b=/"], "no spaces"),
    (["{here}", "x/..={here}"], "name"),
    (["{here}", "{here}"], "a second model named"),
    (["pretrained/none"], "no such pretrained model"),
])
def test_wrong_models_are_refused_in_a_line(arguments, message, tmp_path):
    with pytest.raises(InputError, match=message):
        run.models([argument.format(here=tmp_path) for argument in arguments], str(tmp_path))


def test_a_run_is_exported_once_for_its_weights(tmp_path, monkeypatch):
    (tmp_path / "r" / "checkpoints").mkdir(parents=True)
    (tmp_path / "r" / "config.json").touch()
    commands = []

    def export(command, **_):
        commands.append(command)
        os.makedirs(os.path.join(command[-1].removeprefix("--export_dir="), "1"))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(run.subprocess, "run", export)
    first = run.models([f"{tmp_path}/r"], f"{tmp_path}/cache")
    assert run.models([f"m={tmp_path}/r/"], f"{tmp_path}/cache") == {"m": first["r"]} and len(commands) == 1
    assert commands[0][1:4] == ["-m", "rwae_tf.export", f"--run_dir={tmp_path}/r"]
    (tmp_path / "r" / "checkpoints" / "ckpt-2.index").touch()
    assert run.models([f"{tmp_path}/r"], f"{tmp_path}/cache") != first and len(commands) == 2


def test_one_version_is_no_model(tmp_path):
    (tmp_path / "saved_model.pb").touch()
    with pytest.raises(InputError, match="is one version; give the folder of all"):
        run.models([str(tmp_path)], str(tmp_path))


def test_labels_are_read():
    assert run.labels(["stable=1", "canary=2"], {"m": ""}) == {"m": {"stable": 1, "canary": 2}}
    assert run.labels(["b/stable=1"], {"a": "", "b": ""}) == {"b": {"stable": 1}}
    for wrong in (["stable"], ["stable=1"], ["c/stable=1"]):
        with pytest.raises(InputError, match="--label="):
            run.labels(wrong, {"a": "", "b": ""})
