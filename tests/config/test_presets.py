"""Flagfiles by name, in the clone and in a wheel that works alone."""

import os
import pathlib
import subprocess
import sys
import zipfile

import pytest

from rwae_tf.config import flags, presets
from rwae_tf.errors import InputError

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_names_are_the_flagfiles():
    found = {path.relative_to(ROOT / "tools").with_suffix("").as_posix() for path in (ROOT / "tools").rglob("*.flags")}
    assert set(presets.names()) == found >= {"mug", "cpu/sprites", "own/folder"}
    assert presets.names() == sorted(found)


def test_a_preset_is_its_flagfile_and_later_flags_override_it():
    by_path = flags.configuration(f"--flagfile={ROOT}/tools/cpu/sprites.flags", "--size=64")
    assert flags.configuration("--preset=cpu/sprites", "--size=64") == by_path
    assert flags.configuration("--preset", "cpu/sprites", "--size=64") == by_path


@pytest.mark.parametrize("name, hint", [("cpu/sprite", "did you mean cpu/sprites?"), ("zzz", "choose one of ablation"),
                                        ("../../etc/passwd", "no such preset"), ("", "choose one of")])
def test_an_unknown_preset_is_refused(name, hint):
    with pytest.raises(InputError, match="--preset=") as refused:
        flags.configuration(f"--preset={name}")
    assert hint in str(refused.value) and "\n" not in str(refused.value)


def test_a_wheel_works_outside_of_the_clone(tmp_path):
    """Built from a copy of what is committed or about to be, unpacked, and asked from another folder."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "rwae_tf", "tools", "setup.py", "README.md",
                            "LICENSE", "CREDITS.md", "MANIFEST.in", "pyproject.toml"], cwd=ROOT, capture_output=True,
                           text=True, check=False)
    if files.returncode:
        pytest.skip("no clone by git to build a wheel from")
    for name in files.stdout.split():
        if (ROOT / name).exists():
            (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "source" / name).write_bytes((ROOT / name).read_bytes())
    build = f"from setuptools import build_meta; print(build_meta.build_wheel({str(tmp_path)!r}))"
    done = subprocess.run([sys.executable, "-c", build], cwd=tmp_path / "source", capture_output=True, text=True,
                          env=environment, check=False)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = wheel.namelist()
        wheel.extractall(tmp_path / "site")
    assert "rwae_tf/_presets/cpu/sprites.flags" in names and "rwae_tf/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "tools/"))]
    ask = ("import rwae_tf; from rwae_tf.config import flags, presets; print(rwae_tf.__file__); "
           "print(len(presets.names()), flags.configuration('--preset=cpu/sprites').data.dataset)")
    done = subprocess.run([sys.executable, "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True,
                          env={**environment, "PYTHONPATH": str(tmp_path / "site")})
    assert done.stdout.split() == [str(tmp_path / "site/rwae_tf/__init__.py"), str(len(presets.names())), "sprites"]
