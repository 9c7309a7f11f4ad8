"""The report of `score` for known surprisals."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

from charrnn.cli.output.surprisal_colours import SIDES
from charrnn.cli.reports import scores
from charrnn.errors import TextError
from charrnn.models.encoded_text import EncodedText
from charrnn.models.scoring.scoring import ScoredText
from charrnn.text.vocabulary import END

BIT = math.log(2)
TEXT = list("ab\N{SNOWMAN}d\n")


def model(*surprisals, names=("ours",), text=TEXT):
    """What gives these surprisals, in bits, whatever it reads: in two stretches."""
    found = [
        ScoredText(part, BIT * np.array(bits), len(part))
        for part, bits in ((text[:2], surprisals[:2]), (text[2:], surprisals[2:]))
    ]
    return SimpleNamespace(
        vocabulary=SimpleNamespace(unit="char", characters=frozenset(text), unknown_id=None),
        components=[SimpleNamespace(name=name) for name in names],
        notes=(f"from {names[0]}",),
        score_in_pieces=lambda text_: iter(found if text else []),
    )


GIVEN = EncodedText(None, list, None, files=("text",))
OURS = model(1, 1, 1, 5, 0)
THEIRS = model(1, 4, 1, 3, 0, names=("theirs", "7-gram"))


def rows(shown):
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.splitlines() if line.startswith("│")]


def test_positions_are_listed_with_their_bits(capsys):
    scores.show(OURS, None, [GIVEN], top=2)
    printed = capsys.readouterr()
    assert rows(printed.out) == [["1", "4", "5.00", "ab\N{SNOWMAN}d⏎"], ["1", "3", "1.00", "ab\N{SNOWMAN}d⏎"]]
    assert "surprisal, bits" in printed.out
    assert printed.out.splitlines()[-1] == f"5 characters: {8 * BIT / 5:.4f} nats, 1.6000 bits per character"
    assert printed.err == "from ours\n"


def test_two_models_are_compared_where_they_differ_most_in_either_direction(capsys):
    scores.show(OURS, THEIRS, [GIVEN, GIVEN], top=2)
    printed = capsys.readouterr()
    assert [row[1:3] for row in rows(printed.out)] == [["2", "3.00"], ["4", "2.00"]]
    assert "difference, bits" in printed.out
    assert printed.out.splitlines()[-3:] == [
        f"ours: {8 * BIT / 5:.4f} nats, 1.6000 bits per character",
        f"theirs+7-gram: {9 * BIT / 5:.4f} nats, 1.8000 bits per character",
        "5 characters: ours is likelier to have written this, by 0.69 nats in all, 0.1386 per character; "
        "if both were equally likely before, the probability is 0.666667",
    ]
    assert printed.err == "from ours\nfrom theirs\n"


def test_the_likelier_of_two_may_be_the_other(capsys):
    scores.show(THEIRS, OURS, [GIVEN, GIVEN], top=0)
    shown = capsys.readouterr().out
    assert "5 characters: ours is likelier to have written this, by 0.69 nats" in shown
    assert "┃" not in shown  # no table


def test_the_likelier_model_of_a_long_text_is_certain(capsys):
    scores.show(model(0, 0, 0, 0, 0), model(0, 0, 0, 0, 5000), [GIVEN, GIVEN], top=0)
    assert capsys.readouterr().out.endswith("the probability is 1\n")


def test_a_terminal_shows_each_character_in_the_colour_of_the_model_that_had_it_likelier(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    scores.show(OURS, THEIRS, [GIVEN, GIVEN], top=0)
    first, second = (f"\x1b[1;38;5;{style.removeprefix('color(')[:-1]}m" for style in SIDES)
    shown = capsys.readouterr().out
    assert f"a{first}b\x1b[0m\N{SNOWMAN}{second}d\x1b[0m\n" in shown
    assert "likelier under" in shown


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_without_colours_the_text_is_not_shown(capsys, monkeypatch, environment):
    monkeypatch.setenv("FORCE_COLOR", "1")
    for name, value in ({"TERM": "xterm-256color"} | environment).items():
        monkeypatch.setenv(name, value)
    scores.show(OURS, None, [GIVEN], top=0)
    shown = capsys.readouterr().out
    assert shown == f"5 characters: {8 * BIT / 5:.4f} nats, 1.6000 bits per character\n"


def test_a_documents_end_is_a_mark_in_the_table_and_a_lines_end_in_the_text(capsys, monkeypatch):
    documents = model(1, 1, 1, 5, 0, text=["a", END, "b", "c", END])
    scores.show(documents, None, [GIVEN], top=1)
    assert rows(capsys.readouterr().out) == [["1", "4", "5.00", "a\N{DOUBLE VERTICAL LINE}bc\N{DOUBLE VERTICAL LINE}"]]
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    scores.show(documents, None, [GIVEN], top=0)
    assert END not in capsys.readouterr().out


def test_json_has_both_surprisals_in_nats_and_characters_as_they_are(capsys):
    scores.write_lines(OURS, THEIRS, [GIVEN, GIVEN])
    shown = capsys.readouterr().out
    lines = [json.loads(line) for line in shown.splitlines()]
    assert [line["surprisal"] for line in lines] == pytest.approx([BIT, BIT, BIT, 5 * BIT, 0], abs=1e-6)
    assert [line["against"] for line in lines] == pytest.approx([BIT, 4 * BIT, BIT, 3 * BIT, 0], abs=1e-6)
    assert '"character": "\N{SNOWMAN}"' in shown


def test_no_characters_are_an_error():
    with pytest.raises(TextError, match="at least 1 character"):
        scores.show(model(text=[]), None, [GIVEN], top=3)


@pytest.mark.parametrize(
    ("unit", "before", "after"),
    [("x", 30, 15), ("e\u0301", 30, 14), ("👩\u200d👩\u200d👧", 30, 15), ("क्षि", 28, 12), ("🇩🇪", 30, 14)],
)
def test_the_context_of_a_position_is_cut_between_graphemes(capsys, unit, before, after):
    around = list(unit * 40)
    text = [*around, "!", *around]
    surprisals = np.zeros(len(text))
    surprisals[len(around)] = 9
    found = model()
    found.score_in_pieces = lambda _: iter([ScoredText(text, surprisals, len(text))])
    scores.show(found, None, [GIVEN], top=1)
    (row,) = rows(capsys.readouterr().out)
    assert row[3] == unit * (before // len(unit)) + "!" + unit * (after // len(unit))
