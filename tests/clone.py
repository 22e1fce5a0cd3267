"""Copies of the repository and environments of their own, for tests of what is installed and of scripts."""

import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import venv

import films
import numpy as np
import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent


def copy(folder, *paths):
    """Copy to `folder` what git tracks, or would, of `paths` in the repository, and of all of it without any."""
    listed = subprocess.run(["git", "ls-files", "-coz", "--exclude-standard", *paths], cwd=ROOT, capture_output=True,
                            text=True, check=False)
    if listed.returncode:
        pytest.skip("no clone by git to copy")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def build_wheel(folder):
    """Build a wheel of the repository, from a copy, into `folder`; its path."""
    source = copy(folder / "source", "rwae_tf", "tools", "pretrained", "setup.py", "README.md", "LICENSE", "CREDITS.md",
                  "MANIFEST.in", "pyproject.toml")
    build = f"from setuptools import build_meta; build_meta.build_wheel({str(folder)!r})"
    done = subprocess.run([sys.executable, "-c", build], cwd=source, capture_output=True, text=True, check=False,
                          env=environment())
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


def environment(**changes):
    """The variables of this process, without the one that leads to this clone."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | changes


def make_venv(folder, wheel=None):
    """Make a virtual environment with this one's packages, without this clone, and install `wheel`; give its programs.

    A .pth file names the packages' folder: Python does not read the .pth files there, so that an editable installation
    of this clone has no effect.
    """
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    if wheel:
        subprocess.run([sys.executable, "-m", "pip", f"--python={python}", "install", "-q", "--no-deps", "--no-index",
                        "--disable-pip-version-check", wheel], env=environment(), check=True)
    packages = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (packages / "base.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin"


def write_videos(folder):
    """Write 48 GIFs of 10 frames, a bright square that moves: folder/red|blue/left|right/N.gif."""
    for colour, channel in (("red", 0), ("blue", 2)):
        for side, step in (("left", -3), ("right", 3)):
            for number in range(12):
                frames = np.zeros((10, 48, 48, 3), np.uint8)
                for t in range(10):
                    left = 20 + step * (t - 5)
                    frames[t, 2 * number:2 * number + 12, left:left + 12, channel] = 200 + t
                films.write_gif(folder / colour / side / f"{number}.gif", frames)
    return folder


def write_sheets(folder):
    """Write 25 sheets of Sprites, each of one translucent colour."""
    from rwae_tf.data.datasets import sprites

    for k, (layer, variants) in enumerate(sprites.LAYERS.items()):
        (folder / layer).mkdir(parents=True)
        for n in variants:
            sheet = Image.new("RGBA", (64 * sprites.SHEET_COLUMNS, 64 * sprites.SHEET_ROWS), (40 * n, 50 * k, 200, 90))
            sheet.save(folder / layer / f"{n}.png")
    return folder
