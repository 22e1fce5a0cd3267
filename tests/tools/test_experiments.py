"""docs/experiments.md and the flagfiles: nothing is missing from the page, and what it names is there."""

import pathlib
import re
import shlex

import pytest

from rwae_tf.config import flags, presets

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "experiments.md").read_text()
NAMES = presets.names()


def opening(path):
    """The comments at the head of a flagfile."""
    lines = path.read_text().splitlines()
    return "\n".join(line.removeprefix("#").strip() for line in lines if line.startswith("#"))


def test_every_flagfile_is_on_the_page():
    named = re.findall(r"\]\(\.\./tools/([\w/]+)\.flags\)", PAGE)
    assert set(named) == set(NAMES)


def test_what_the_page_names_is_there():
    links = [ROOT / "docs" / target for target in re.findall(r"\]\(([^)]+)\)", PAGE)]
    paths = [ROOT / name for name in re.findall(r"\b(?:tools|rwae_tf)/[\w/.]*\w", PAGE) if "NAME" not in name]
    assert links and paths
    assert [path for path in links + paths if not path.exists()] == []
    assert set(re.findall(r"`(cpu/\w+)`", PAGE)) <= set(NAMES)


def test_the_variants_on_the_page_can_be_trained():
    """A flagfile with other flags after it, as the page has them in a table or as a command."""
    network_c = "--backbone=biggan --feature_size=500"
    gan = "--content_divergence=adversarial --content_weight=10 --critic_features=1 --gradient_penalty_weight=0.3"
    for name, changes in (("cpu/sprites_c", gan), ("cpu/sm_mnist", network_c),
                          ("cpu/sm_mnist_gan", network_c), ("timit_paper", "--spectrum=mel")):
        assert changes in PAGE
        flags.configuration(f"--preset={name}", *changes.split())


@pytest.mark.parametrize("name", NAMES)
def test_a_flagfile_opens_with_its_own_command(name):
    """The paper's with their cost too, which the page repeats."""
    text = opening(pathlib.Path(presets.path(name)))
    if name == "ablation":  # the tool that reads it has the command
        return
    (command,) = re.findall(r"^python -m rwae_tf\.train .*", text, re.M)
    arguments = shlex.split(command)
    assert arguments[3] == f"--flagfile=tools/{name}.flags"
    assert all(re.fullmatch(r"--(flagfile|data_dir|run_dir)=\S+", argument) for argument in arguments[3:])
    if "with the paper's s" in text or "Table 9" in text and not name.startswith("cpu/"):
        (cost,) = re.findall(r"[\d.]+ [PE]FLOP", text)
        (row,) = re.findall(rf"^\| {name} \|.*", PAGE, re.M)
        assert cost in row
