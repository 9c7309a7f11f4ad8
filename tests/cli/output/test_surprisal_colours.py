import math

import pytest

from charrnn.cli.output.surprisal_colours import (
    LIMITS,
    SIDES,
    STYLES,
    colour_by_difference,
    colour_by_surprisal,
    legend,
    legend_of_difference,
    style_of,
)


def test_each_limit_of_the_scale_begins_the_next_colour():
    for limit, below, above in zip(LIMITS, STYLES, STYLES[1:], strict=False):
        assert style_of((limit - 1e-9) * math.log(2)) == below
        assert style_of((limit + 1e-9) * math.log(2)) == above
    assert style_of(0.0) == STYLES[0]


@pytest.mark.parametrize("surprisal", [math.inf, math.nan, 1e300])
def test_nan_and_infinity_are_surprises(surprisal):
    assert style_of(surprisal) == STYLES[-1]


def test_neighbours_of_one_colour_share_a_span():
    text = colour_by_surprisal("abcd", [0.1, 0.2, 9.0, 0.1])
    assert text.plain == "abcd"
    assert [(text.plain[span.start : span.end], span.style) for span in text.spans] == [
        ("ab", STYLES[0]),
        ("c", STYLES[-1]),
        ("d", STYLES[0]),
    ]


def test_a_text_of_two_halves_is_coloured_as_the_halves():
    surprisals = [0.1 * i for i in range(40)]
    text = "abcdefgh\n " * 4
    whole = colour_by_surprisal(text, surprisals)
    halves = colour_by_surprisal(text[:20], surprisals[:20]) + colour_by_surprisal(text[20:], surprisals[20:])
    for place in range(40):
        style = style_of(surprisals[place])
        assert [span.style for span in whole.spans if span.start <= place < span.end] == [style]
        assert [span.style for span in halves.spans if span.start <= place < span.end] == [style]


def test_nothing_is_coloured_as_nothing_and_lengths_must_agree():
    assert colour_by_surprisal("", []).plain == ""
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        colour_by_surprisal("ab", [1.0])


def test_the_legend_names_every_limit_in_its_colour():
    assert legend().plain == "surprisal in bits: below 0.5 · below 1 · below 2 · below 4 · below 6 · 6 or more"
    assert [span.style for span in legend().spans] == list(STYLES)


def test_a_difference_has_the_colour_of_the_likelier_model_and_is_bold_where_it_is_strong():
    bit = math.log(2)
    text = colour_by_difference("abcdefg", [0, 0.49 * bit, 0.51 * bit, 2.01 * bit, -0.49 * bit, -0.51 * bit, -3 * bit])
    assert text.plain == "abcdefg"
    styles = {text.plain[place]: span.style for span in text.spans for place in range(span.start, span.end)}
    assert styles == {"c": SIDES[0], "d": f"bold {SIDES[0]}", "f": SIDES[1], "g": f"bold {SIDES[1]}"}


def test_the_legend_of_two_models_names_each_in_its_colour():
    line = legend_of_difference(["one", "other"])
    assert line.plain == "likelier under one, under other; bold from 2 bits on, uncoloured below 0.5"
    assert [(line.plain[span.start : span.end], span.style) for span in line.spans] == [
        ("one", SIDES[0]),
        ("other", SIDES[1]),
    ]
    assert legend_of_difference(["a\x1b", "b"]).plain.startswith("likelier under a\u241b, under b;")


def test_made_visible_characters_are_in_reverse_video_and_lookalikes_are_not():
    text = colour_by_surprisal("a\x1b\u241b\n\t\ufffd", [0.1] * 6)
    assert text.plain == "a\u241b\u241b\n    \ufffd"
    assert [text.plain[span.start : span.end] for span in text.spans if "reverse" in str(span.style)] == ["\u241b"]
    assert [span.start for span in text.spans if "reverse" in str(span.style)] == [1]
    difference = colour_by_difference("a\x1b", [1.0, 1.0])
    assert [span.start for span in difference.spans if "reverse" in str(span.style)] == [1]


def test_a_difference_of_just_half_a_bit_has_a_colour_and_one_of_two_bits_is_bold():
    bit = math.log(2)
    text = colour_by_difference("abcd", [0.5 * bit, 2 * bit, -0.5 * bit, -2 * bit])
    assert [span.style for span in text.spans] == [SIDES[0], f"bold {SIDES[0]}", SIDES[1], f"bold {SIDES[1]}"]
