import pytest

from charrnn.training.optim.schedules import SHAPES, Schedule


def test_constant_stays():
    assert [Schedule("constant", 0.1, 10)(step) for step in (0, 5, 9)] == [0.1] * 3


def test_cosine_falls_from_the_top_to_nothing_and_stays_there():
    schedule = Schedule("cosine", 2.0, 100)
    assert schedule(0) == 2.0
    assert schedule(50) == pytest.approx(1.0)
    assert schedule(100) == schedule(130) == 0
    assert all(schedule(step) > schedule(step + 1) for step in range(100))


def test_linear_and_exponential():
    assert [Schedule("linear", 2.0, 10)(step) for step in (0, 5, 10)] == pytest.approx([2, 1, 0])
    assert [Schedule("exponential", 2.0, 10)(step) for step in (0, 5, 10)] == pytest.approx([2, 0.2, 0.02])


def test_plateau_halves_with_each_stall_and_no_other_schedule_does():
    assert [Schedule("plateau", 2.0, 10)(9, stalls) for stalls in (0, 1, 2)] == [2, 1, 0.5]
    assert Schedule("constant", 2.0, 10)(9, 3) == 2


@pytest.mark.parametrize("shape", SHAPES)
def test_warm_up_rises_evenly_to_the_top(shape):
    schedule = Schedule(shape, 1.0, 50, warmup_steps=10)
    assert [schedule(step) for step in range(10)] == pytest.approx([0.1 * n for n in range(1, 11)])
    assert schedule(10) == 1.0


def test_a_warm_up_longer_than_the_training_is_allowed():
    assert Schedule("cosine", 1.0, 5, warmup_steps=10)(4) == 0.5


@pytest.mark.parametrize(
    ("shape", "halfway", "last"), [("constant", 2, 2), ("linear", 1, 0), ("cosine", 1, 0), ("exponential", 0.2, 0.02)]
)
def test_after_a_warm_up_a_schedule_still_comes_to_its_end(shape, halfway, last):
    """Ten steps of warm-up and a hundred after them: halfway is step 60, the end step 110."""
    schedule = Schedule(shape, 2.0, 110, warmup_steps=10)
    assert [schedule(step) for step in (60, 110)] == pytest.approx([halfway, last], abs=1e-12)
