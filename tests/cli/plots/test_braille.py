"""Curves in braille dots: positions and styles."""

import numpy as np
import pytest

from charrnn.cli.plots.braille import STYLES, Field, align_labels, cells_of_line, cells_of_points, draw_row, with_axes

BIT_OF_DOT = [[0, 3], [1, 4], [2, 5], [6, 7]]  # of Unicode's braille patterns


def dots_in(cells):
    """Whether each dot is set, (4 rows, 2 columns)."""
    rows, columns = cells.shape
    return np.array(
        [[cells[i // 4, j // 2] >> BIT_OF_DOT[i % 4][j % 2] & 1 for j in range(2 * columns)] for i in range(4 * rows)]
    ).astype(bool)


def test_a_diagonal_sets_a_dot_in_each_row():
    cells = cells_of_line(np.array([0.0, 1.0]), np.array([1.0, 0.0]), Field(1.0, 0.0, 1.0, columns=2, rows=1))
    assert draw_row(cells, np.zeros((1, 2), bool)).plain == "⠑⢄"


def test_a_line_has_no_gaps_and_ends_in_the_corners():
    field = Field(right=10.0, low=1.0, high=3.0, columns=6, rows=5)
    dots = dots_in(cells_of_line(np.array([0.0, 1.0, 10.0]), np.array([1.0, 3.0, 1.0]), field))
    assert dots[-1, 0]
    assert dots[0, 1]
    assert dots[-1, -1]
    assert dots.any(axis=0).all()
    assert dots.any(axis=1).all()
    points = dots_in(cells_of_points(np.array([0.0, 1.0, 10.0]), np.array([1.0, 3.0, 1.0]), field))
    assert np.argwhere(points).tolist() == [[0, 1], [19, 0], [19, 11]]


def test_dots_outside_the_field_are_not_drawn():
    field = Field(right=10.0, low=1.0, high=2.0, columns=6, rows=5)
    assert not cells_of_line(np.array([1.0, 2.0]), np.array([8.0, 1e30]), field).any()
    assert cells_of_line(np.array([1.0, 2.0]), np.array([1e99, 1.5]), field).any()


def test_crossing_curves_share_a_cell_in_the_style_of_the_first():
    cells = np.array([[0, 1, 1, 0], [0, 0, 8, 8]])
    row = draw_row(cells, np.zeros((2, 4), bool))
    assert row.plain == " ⠁⠉⠈"
    assert [(span.start, span.end, span.style) for span in row.spans] == [(1, 3, STYLES[0]), (3, 4, STYLES[1])]
    assert draw_row(cells, np.zeros((2, 4), bool), "hc").plain == " hhc"


def test_a_mark_is_drawn_over_the_dots_and_not_among_letters():
    cells, marks = np.array([[1, 1], [0, 0]]), np.array([[False, False], [False, True]])
    row = draw_row(cells, marks)
    assert row.plain == "⠁o"
    assert [span.style for span in row.spans] == [STYLES[0], STYLES[1]]
    assert draw_row(cells, marks, "ab").plain == "aa"


@pytest.mark.parametrize("columns", [1, 5, 40])
def test_the_axes_are_straight_and_no_wider_than_the_field(columns):
    field, labels = Field(400.0, 0.0, 1.0, columns, 3), align_labels({0: 1.0, 2: 1.234e-6}, 3, 4)
    rows = [draw_row(np.ones((1, columns), int), np.zeros((1, columns), bool))] * 3
    *drawn, axis, below = [line.plain for line in with_axes(labels, rows, field, "steps")]
    assert {line.index("┤") for line in drawn} == {axis.index("└")}
    assert {len(line) for line in (*drawn, axis)} == {len(labels[0]) + columns}
    assert below.rstrip().endswith("400")
    assert ("steps" in below) == (columns == 40)
