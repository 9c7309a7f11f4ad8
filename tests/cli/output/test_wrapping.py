import re

import pytest
from rich.text import Text

from charrnn.cli.output.wrapping import fold, fold_at_blanks, shorten, unbreakable, width_of

FAMILY = "👩\u200d👩\u200d👧"


def folded(text, columns):
    return [line.plain for line in fold(Text(text), columns)]


def test_lines_are_broken_between_words_and_at_no_other_kind_of_space():
    assert folded("the tide comes in", 8) == ["the tide", "comes in"]
    assert folded("oui\u00a0! dit-il\u00a0;", 8) == ["oui\u00a0!", "dit-il\u00a0;"]
    assert folded("  x 12 \n\nlast", 4) == ["  x", "12", "", "last"]
    assert folded("", 4) == [""]


@pytest.mark.parametrize("columns", range(14, 40))
@pytest.mark.parametrize(
    "text",
    ["+8.4512345e-03", "loss 2.1234 to 2.5678", "learning_rate=0.00123456,units=1,234,567", "x1.5%x2.5%x3.5%x4.5%"],
)
def test_no_number_is_broken(text, columns):
    lines = folded(text, columns)
    assert all(width_of(line) <= columns for line in lines)
    for number in ("+8.4512345e-03", "2.1234", "2.5678", "0.00123456", "1,234,567", "1.5%", "2.5%", "3.5%", "4.5%"):
        assert text.count(number) == sum(line.count(number) for line in lines)


def test_a_path_is_broken_after_its_marks():
    assert folded("runs/the-sea-and-all/best.safetensors", 14) == ["runs/the-sea-", "and-all/best.", "safetensors"]


@pytest.mark.parametrize(
    "text", [FAMILY * 9, "e\u0301" * 9, "🇩🇪" * 9, "क्षि" * 9, "灯台" * 9, "\u2764\ufe0f" * 9, "한글" * 9]
)
@pytest.mark.parametrize("columns", [6, 7, 11])
def test_graphemes_are_not_cut_and_no_line_is_too_wide(text, columns):
    from charrnn.text.characters.graphemes import graphemes

    lines = folded(text, columns)
    assert "".join(lines) == text
    assert [cluster for line in lines for cluster in graphemes(line)] == graphemes(text)
    assert all(width_of(line) <= columns for line in lines)
    cut = shorten(Text(text), columns).plain
    assert width_of(cut) <= columns
    assert cut == text or (cut.endswith("…") and graphemes(text)[: len(graphemes(cut)) - 1] == graphemes(cut)[:-1])


def test_a_width_is_the_most_that_a_terminal_takes_for_it():
    assert [width_of(text) for text in ("ab", "灯台", "e\u0301", "می\u200cخواهم", "\u3000", "\u00a0", "\u2764\ufe0f")] == [
        2, 4, 1, 7, 2, 1, 2,
    ]  # fmt: skip
    assert width_of(FAMILY) == 6, "where emoji are not joined"


def test_a_line_is_cut_before_a_number_and_not_within():
    assert shorten(Text("loss 2.3456 nats"), 10).plain == "loss …"
    assert shorten(Text("loss 2.3456 nats"), 12).plain == "loss 2.3456…"
    assert shorten(Text("loss"), 4).plain == "loss"
    assert shorten(Text("loss"), 0).plain == ""


def test_styles_stay_with_their_characters():
    line = Text("ab").append("cd ef", "bold")
    assert [[(span.start, span.end, span.style) for span in part.spans] for part in fold(line, 4)] == [
        [(2, 4, "bold")],
        [(0, 2, "bold")],
    ]


def test_the_widest_that_cannot_be_broken_is_a_number():
    assert unbreakable("learning_rate=0.00123456") == 10
    assert unbreakable("abc") == 1
    assert unbreakable("") == 0


def at_blanks(line, columns):
    return [each.plain for each in fold_at_blanks(Text(line), columns)]


@pytest.mark.parametrize("columns", range(10, 130, 7))
def test_a_message_is_broken_at_blanks_alone(columns):
    message = (
        "training: 3,000 steps of 32 streams x 32 characters; run directory runs/a-long-name/of-a-directory.d; "
        "resume it: charrnn train --resume 'runs/My Stories' --steps 4000; or it's 'a name with blanks', or another"
    )
    lines = at_blanks(message, columns)
    assert " ".join(lines) == message
    assert sum("charrnn train --resume 'runs/My Stories' --steps 4000;" in line for line in lines) == 1
    assert sum("'a name with blanks'," in line for line in lines) == 1
    assert all(len(line) <= columns or " " not in re.sub(r"charrnn [^;]*;|'a [^']*'", "", line) for line in lines)


@pytest.mark.parametrize(
    "command",
    [
        """python3 -c 'from safetensors.numpy import load_file; print(load_file("It'"'"'s mine.safetensors"))'""",
        "pandoc 'My Novel.docx' -t plain --wrap=none -o 'My Novel.txt'",
        "iconv -f cp1251 -t utf-8 < 'a b.txt' > 'a b.utf-8.txt'",
        "echo 'Anne went to the giraffe.' | charrnn score My-Stories -",
    ],
)
def test_a_command_to_paste_is_never_broken(command):
    assert at_blanks(f"one two three: {command}; four", 20) == ["one two three:", f"{command};", "four"]


def test_a_time_stays_with_its_unit():
    assert at_blanks("best loss 1.4692 · 10 s", 22) == ["best loss 1.4692 ·", "10 s"]
    assert at_blanks("one 1 h 20 min", 9) == ["one 1 h", "20 min"]


def test_lines_of_a_message_indents_and_styles_are_kept():
    lines = fold_at_blanks(Text("  one two\n\nthree", "bold"), 6)
    assert [line.plain for line in lines] == ["  one", "two", "", "three"]
    assert {str(line.style) for line in lines} == {"bold"}
