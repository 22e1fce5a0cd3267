"""A wheel works alone: with presets and models in it, its commands and README's Python run without a clone."""

import re
import subprocess
import sys
import zipfile

import clone
import pytest

from rwae_tf.config import presets

SMALL = "--channels=4 --feature_size=8 --hidden_size=8 --critic_features=2 --max_minutes=0.01"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return clone.build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.mark.slow
def test_a_wheel_holds_the_presets_and_no_tools(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        packed.extractall(tmp_path / "site")
    assert {"rwae_tf/_presets/cpu/sprites.flags", "rwae_tf/_pretrained/sprites_32/weights.npz",
            "rwae_tf/py.typed"} <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "tools/"))]
    ask = ("import rwae_tf; from rwae_tf.config import flags, presets; print(rwae_tf.__file__); "
           "print(len(presets.names()), flags.configuration('--preset=cpu/sprites').data.dataset)")
    done = subprocess.run([sys.executable, "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True,
                          env=clone.environment(PYTHONPATH=str(tmp_path / "site")))
    assert done.stdout.split() == [str(tmp_path / "site/rwae_tf/__init__.py"), str(len(presets.names())), "sprites"]


@pytest.mark.exhaustive
def test_commands_and_readme_s_python_run_outside_of_the_clone(wheel, tmp_path):
    """Ten processes, each of which imports TensorFlow."""
    programs, work = clone.make_venv(tmp_path / "venv", wheel), tmp_path / "work"
    clone.write_videos(work / "VIDEOS")
    clone.write_sheets(work / "sheets")

    def run(*command):
        done = subprocess.run([programs / command[0], *command[1:]], cwd=work, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=clone.environment())
        assert done.returncode == 0, f"{command}: {done.stdout}"
        return done.stdout

    assert str(tmp_path / "venv") in run("python", "-c", "import rwae_tf; print(rwae_tf.__file__)")
    for line in (f"rwae-train --preset=own/folder --data_dir=VIDEOS --run_dir=runs/mine {SMALL}",
                 "rwae-judge --dataset=folder --size=32 --data_dir=VIDEOS --steps=20 --judge_dir=judge",
                 "rwae-evaluate --run_dir=runs/mine --judge_dir=judge --repeats=1",
                 "rwae-generate --run_dir=runs/mine --mode=swap",
                 "rwae-export --run_dir=pretrained/sprites_32 --export_dir=models/shipped",
                 f"rwae-train --preset=cpu/sprites --data_dir=sheets --run_dir=runs/cpu_sprites {SMALL}"):
        run(*line.split())
    assert "sprites_32" in run("rwae-pretrained")
    for left in ("runs/mine/evaluation/report.html", "runs/mine/figures/swap.png", "models/shipped/1/saved_model.pb"):
        assert (work / left).is_file()

    readme = (clone.ROOT / "README.md").read_text(encoding="utf-8")
    (work / "readme.py").write_text("\n".join(re.findall(r"```python\n(.*?)```", readme, re.S)))
    run("python", "readme.py")
    assert (work / "export/models/sprites/1/saved_model.pb").is_file()
