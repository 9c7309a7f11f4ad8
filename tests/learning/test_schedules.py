import pytest

from charrnn.learning.schedules import Schedule


def test_constant_stays():
    assert [Schedule("constant", 0.1, 10)(step) for step in (0, 5, 9)] == [0.1] * 3


def test_cosine_falls_from_the_top_to_nothing_and_stays_there():
    schedule = Schedule("cosine", 2.0, 100)
    assert schedule(0) == 2.0
    assert schedule(50) == pytest.approx(1.0)
    assert schedule(100) == schedule(130) == 0
    assert all(schedule(step) > schedule(step + 1) for step in range(100))


@pytest.mark.parametrize("shape", ["constant", "cosine"])
def test_warm_up_rises_evenly_to_the_top(shape):
    schedule = Schedule(shape, 1.0, 50, warmup_steps=10)
    assert [schedule(step) for step in range(10)] == pytest.approx([0.1 * n for n in range(1, 11)])
    assert schedule(10) == 1.0


def test_a_warm_up_longer_than_the_training_is_no_accident():
    assert Schedule("cosine", 1.0, 5, warmup_steps=10)(4) == 0.5
