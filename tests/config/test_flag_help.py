"""The text of --help: every flag, its default and what is allowed."""

import dataclasses
import re

from absl import flags as absl_flags

from rwae_tf import config as config_lib
from rwae_tf.config import flags


def helped(values, capsys):
    assert flags.parse(values, ["train", "--help"], "What the command does.\n") is False
    return capsys.readouterr().out


def test_help_lists_every_flag_by_section(capsys):
    values = flags.new()
    flags.define_config(values)
    absl_flags.DEFINE_string("run_dir", "", "Folder of the run.", flag_values=values)
    text = helped(values, capsys)
    assert text.startswith("What the command does.\n")
    own, *sections = re.split(r"^\[(\w+)\] .*$", text, flags=re.MULTILINE)
    assert re.findall(r"--(\w+)=", own) == ["help", "flagfile", "preset", "run_dir"]
    assert sections[0::2] == list(config_lib.SECTIONS)
    for name, listed in zip(sections[0::2], sections[1::2], strict=True):
        assert re.findall(r"^  --(\w+)=", listed, re.MULTILINE) == [
            field.name for field in dataclasses.fields(config_lib.SECTIONS[name])]


def test_help_gives_default_and_what_is_allowed(capsys):
    values = flags.new()
    flags.define_config(values)
    text = " ".join(helped(values, capsys).split())
    helps = {field.name: field.metadata["help"] for kind in config_lib.SECTIONS.values()
             for field in dataclasses.fields(kind)}
    assert f"--decoder=lstm {helps['decoder']} One of lstm, dense." in text
    assert f"--num_digits=1 {helps['num_digits']} An integer from 1 to 10." in text
    assert f"--joint_update=false {helps['joint_update']}" in text
    assert f"--critic_learning_rate=50:0.0001,50:5e-05,80:5e-05,80:1e-05 {helps['critic_learning_rate']}" in text
    assert "--data_dir= Folder" in text
    assert "undefok" not in text and "absl" not in text and "<" not in text


def test_help_is_readable(capsys):
    values = flags.new()
    flags.define_config(values)
    lines = helped(values, capsys).splitlines()
    assert max(map(len, lines)) <= 110
    assert all(re.match(r"  --\w+=|" + " " * 34 + r"\S", line) for line in lines if line.startswith(" "))


def test_help_of_a_command_that_shares_names_with_the_configuration(capsys):
    values = flags.new()
    absl_flags.DEFINE_integer("length", None, "Frames.", 1, flag_values=values)
    text = helped(values, capsys)
    assert "  --length=" in text and "[data]" not in text
