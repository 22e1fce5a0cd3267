"""What README prints can be typed: its commands, flags, presets and links exist."""

import importlib
import pathlib
import re
import shlex

import pytest

from rwae_tf.config import presets

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```bash\n(.*?)```", TEXT, re.S) for line in block.splitlines()]
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
