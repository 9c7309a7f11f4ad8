from charrnn.training.events import Evaluated, Recovered, Stepped
from charrnn.training.health import HealthMonitor


def evaluations(monitor, losses, training=lambda step: 1.0, saturated=None, first=1):
    """The warnings at each evaluation, with a hundred steps before each."""
    lines = []
    for number, loss in enumerate(losses, start=first):
        for step in range(100 * number - 99, 100 * number + 1):
            assert monitor.observe(Stepped(step, 0.1, training(step), 0.5, False, 1e-3, 1e5)) == []
        lines.append(monitor.observe(Evaluated(100 * number, "valid", loss, loss / 0.6931, False, saturated)))
    return lines


def falling(step):
    return 3.0 - step / 1000


def test_a_training_that_goes_well_gets_no_warning():
    assert evaluations(HealthMonitor(), [2.0 - 0.01 * n for n in range(20)], falling, saturated=0.1) == [[]] * 20


def test_a_plateau_is_reported_once_after_five_evaluations_without_improvement():
    monitor = HealthMonitor()
    lines = evaluations(monitor, [2.0] * 8)
    assert [len(each) for each in lines] == [0, 0, 0, 0, 0, 1, 0, 0]
    assert lines[5] == ["plateau: no better for 5 validations, at best 2.0000 (step 100)"]
    assert monitor.warnings["plateau"].startswith("plateau: no better for 7 validations")


def test_small_improvements_prevent_a_plateau_only_if_they_add_up():
    assert evaluations(HealthMonitor(), [2.0 - 0.0015 * n for n in range(12)]) == [[]] * 12
    assert sum(map(len, evaluations(HealthMonitor(), [2.0 - 0.0001 * n for n in range(12)]))) == 1


def test_a_plateau_that_ends_is_gone_and_another_is_reported_again():
    monitor = HealthMonitor()
    lines = evaluations(monitor, [2.0] * 6 + [1.9] + [1.9] * 5)
    assert [len(each) for each in lines] == [0] * 5 + [1] + [0] * 5 + [1]


def test_a_validation_loss_that_rises_while_the_training_loss_falls_is_overfitting():
    monitor = HealthMonitor()
    lines = evaluations(monitor, [2.0, 1.9, 1.91, 1.92, 1.93, 1.94], falling)
    assert [len(each) for each in lines] == [0, 0, 0, 0, 1, 0]
    assert "overfitting: validation 1.9300, at best 1.9000 (step 200)" in lines[4][0]
    assert list(monitor.warnings) == ["overfitting"]


def test_a_validation_loss_that_rises_with_the_training_loss_is_not_overfitting():
    lines = evaluations(HealthMonitor(), [2.0, 1.9, 1.91, 1.92, 1.93, 1.94], lambda step: step / 1000)
    assert lines == [[]] * 6


def test_a_rise_of_a_hair_is_not_overfitting():
    lines = evaluations(HealthMonitor(), [2.0, 1.9, 1.901, 1.902, 1.903, 1.904], falling)
    assert lines == [[]] * 6


def test_more_than_half_of_the_units_saturated_is_reported_once():
    monitor = HealthMonitor()
    lines = evaluations(monitor, [2.0, 1.9], saturated=0.5) + evaluations(monitor, [1.8, 1.7], saturated=0.51, first=3)
    assert [len(each) for each in lines] == [0, 0, 1, 0]
    assert "51% of the hidden units are saturated" in lines[2][0]


def test_a_rollback_resets_the_monitor():
    monitor = HealthMonitor()
    evaluations(monitor, [2.0] * 5)
    monitor.observe(Recovered(100, "loss 9", 501, 1e-3, 1))
    assert evaluations(monitor, [2.0] * 5) == [[]] * 5
