"""The plot of a gradient's remaining norm by lag, in braille dots."""

import pytest

from charrnn.cli.plots.lag_plot import COLUMNS, MIN_COLUMNS, ROWS, lag_plot
from charrnn.diagnostics.gradflow.gradient_flow import Curve


def straight(rate, lags=50, state="h", spread=0.0):
    """A curve that falls by `rate` powers of ten a lag, its quartiles `spread` powers from the median."""
    median, lower, upper = ([rate * lag + apart for lag in range(lags + 1)] for apart in (0, -spread, spread))
    return Curve(state, median, lower, upper, upper, None, None)


def drawn(curves, columns=100):
    """The rows of the drawing without their labels, and the two lines below."""
    *rows, axis, below = [line.plain for line in lag_plot(curves, columns)]
    return [row.split("┤")[1] for row in rows], axis, below


def test_a_falling_line_is_drawn_from_the_upper_left_to_the_lower_right():
    rows, _, _ = drawn([straight(-0.2)])
    places = [len(row) - len(row.lstrip()) for row in rows]
    assert len(rows) == ROWS
    assert places == sorted(places)
    assert places[0] == 0
    assert len(rows[-1]) == 51


def test_the_labels_are_powers_of_ten_beside_their_rows():
    labels = [line.plain.split("┤")[0].strip() for line in lag_plot([straight(-0.2)], 100)[:ROWS]]
    assert [label for label in labels if label] == [
        "1", "0.1", "0.01", "0.001", "0.0001", "1e-05", "1e-06", "1e-07", "1e-08", "1e-09", "1e-10"
    ]  # fmt: skip
    assert labels[-1] == "1e-10"


def test_powers_that_would_crowd_are_left_out():
    labels = [line.plain.split("┤")[0].strip() for line in lag_plot([straight(-0.8)], 100)[:ROWS]]
    assert [label for label in labels if label][:3] == ["1", "0.01", "0.0001"]


def test_quartiles_are_lines_beside_the_median():
    rows, _, _ = drawn([straight(0.0, spread=1.0)])
    assert len([row for row in rows if row.strip()]) == 3


def test_a_curve_is_in_the_row_of_its_label():
    """In dots of braille, which are finer than rows, and in letters: 1, where each gradient begins, is beside `1`."""
    for high in (0.5, 0.7, 1.3, 2.0):
        for rate in (-0.01, -0.05, -0.2):
            curves = [straight(rate), straight(rate / 2, state="c")]
            curves[0].upper[5] = high
            for chosen in (curves, curves[:1]):
                lines = [line.plain.split("┤") for line in lag_plot(chosen, 100)[:ROWS]]
                assert next(label.strip() for label, row in lines if row[:1].strip()) == "1"


def test_lines_end_without_blanks():
    for curves in ([straight(-0.2)], [straight(-0.2), straight(-0.01, state="c")]):
        for line in lag_plot(curves, 100):
            assert line.plain == line.plain.rstrip()


@pytest.mark.parametrize(("lags", "columns"), [(5, MIN_COLUMNS), (50, 51), (71, COLUMNS), (400, COLUMNS)])
def test_a_lag_has_a_column_where_there_is_room(lags, columns):
    _, axis, below = drawn([straight(-0.01, lags)])
    assert axis.count("─") == columns
    assert "characters back" in below


def test_values_too_small_to_draw_are_skipped():
    rows, _, _ = drawn([straight(-5)])
    assert max(len(row.rstrip()) for row in rows) == pytest.approx(51 * 16 / 5 / 50, abs=1)


def test_several_curves_differ_in_letters_or_in_colour():
    curves = [straight(-0.2), straight(-0.01, state="c")]
    rows, _, _ = drawn(curves)
    assert set("".join(rows)) == {" ", "h", "c"}
    coloured = lag_plot(curves, 100, coloured=True)
    assert len({str(span.style) for line in coloured for span in line.spans} - {""}) == 2
    assert coloured[-1].plain.split() == ["⠤⠤", "h", "⠤⠤", "c"]
    assert not set("hc") & set("".join(line.plain for line in coloured[:ROWS]))


def test_the_quartiles_of_several_curves_are_shaded_and_their_medians_are_letters():
    rows, _, _ = drawn([straight(0.0, spread=1.0), straight(0.0, state="c", spread=0.5)])
    assert [set(row) for row in rows if row] == [{"░"}, {"░"}, {"h"}, {"░"}, {"░"}]


@pytest.mark.parametrize("columns", [36, 60, 80, 120])
@pytest.mark.parametrize("rate", [-0.001, -0.2, 0.3])
def test_the_drawing_is_no_wider_than_the_terminal_and_its_axis_straight(columns, rate):
    *rows, axis, below = [line.plain for line in lag_plot([straight(rate, 400)], columns)]
    assert {row.index("┤") for row in rows} == {axis.index("└")}
    assert all(len(line) <= columns for line in (*rows, axis, below))
    assert "characters back" in below
    assert below.endswith("400")


@pytest.mark.parametrize("lags", [1, 5, 72, 400, 4000])
def test_the_last_column_is_the_last_lag(lags):
    """A curve that falls at its last lag alone, and one that rises after lag 0."""
    for line in ([0.0] * lags + [-10.0], [-10.0] + [0.0] * lags):
        rows, axis, _ = drawn([Curve("h", line, line, line, line, None, None)])
        bottom = rows[-1].ljust(axis.count("─"))
        assert (bottom[0] == " ") == (line[0] == 0)
        assert (bottom[-1] == " ") == (line[-1] == 0)
