import pytest

from charrnn.cli.output.styled_text import mark_unsafe, mark_unsafe_line, styled_runs


def test_neighbours_of_one_style_share_a_span():
    text = styled_runs([("a", "red"), ("bc", "red"), (" ", ""), ("d", "red")])
    assert text.plain == "abc d"
    assert [(span.start, span.end, span.style) for span in text.spans] == [(0, 3, "red"), (4, 5, "red")]


@pytest.mark.parametrize("show", [mark_unsafe, mark_unsafe_line])
def test_a_name_has_its_style_and_marks(show):
    text = show("a\x07\u202eb", "bold")
    assert text.plain == "a\u2407<U+202E>b"
    assert sum(span.end - span.start for span in text.spans if "reverse" in str(span.style)) == len("\u2407<U+202E>")


def test_a_line_is_one_line():
    assert mark_unsafe("a\nb\tc").plain == "a\nb    c"
    assert mark_unsafe_line("a\nb\tc").plain == "a\u240ab\u2409c"


def test_of_a_message_that_is_far_too_long_the_beginning_and_the_end_are_shown():
    """Styled messages."""
    shown = mark_unsafe_line("text.txt: " + "\x1b" * 500_000 + "; name it: --text TEXT").plain
    assert shown.startswith("text.txt: \u241b")
    assert "\u241b [...] \u241b" in shown
    assert shown.endswith("; name it: --text TEXT")
    assert len(shown) < 3000
    assert mark_unsafe_line("a" * 2000).plain == "a" * 2000
