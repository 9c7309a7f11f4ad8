"""The time left of a training: steady, and with its validations."""

import pytest

from charrnn.cli.progress.time_left import MEASURED, TimeLeft, rounded


def train(left, first, last, seconds, now=0.0, every=0, validation=0.0):
    """Steps of `seconds` each, and a validation after each `every`; returns the clock."""
    for step in range(first, last + 1):
        now += seconds
        left.step(step, now)
        if every and step % every == 0:
            now += validation
            left.other(is_validation=True, now=now)
    return now


def test_it_is_not_said_before_some_seconds_of_steps_and_not_by_the_slow_first_one():
    left = TimeLeft(1000, 0, 100, 0.0, 0.0)
    left.step(1, 30.0)
    assert left.seconds is None
    now = train(left, 2, 1 + int(MEASURED * 10) - 1, 0.1, 30.0)
    assert left.seconds is None
    train(left, 31, 32, 0.1, now)
    assert left.seconds == pytest.approx(96.8)


def test_validations_count_each_at_what_those_so_far_took():
    left = TimeLeft(1000, 0, 100, 50.0, 0.0)
    train(left, 1, 200, 0.1, every=100, validation=7.0)
    assert left.seconds == pytest.approx(80 + 8 * 7.0)


def test_the_validation_at_the_end_counts_if_the_last_step_is_not_on_time():
    left = TimeLeft(250, 0, 100, 50.0, 0.0)
    train(left, 1, 200, 0.1, every=100, validation=7.0)
    assert left.seconds == pytest.approx(5 + 7.0)


def test_before_the_first_validation_its_time_is_a_third_of_training_on_as_much():
    left = TimeLeft(1000, 0, 500, 60.0, 0.0)
    train(left, 1, 100, 0.1)
    assert left.seconds == pytest.approx(90 + 2 * 2.0)


def test_without_a_validation_text_there_are_none():
    left = TimeLeft(1000, 0, 1, 0.0, 0.0)
    train(left, 1, 100, 0.1)
    assert left.seconds == pytest.approx(90)


def test_it_hardly_moves_while_steps_take_as_long_and_follows_a_machine_that_slows_down():
    left, found = TimeLeft(4000, 0, 100, 0.0, 0.0), []
    now = 0.0
    for step in range(1, 1001):
        now += 0.1 * (1.5 if step % 2 else 0.5)
        left.step(step, now)
        found += [left.seconds + 0.1 * step] if left.seconds else []
    assert max(found) - min(found) < 0.03 * 400
    train(left, 1001, 1600, 0.2, now)
    assert left.seconds == pytest.approx(480, rel=0.15)


def test_a_stop_by_the_shell_does_not_count_and_a_rollback_makes_more_to_do():
    left = TimeLeft(1000, 0, 100, 0.0, 0.0)
    now = train(left, 1, 100, 0.1)
    left.pause(3600.0)
    train(left, 101, 101, 0.1, now + 3600)
    assert left.seconds == pytest.approx(89.9)
    left.rewind_to(50)
    assert left.seconds == pytest.approx(95)


def test_steps_that_are_read_together_have_their_time_together():
    left = TimeLeft(1000, 0, 100, 0.0, 0.0)
    for step in range(1, 101):
        left.step(step, 10.0)
    for step in range(101, 201):
        left.step(step, 20.0)
    assert left.seconds == pytest.approx(80)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.0, 0), (0.4, 1), (2.4, 3), (12.4, 10), (58, 60), (131, 130), (610, 600), (5000, 4980)]
)
def test_it_is_rounded_to_what_can_be_known(seconds, shown):
    assert rounded(seconds) == shown
