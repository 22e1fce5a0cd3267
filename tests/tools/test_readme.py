"""What README prints can be typed: its commands, flags, presets and links exist."""

import importlib
import importlib.metadata
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

import clone
import films
import pytest

from rwae_tf.config import presets

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```bash\n(.*?)```", TEXT, re.S) for line in block.splitlines()]
NARROW = " --channels=4 --feature_size=8 --hidden_size=8 --critic_features=2 --max_minutes=0.05"
SHORTENED = {  # beginnings of commands -> what makes them short
    "pip install": " --no-deps",
    "bash tools/quickstart.sh": NARROW,
    "bash tools/test.sh": " tests/test_errors.py",
    "bash tools/demo.sh": " --port=0",
    "bash tools/own_data.sh": NARROW,
    "python -m rwae_tf.judge": " --steps=20",
}
COMMANDS = LINES + re.findall(r"`(python -m rwae_tf\.[^`]+|rwae-train [^`]+)`", TEXT)


def test_there_are_commands():
    assert len(COMMANDS) >= 10


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_exists_with_its_flags(line, capsys):
    program, *arguments = shlex.split(line, comments=True)
    if program == "bash":
        assert (ROOT / arguments[0]).is_file()
        return
    if program == "pip":
        assert (ROOT / arguments[arguments.index("-c") + 1]).is_file()
        return
    name = program.removeprefix("rwae-") if program != "python" else arguments[1].removeprefix("rwae_tf.")
    assert importlib.import_module(f"rwae_tf.{name}").main([name, "--help"]) == 0
    known = re.findall(r"^  --(\w+)=", capsys.readouterr().out, re.M)
    for argument in arguments[2:] if program == "python" else arguments:
        flag, _, value = argument.removeprefix("--").partition("=")
        assert flag in known, argument
        if flag == "preset":
            assert value in presets.names()


def test_flags_of_the_glossary_exist(capsys):
    named = re.findall(r"`--(\w+)`", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"))
    assert importlib.import_module("rwae_tf.train").main(["train", "--help"]) == 0
    assert named and set(named) <= set(re.findall(r"^  --(\w+)=", capsys.readouterr().out, re.M))


@pytest.mark.exhaustive
@pytest.mark.skipif(not importlib.metadata.version("tensorflow").startswith("2.17."), reason="README's is stack 2.17")
def test_the_blocks_run_as_printed(tmp_path):
    """In a copy of the clone, beside data of the names that README uses; some fifteen minutes on two cores."""
    root = clone.copy(tmp_path / "clone")
    programs = clone.make_venv(tmp_path / "venv")
    variables = clone.environment(  # the scripts install the copy without asking an index
        RWAE_VENV=str(tmp_path / "venv"), PIP_NO_INDEX="1", PIP_NO_BUILD_ISOLATION="0",
        PATH=os.pathsep.join([str(programs), os.path.dirname(sys.executable), os.environ["PATH"]]))
    (programs / "pip").write_text(f'#!/bin/sh\nexec {programs}/python -m pip "$@"\n')
    (programs / "pip").chmod(0o755)
    clone.write_videos(root / "VIDEOS")
    for name in ("a.mp4", "b.gif"):
        (films.write_gif if name.endswith("gif") else films.write_film)(root / name, films.noise(1, 12)[0])
    subprocess.run([sys.executable, "tools/make_speech.py", "--out_dir=VOICES", "--layout=speakers"], cwd=root,
                   env=clone.environment(PYTHONPATH=str(root)), check=True)
    for source, name in zip(sorted((root / "VOICES").rglob("*.wav")), ("voice.wav", "words.wav"), strict=False):
        shutil.copy(source, root / name)

    for line in LINES:
        line += next((flags for start, flags in SHORTENED.items() if line.startswith(start)), "")
        if line.startswith("bash tools/demo.sh"):
            _serve(line, root, variables)
            continue
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", line], cwd=root, env=variables, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, f"{line}: {done.stdout}"
        assert "does not provide the extra" not in done.stdout
    for left in ("runs/quickstart/served/video.npy", "runs/mine/evaluation/report.html", "mix.gif", "mix.wav"):
        assert (root / left).stat().st_size > 0


def _serve(line, root, variables):
    """Start a server by the command `line`, ask it for its page, and end it as Ctrl-C does."""
    with subprocess.Popen(["bash", "-c", f"exec {line}"], cwd=root, env=variables, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, start_new_session=True) as server:
        try:
            text, deadline = "", time.monotonic() + 1800  # models are exported first
            while not (address := re.search(r"http://127[.0-9]+:\d+", text)):
                text += server.stdout.readline()
                assert server.poll() is None and time.monotonic() < deadline, text
            with urllib.request.urlopen(address[0], timeout=60) as page:
                assert b"<html" in page.read()
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(60) in (0, 130)
