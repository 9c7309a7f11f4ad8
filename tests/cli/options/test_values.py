"""Values of options: what is read, and what each refusal says."""

import pytest

from charrnn.cli.options.values import BadValueError, number, parse_duration, whole


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("140s", 140), ("140", 140), ("10m", 600), ("1h30m", 5400), ("1.5h", 5400), ("1m5.5s", 65.5), ("5min", 300),
        ("1 h", 3600), ("90 minutes", 5400), ("2 hours 5 min", 7500), ("1d", 86400),
    ],
)  # fmt: skip
def test_durations_are_read_as_people_write_them(text, seconds):
    assert parse_duration(text, "--time") == seconds


@pytest.mark.parametrize("text", ["", "0", "0s", "-5s", "ten", "10x", "5s3m", "nan", "inf", "1e400h"])
def test_an_invalid_duration_is_refused_with_examples(text):
    with pytest.raises(BadValueError, match="must be a time above 0, such as 140s, 10m or 1h30m"):
        parse_duration(text, "--time")


@pytest.mark.parametrize(
    ("text", "found"), [("1e3", 1000), ("1_000", 1000), ("1,000", 1000), ("10k", 10_000), ("２", 2)]
)
def test_whole_numbers_are_read_as_people_type_them(text, found):
    assert whole(1)(text) == found


@pytest.mark.parametrize(
    ("parser", "text", "message"),
    [
        (whole(1), "0", "must be a whole number above 0"),
        (whole(1), "1.5", "must be a whole number above 0"),
        (whole(), "-1", "must be a whole number of at least 0"),
        (whole(1, 512), "1000", "must be at most 512"),
        (whole(1, 512), "many", "must be a whole number from 1 to 512"),
        (number(least=0), "0,8", "must be a number of at least 0; write 0.8"),
        (number(above=0, most=1), "90", "must be a number above 0 and at most 1; did you mean 0.9?"),
        (number(least=0), "nan", "must be a number of at least 0"),
        (number(above=0), "inf", "must be a number above 0"),
    ],
)
def test_a_refusal_says_what_is_allowed_and_what_was_probably_meant(parser, text, message):
    with pytest.raises(BadValueError) as caught:
        parser(text)
    assert caught.value.message == message
