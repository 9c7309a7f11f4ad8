import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.text.positions import NO_PLACES, Place, Places, PositionTracker, lines_and_columns, move

TEXT = "ab\n\nc\rd\u2028e\r\nf"
AS_CHARACTERS = [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (3, 2), (4, 1), (4, 2), (4, 3), (4, 4), (5, 1), (6, 1)]
AS_BYTES = [*AS_CHARACTERS[:10], (4, 5), (5, 1)]  # the \r\n of the file is still there, and one line's end


def walked(text, cuts, unit, starts=NO_PLACES):
    tracker, found = PositionTracker(unit), []
    for start, stop in zip([0, *cuts], [*cuts, len(text)], strict=True):
        places = tracker.advance(list(text[start:stop]), starts.part(start, stop))
        assert places.at.tolist() == list(range(start, stop))
        found += zip(places.file.tolist(), places.line.tolist(), places.column.tolist(), strict=True)
    return found


@pytest.mark.parametrize("cuts", [[], [3], [2, 3, 4], [0, 0, 8], [*range(1, 12)], [11]])
@pytest.mark.parametrize(("unit", "expected"), [("char", AS_CHARACTERS), ("byte", AS_BYTES)])
def test_lines_and_columns_count_from_one_however_the_text_comes(cuts, unit, expected):
    assert [place[1:] for place in walked(TEXT, cuts, unit)] == expected


@pytest.mark.parametrize("cuts", [[], [3], [1, 2, 3, 4, 5, 6]])
def test_positions_restart_in_each_file_and_document(cuts):
    """Two files. The second has two documents, with two lines cut before the first."""
    starts = Places.from_sequences([0, 3, 5], [0, 1, 1], [1, 3, 7], [1, 2, 4])
    found = walked("a\nbcde\n", cuts, "char", starts)
    assert found == [(0, 1, 1), (0, 1, 2), (0, 2, 1), (1, 3, 2), (1, 3, 3), (1, 7, 4), (1, 7, 5)]


@given(st.text("ab\r\n\u2028é"), st.integers(0, 20), st.integers(1, 5))
def test_a_single_position_equals_that_of_the_tracker(text, index, size):
    if index >= len(text):
        return
    line, column = move(
        3, 5, [text[start : min(start + size, index + 1)] for start in range(0, index + 1, size)], "char"
    )
    expected = walked(text, [], "char", Places.from_sequences([0], [0], [3], [5]))[index]
    assert (line, column) == expected[1:]
    data = text[: index + 1].encode()
    found = move(3, 5, [data[start : start + size] for start in range(0, len(data), size)], "byte")
    assert found == walked(text, [], "byte", Places.from_sequences([0], [0], [3], [5]))[index][1:]
    lines, columns = lines_and_columns(text, np.array([index]))
    assert (lines[0], columns[0]) == walked(text, [], "char")[index][1:]


def test_the_end_of_the_text_has_a_position():
    lines, columns = lines_and_columns("ab\n", np.array([2, 3]))
    assert [lines.tolist(), columns.tolist()] == [[1, 2], [3, 1]]
    assert [value.tolist() for value in lines_and_columns("", np.array([0]))] == [[1], [1]]


def test_a_place_is_written_as_editors_read_it():
    assert str(Place("a b.txt", 3, 14)) == "a b.txt:3:14"
    assert str(Place("", 3, 14)) == "line 3, column 14"


def test_lines_are_counted_as_by_python():
    """As by open(), which ends lines at \\r, \\n and \\r\\n alone."""
    text = "a\vb\fc\x1cd\x85e\u2028f\u2029g\nh"
    lines = re.split(r"\r\n|\r|\n", text)
    assert [place[1] for place in walked(text, [], "char")] == [1] * (len(lines[0]) + 1) + [2]
