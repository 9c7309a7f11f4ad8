import pytest

from charrnn.text.places import Walk

TEXT = "ab\n\nc\nde"
PLACES = [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (3, 2), (4, 1), (4, 2)]


@pytest.mark.parametrize("cuts", [[], [3], [2, 3, 4], [0, 0, 8], [1, 2, 3, 4, 5, 6, 7]])
def test_lines_and_columns_count_from_one_however_the_text_comes(cuts):
    walk, found = Walk(), []
    for start, stop in zip([0, *cuts], [*cuts, len(TEXT)], strict=True):
        places = walk.over(list(TEXT[start:stop]))
        assert places.index.tolist() == list(range(start, stop))
        found += zip(places.line.tolist(), places.column.tolist(), strict=True)
    assert found == PLACES
