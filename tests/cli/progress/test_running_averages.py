"""The running averages of a training, for known values."""

import pytest

from charrnn.cli.progress.running_averages import RunningAverages
from charrnn.training.events import Evaluated, Recovered, Stepped


def stepped(step, loss=2.0, norm=3.0, clipped=True, speed=45_000.0):
    return Stepped(step, 0.25, loss, norm, clipped, 1e-3, speed)


@pytest.mark.parametrize("steps", [1, 2, 500])
def test_the_means_of_constant_values_are_exact_from_the_first_step_on(steps):
    averages = RunningAverages(1.0)
    assert averages.figures() == ["starting"]
    for step in range(1, steps + 1):
        averages.add(stepped(step))
    assert averages.figures() == [
        "loss 2.0000 (2.885 bpc)",
        "gradient 3.00 of 1 (100% clipped)",
        "learning rate 1.00e-03",
        "45k characters/s",
        "epoch 0.25",
    ]


def test_the_last_step_has_a_weight_of_a_fiftieth_and_of_two_it_has_half():
    averages = RunningAverages()
    averages.add(stepped(1, loss=1.0, clipped=False, speed=10_000))
    averages.add(stepped(2, loss=3.0, clipped=True, speed=30_000))  # weights 0.98 and 1, over 1.98
    assert averages.figures()[0].startswith(f"loss {(0.98 * 1 + 3) / 1.98:.4f} ")
    assert averages.figures()[1] == "gradient 3.00 (51% clipped)"
    assert averages.figures()[3] == "20k characters/s"
    for step in range(3, 1000):
        averages.add(stepped(step, loss=1.0))
    averages.add(stepped(1000, loss=2.0))
    assert averages.figures()[0].startswith("loss 1.0200 ")


@pytest.mark.parametrize(("back_to", "shown"), [(9, []), (10, ["valid 1.5000"]), (11, ["valid 1.5000"])])
def test_a_rollback_drops_the_means_and_later_validations(back_to, shown):
    averages = RunningAverages()
    averages.add(stepped(10, loss=7.0))
    averages.add(Evaluated(10, "valid", 1.5, 2.164, True))
    averages.add(Recovered(back_to, "loss nan", 20, 5e-4, 1))
    assert averages.figures() == ["starting"]
    averages.add(stepped(back_to + 1, loss=1.0))
    assert averages.figures()[: 1 + len(shown)] == ["loss 1.0000 (1.443 bpc)", *shown]
