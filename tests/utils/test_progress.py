"""The progress line: share done, time left, the limit when it comes first."""

import pytest

from rwae_tf.utils import progress


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_eta_follows_the_rate_since_the_resume(clock, capsys):
    """Resumed at 50 of 200; 10 units in 5 s leave 140 units, 70 s."""
    bar = progress.Progress(200, every=1.0)
    bar.show(50, lambda: "start")
    clock[0] = 5.0
    bar.show(60, lambda: "epoch 1")
    bar.show(61, lambda: pytest.fail("described, and too soon to be shown"))
    assert capsys.readouterr().err == " 30.0% epoch 1 | ETA 0:01:10\n"


def test_a_time_limit_that_comes_first_is_the_eta(clock, capsys):
    bar = progress.Progress(200, every=1.0)
    bar.show(0, str)
    clock[0] = 2.0
    bar.show(1, lambda: "epoch 1", limit=33.0)
    assert capsys.readouterr().err.endswith("ETA 0:00:33\n")


@pytest.mark.parametrize("seconds, text", [(0, "0:00:00"), (59.6, "0:01:00"), (3661, "1:01:01"), (360000, "100:00:00")])
def test_clock(seconds, text):
    assert progress.clock(seconds) == text


def test_what_is_said_stays_above_the_line_of_a_terminal(clock, capsys, monkeypatch):
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    bar = progress.Progress(10)
    clock[0] = 1.0
    bar.show(5, lambda: "epoch 1")
    bar.say("warning: z_m is dead")
    # Back to the line's start, the line wiped, and the text ended: the next rewriting begins below it.
    assert capsys.readouterr().err.endswith("ETA 0:00:00\r\033[Kwarning: z_m is dead\n")


def test_what_is_said_elsewhere_is_a_line(capsys):
    progress.Progress(10).say("warning: z_m is dead")
    assert capsys.readouterr().err == "warning: z_m is dead\n"
