"""Flagfiles by name."""

import pathlib

import pytest

from rwae_tf.config import flags, presets
from rwae_tf.errors import InputError
from rwae_tf.kernels import recurrence

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


@pytest.mark.parametrize("name", presets.names())
def test_the_benchmark_can_count_the_products_of_a_step(name):
    config = flags.configuration(f"--preset={name}")
    assert max(config.data.length, config.objective.motion_horizon) <= recurrence._UNROLLED
