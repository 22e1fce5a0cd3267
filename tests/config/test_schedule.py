"""Schedules: their values by hand and by NumPy, how they are written, and what old options mean in their terms."""

import json
import math
import pathlib

import numpy as np
import pytest

from rwae_tf import config as config_lib
from rwae_tf.config import flags, schedule

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"


@pytest.mark.parametrize("text, points", [
    ("0.5", 0.5), ("0:0.1,4:0.1,6:1", ((0.0, 0.1), (4.0, 0.1), (6.0, 1.0))),
    ("3:0.1,3:0.0123456789", ((3.0, 0.1), (3.0, 0.0123456789))),
    ("0:0.8,~4:0.1", ((0.0, 0.8), (4.0, 0.1, "exponential"))),
])
def test_what_is_written_is_what_is_read(text, points):
    assert schedule.parse(text) == points and schedule.as_text(points) == text


@pytest.mark.parametrize("text", ["1:2:3", "1:2,", "~1", "0:1,~:2", "1:exponential"])
def test_what_is_no_schedule(text):
    with pytest.raises(ValueError):
        schedule.parse(text)


def test_straight_lines_are_those_of_numpy():
    rng = np.random.default_rng(0)
    for _ in range(200):
        points = tuple(zip(np.sort(rng.choice(100, 5, replace=False)) / 4, rng.normal(size=5), strict=True))
        for epoch in [*rng.uniform(-1, 27, 20), *(point[0] for point in points)]:
            assert schedule.value(points, epoch) == np.interp(epoch, *zip(*points, strict=True))


def test_two_values_at_one_epoch_are_a_jump():
    points = schedule.parse("2:1,2:3,4:5,4:0")
    assert [schedule.value(points, epoch) for epoch in (0, 1.999, 2, 3, 3.5, 4, 9)] == [1, 1, 3, 4, 4.5, 0, 0]
    assert schedule.value(schedule.parse("0:1,0:3"), 0) == 3


def test_an_exponential_falls_by_equal_factors():
    points = schedule.parse("1:8,~4:1,6:2")
    found = [schedule.value(points, epoch) for epoch in (0, 1, 2, 3, 4, 5)]
    np.testing.assert_allclose(found, [8, 8, 4, 2, 1, 1.5], rtol=1e-15)


def old_rate(rate, epochs, factors, epoch):
    """What learning rates were until November 2026."""
    return math.prod(f for at, f in zip(epochs, factors, strict=True) if epoch >= at) * rate


# Flagfile -> the rates of decoder, encoder and critic (or of DS-VAE), decay_epochs and decay_factors that it had.
OLD = {
    "cpu/sprites": ((1e-3, 5e-4, 5e-4), (30, 36), (0.5, 0.2)),
    "cpu/sm_mnist_gan": ((1e-3, 5e-4, 5e-4), (10, 12.5), (0.5, 0.2)),
    "cpu/mug_weak_gan": ((1e-3, 1e-3, 1e-3), (560, 585), (0.5, 0.2)),
    "mug": ((5e-4, 2e-4, 2e-4), (50, 80), (0.5, 0.2)), "timit": ((1e-3, 5e-4, 5e-4), (48, 58), (0.5, 0.2)),
    "sprites_ds_vae": ((2e-4,), (), ()), "cpu/moving_shapes_ds_vae": ((1e-3,), (16, 21), (0.5, 0.2)),
}


@pytest.mark.parametrize("name", OLD)
@pytest.mark.parametrize("batches_per_epoch", [7, 150])
def test_every_iteration_of_a_flagfile_has_the_learning_rate_that_it_had(name, batches_per_epoch):
    training = flags.configuration(f"--flagfile={TOOLS}/{name}.flags").training
    rates, epochs, factors = OLD[name]
    names = ("learning_rate",) if len(rates) == 1 else ("decoder_learning_rate", "encoder_learning_rate",
                                                        "critic_learning_rate")
    for option, rate in zip(names, rates, strict=True):
        for batch in range(training.epochs * batches_per_epoch):
            epoch = batch / batches_per_epoch
            found = np.float32(schedule.value(getattr(training, option), epoch))
            assert found == np.float32(old_rate(rate, epochs, factors, epoch)), epoch


def test_the_default_learning_rates_are_those_of_the_paper():
    training = config_lib.TrainingConfig()
    for option, rate in {"learning_rate": 2e-4, "decoder_learning_rate": 3e-4, "encoder_learning_rate": 1e-4,
                         "critic_learning_rate": 1e-4}.items():
        for epoch in (0, 49.99, 50, 79.99, 80, 500):
            assert schedule.value(getattr(training, option), epoch) == pytest.approx(
                old_rate(rate, (50, 80), (0.5, 0.2), epoch), rel=1e-12)


@pytest.mark.parametrize("model", ["rwae", "ds_vae"])
def test_old_default_learning_rates_are_those_of_today(model):
    old = {"learning_rate": 2e-4, "decoder_learning_rate": 3e-4, "encoder_learning_rate": 1e-4,
           "critic_learning_rate": 1e-4, "decay_epochs": [50.0, 80.0], "decay_factors": [0.5, 0.2]}
    today = config_lib.Config(model=config_lib.ModelConfig(model=model))
    assert config_lib.differences(read(model={"model": model}, training=old), today) == []


def read(**sections):
    return config_lib.from_dict(json.loads(json.dumps(sections)))


def test_old_falls_of_learning_rates_are_read_as_they_acted():
    """A real configuration of before November 2026, whose flagfile is cpu/sprites with falls at 18 and 22."""
    old = json.loads((pathlib.Path(__file__).parent / "old_config.json").read_text())
    training, was = config_lib.from_dict(old).training, old["training"]
    for option in ("decoder_learning_rate", "encoder_learning_rate", "critic_learning_rate"):
        for epoch in np.arange(0, 60, 0.25):
            expected = old_rate(was[option], was["decay_epochs"], was["decay_factors"], epoch)
            assert np.float32(schedule.value(getattr(training, option), epoch)) == np.float32(expected)
    # Not used by the model: what a new configuration has, so that the run goes on.
    assert training.learning_rate == config_lib.TrainingConfig.learning_rate


@pytest.mark.parametrize("epochs, factors", [([80, 50], [0.2, 0.5]), ([5, 5], [0.5, 0.2]), ([0], [0.3]), ([], []),
                                             ([3, 9], [0.0, 1])])
def test_old_falls_in_any_order(epochs, factors):
    training = read(training={"decoder_learning_rate": 3e-4, "decay_epochs": epochs, "decay_factors": factors}).training
    for epoch in np.arange(0, 100, 0.5):
        assert schedule.value(training.decoder_learning_rate, epoch) == pytest.approx(
            old_rate(3e-4, epochs, factors, epoch), rel=1e-12)
    # What the file leaves out had a default, with the same falls.
    assert schedule.value(training.critic_learning_rate, 99) == pytest.approx(old_rate(1e-4, epochs, factors, 99))


def test_a_run_of_before_goes_on_with_the_flagfile_of_today():
    """Learning rates are compared as written numbers, so rounding of a product is no difference."""
    today = flags.configuration(f"--flagfile={TOOLS}/cpu/sprites.flags")
    old = config_lib.to_dict(today)
    old["training"] |= {"learning_rate": 2e-4, "decoder_learning_rate": 1e-3, "encoder_learning_rate": 5e-4,
                        "critic_learning_rate": 5e-4, "decay_epochs": [30, 36], "decay_factors": [0.5, 0.2]}
    del old["training"]["kernels"]
    old["model"]["temperature_anneal"] = 0.0
    assert config_lib.differences(read(**old), today) == []
    old["model"]["model"], old["training"]["learning_rate"] = "ds_vae", 1e-3
    assert schedule.value(read(**old).training.learning_rate, 32) == 5e-4


@pytest.mark.parametrize("first, speed", [(0.8, 0.5), (0.67, 0.01), (2.0, 1.0), (0.1, 0.3), (0.05, 0.2), (0.05, 0.0)])
def test_an_old_temperature_falls_as_it_did(first, speed):
    temperature = read(model={"temperature": first, "temperature_anneal": speed}).model.temperature
    for epoch in np.arange(0, 60, 0.125):
        expected = max(0.1, first * math.exp(-speed * epoch)) if speed else first
        assert schedule.value(temperature, epoch) == pytest.approx(expected, rel=1e-13)
