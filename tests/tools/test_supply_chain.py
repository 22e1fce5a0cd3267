"""The locked packages: the pins of constraints/, all that setup.py asks for, and a hash for each."""

import pathlib
import re
import subprocess
import sys

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = pathlib.Path(__file__).resolve().parents[2]


def pins(text):
    """name -> version, of lines `name==version`."""
    lines = re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in lines}


def asked_for():
    """What setup.py requires, with the extra `dev`."""
    code = "import setuptools; setuptools.setup = lambda **_: None; import setup; print(*setup.REQUIRES, sep='\\n'); " \
           "print(*setup.EXTRAS['dev'], sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return [Requirement(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("stack", ["2.17", "2.21"])
def test_lock(stack):
    text = (ROOT / f"tools/supply_chain/stack-{stack}.txt").read_text()
    locked, pinned = pins(text), pins((ROOT / f"constraints/stack-{stack}.txt").read_text())
    assert {name: locked[name] for name in pinned.keys() & locked} == {
        name: pinned[name] for name in pinned.keys() & locked}
    for requirement in asked_for():
        assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)]), requirement
    entries = re.split(r"\n(?=\S)", text)
    assert all("--hash=sha256:" in entry for entry in entries if not entry.startswith("#"))
    assert len(locked) >= 90
