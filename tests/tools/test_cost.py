"""What tools/cost.py counts, against the loop of training and counts by hand."""

import cost as tool
import pytest
import tensorflow as tf
import tiny
from bench import flops

from rwae_tf.training.trainer import Trainer


def test_steps_are_counted_at_the_batch_and_length_of_the_flags():
    model = tiny.build(inference_steps=1, joint_update=True)
    trainer = Trainer(model, tf.distribute.get_strategy())
    x = tf.constant(tiny.sequences())
    assert tool.counted(model) == {phase.name: sum(flops.count(trainer.graph(phase, x)).values())
                                   for phase in trainer.phases}


@pytest.mark.parametrize("changes, expected", [
    ({}, (34, {"inference": 68, "generation": 34})),  # 4 x 25 batches of 101 clips, three to an iteration
    ({"reuse_batch": True}, (100, {"inference": 200, "generation": 100})),
    ({"inference_steps": 1, "joint_update": True}, (100, {"joint": 100})),
])
def test_the_schedule(changes, expected):
    assert tool.schedule(tiny.build(epochs=4, **changes), 101) == expected


def test_replicas_send_four_bytes_for_each_number_that_a_phase_moves():
    together, apart = (tool.gradient_bytes(tiny.build(inference_steps=1, joint_update=joint))
                       for joint in (True, False))
    assert together == {"joint": 4 * tool.parameters(tiny.build())}
    assert sorted(apart) == ["generation", "inference"] and sum(apart.values()) == together["joint"]


def test_numbers_are_shown_with_a_prefix():
    assert [tool.shown(n) for n in (0, 999, 1000, 5.976e18)] == ["0 ", "999 ", "1 k", "5.98 E"]


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_command(capsys):
    small = ["--dataset=moving_shapes", "--size=16", "--channels=4", "--batch_size=4", "--length=3", "--joint_update",
             "--inference_steps=1"]
    assert tool.main(["cost", *small, "--epochs=1", "--clips=24"]) == 0
    first, step, everything = capsys.readouterr().out.splitlines()
    assert " parameters; a step of each phase, B = 2, T = 2: " in first
    assert step.startswith("joint: ") and "FLOP a step, B = 4, T = 3; gradients of " in step
    assert everything.startswith("1 epochs of 24 clips: 6 iterations, ")
