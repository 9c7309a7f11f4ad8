import numpy as np
import pytest

from charrnn.cli.plots.curves import moving_average, usual_window
from charrnn.cli.progress.loss_curve import LABEL, POINTS, LossCurve

BLANK = chr(0x2800)
GUTTER = LABEL + 2


def curve_of(losses, evaluated=()):
    curve = LossCurve()
    for step, loss in enumerate(losses, start=1):
        curve.add(step, loss)
    for step, loss in evaluated:
        curve.add_evaluation(step, loss)
    return curve


def drawn(curve, columns=GUTTER + 10, rows=4):
    return [line.plain for line in curve.draw(columns, rows)]


def test_a_falling_loss_falls_from_the_upper_left_to_the_lower_right():
    heading, *rows = drawn(curve_of([4 - step / 100 for step in range(100)]), GUTTER + 40)
    assert heading.strip() == "loss   ⠤⠤ training  steps 1 to 100"
    assert [row[:GUTTER].strip() for row in rows] == ["4 ┤", "┤", "┤", "3.01 ┤"]
    begins = [len(row) - len(row[GUTTER:].lstrip()) for row in rows]
    assert begins == sorted(begins)
    assert begins[0] < GUTTER + 5 < GUTTER + 28 < begins[-1]
    assert len(rows[-1]) == GUTTER + 40


def test_the_fall_of_the_beginning_does_not_make_the_rest_flat():
    rows = drawn(curve_of([100.0] * 3 + [2 - step / 100 for step in range(97)]))
    assert rows[1].startswith("  2.52 ┤"), "1.04, and twice from there to 1.78, below which three quarters are"


def test_what_comes_later_has_half_of_the_height_and_the_beginning_may_leave_the_picture():
    evaluated = [(300, 1.65), (3000, 1.55)]
    _, *rows = drawn(curve_of([1.5 + 3 / step**0.5 for step in range(1, 3001)], evaluated), GUTTER + 60, 8)
    ends = [len(row[GUTTER:].rstrip(f" {BLANK}")) for row in rows]
    assert ends == sorted(ends)
    assert 6 < ends[0] < 12, "it comes in from above in the first fifth"
    assert 13 < ends[3] < 18, "the upper half is the first quarter"
    assert rows[-1].endswith("o")


@pytest.mark.parametrize("last", [2.0, 9.0])
def test_every_later_validation_and_the_newest_loss_are_in_the_picture(last):
    losses = [9.0] * 10 + [1.0] * 80
    assert curve_of(losses, [(5, 50.0), (60, 5.0)]).draw(60, 6)[1].plain.startswith("     5 ┤")
    assert curve_of([*losses, last]).draw(60, 6)[1].plain.startswith(f"     {last:g} ┤")


def test_it_is_smoothed_as_the_plot_is():
    rng = np.random.default_rng(0)
    losses = 2 + rng.random(4000)
    curve, window = curve_of(losses.tolist()), usual_window(4000)
    _, *rows = curve.draw(60, 6)
    low, high = (float(rows[row].plain.split()[0]) for row in (-1, 0))
    smooth = moving_average(losses, window)
    assert smooth.min() - 0.02 < low < high < smooth.max() + 0.02


def test_evaluations_are_marked_at_their_steps():
    losses = [4.0] * 50 + [2.0] * 50
    rows = drawn(curve_of(losses, [(100, 3.0)]), GUTTER + 11, 5)
    assert rows[3][-1] == "o"
    assert sum(row.count("o") for row in rows[1:]) == 1
    assert "o validation" in drawn(curve_of(losses, [(100, 3.0)]), 60)[0]


def test_a_long_training_is_drawn_as_means():
    curve = curve_of([float(step % 4) for step in range(16 * POINTS)])
    assert len(curve._steps) <= 2 * POINTS
    assert set(curve._losses) == {1.5}
    assert curve._steps[-1] == 16 * POINTS
    assert curve._steps[0] == 16


def test_a_rollback_removes_steps_and_evaluations():
    curve = curve_of([4 - step / 100 for step in range(100)], [(40, 1.0), (80, 1.0)])
    curve.rewind_to(40)
    assert "steps 1 to 40" in drawn(curve, 60)[0]
    for step in range(41, 101):
        curve.add(step, 2.0)
    assert sum(row.count("o") for row in drawn(curve)[1:]) == 1
    curve.rewind_to(39)
    assert not sum(row.count("o") for row in drawn(curve)[1:])
    curve.add(40, 2.0)
    assert "steps 1 to 40" in drawn(curve, 60)[0]


def test_without_losses_or_room_there_is_nothing():
    assert drawn(curve_of([1.0, 2.0])) == []
    assert drawn(curve_of([1.0] * 10), columns=10) == []
    assert drawn(curve_of([1.0] * 10), rows=1) == []


def test_a_flat_loss_is_drawn():
    assert any(char > BLANK for row in drawn(curve_of([1.0] * 10)) for char in row)


def test_a_rollback_drops_steps_that_are_not_averaged_yet():
    curve = curve_of([1.0] * (2 * POINTS))  # from now on means of two
    curve.add(2 * POINTS + 1, 1e9)
    curve.rewind_to(2 * POINTS)
    for step in (1, 2):
        curve.add(2 * POINTS + step, 1.0)
    assert set(curve._losses) == {1.0}


@pytest.mark.parametrize("low", [0.0, 3e-17, 1.234e-6, 0.002308, 0.02, 1.5, 123456.789])
@pytest.mark.parametrize("fall", [0.0, 1e-5, 0.5, 3.21, 1e7])
def test_the_axis_is_straight_whatever_the_labels_are(low, fall):
    for evaluated in ([], [(30, low)]):
        curve = curve_of([low + fall * (1 - step / 99) for step in range(100)], evaluated)
        for columns in (16, 20, 60):
            _, *rows = drawn(curve, columns, 6)
            assert len({row.index("┤") for row in rows}) == 1
            assert {len(row) for row in rows} == {columns}


def test_the_heading_is_above_the_labels():
    heading, *rows = drawn(curve_of([1.234e-6 * (1 + step) for step in range(100)]), 60)
    assert heading.index("loss") + len("loss") == rows[0].index(" ┤")
    assert heading.index("⠤⠤") == rows[0].index("┤") + 2
