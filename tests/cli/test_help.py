"""`--help`: a list in groups that fits the terminal, with examples that can be pasted."""

import re
import shlex
from itertools import pairwise

import on_terminal
import pytest
import typer.main

from charrnn.cli.app import app
from charrnn.cli.help import OTHERS, Page

GROUP = typer.main.get_command(app)
COMMANDS = sorted(GROUP.commands)
PAGES = [(), *((command,) for command in COMMANDS)]
WIDTHS = [60, 80, 120]
WITH_VALUE = re.compile(r"^ {2,6}(?:(-\w), )?(--[\w-]+)(?:, (--[\w-]+))?(?: (\S+))?(?: {2,}|$)")


@pytest.fixture(scope="module")
def pages():
    """The pages that tests have seen, by width and command."""
    return {}


@pytest.fixture
def shown(charrnn, monkeypatch, pages):
    """The lines of a page of help at a width."""

    def show(width, *command):
        if (width, command) not in pages:
            monkeypatch.setenv("COLUMNS", str(width))
            pages[width, command] = charrnn(*command, "--help").stdout
        return pages[width, command].splitlines()

    return show


def options(command):
    return [parameter for parameter in command.params if parameter.param_type_name == "option" and not parameter.hidden]


def command_of(page):
    return GROUP.commands[page[0]] if page else GROUP


def examples_of(lines):
    """The words of the command lines that a page shows, without what stands before a pipe and after a `>`."""
    block = "\n".join(lines).split("\n\n")
    shown = [each for each in block if each.startswith(("Examples\n", "Begin here\n"))]
    assert len(shown) == 1, "a page has one block of examples"
    words = [shlex.split(line, comments=True) for line in shown[0].splitlines()[1:]]
    return [line[line.index("charrnn") + 1 :] for line in words if line]


def without_redirection(words):
    return words[: words.index(">")] if ">" in words else words


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES, ids=" ".join)
def test_every_name_stands_whole_on_one_line(shown, page, width):
    lines = shown(width, *page)
    found = {}
    for match in filter(None, map(WITH_VALUE.match, lines)):
        found |= dict.fromkeys(filter(None, match.group(1, 2, 3)), match[4])
    for option in options(command_of(page)):
        for name in (*option.opts, *option.secondary_opts):
            assert name in found, f"{name} is missing or broken"
            assert bool(found[name]) is not option.is_flag, f"{name} {found[name]}"
            assert found[name] == (option.metavar or found[name])
    assert {"-h", "--help"} <= set(found)


@pytest.mark.parametrize("width", [*WIDTHS, 20, 500])
@pytest.mark.parametrize("page", PAGES, ids=" ".join)
def test_no_line_is_too_wide_or_has_the_library_s_words(shown, page, width):
    lines = shown(width, *page)
    if width > 20:
        assert max(map(len, lines)) <= min(width, 100)
    text = "\n".join(lines)
    assert not re.search(r"<\w+|…|[│╭]|range|\x1b|\[default|\[required", text)
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES, ids=" ".join)
def test_paragraphs_are_wrapped_once(shown, page, width):
    """In a paragraph, the next line's first word would not have fitted."""
    for line, following in pairwise(shown(width, *page)):
        if line and following and line[0] not in " " and following[0] not in " ":
            assert len(f"{line} {following.split()[0]}") > min(width, 100), line


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_has_a_group(command):
    without = [option.opts[0] for option in options(GROUP.commands[command]) if not option.rich_help_panel]
    assert not without, f"give these options of charrnn {command} a rich_help_panel"


def test_every_command_has_a_group(shown):
    assert not [name for name, command in GROUP.commands.items() if not command.rich_help_panel]
    lines = shown(80)
    assert {line.split()[0] for line in lines if re.match(r"  \w+  ", line)} >= set(COMMANDS)
    assert lines.index("Learn and write") < lines.index("Prove") < lines.index(OTHERS)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES, ids=" ".join)
def test_the_examples_are_commands(shown, page, width):
    examples = examples_of(shown(width, *page))
    assert len(examples) >= (1 if page == ("schema",) else 2)
    for name, *words in examples:
        assert not page or name == page[0]
        GROUP.commands[name].make_context(name, without_redirection(words)).close()


@pytest.mark.parametrize("page", PAGES, ids=" ".join)
def test_examples_are_the_same_at_each_width(shown, page):
    assert examples_of(shown(60, *page)) == examples_of(shown(120, *page))


def test_a_comment_stands_beside_its_example_or_above_it(shown):
    assert "  charrnn train play.txt                        # sizes follow its length" in shown(80, "train")
    lines = shown(60, "train")
    assert lines[lines.index("  charrnn train play.txt") - 1] == "  # sizes follow its length"


def test_the_first_page_says_where_to_begin(shown):
    lines = shown(80)
    at = lines.index("Begin here")
    assert [line.partition("  #")[0].strip() for line in lines[at + 1 : at + 3]] == [
        "charrnn train",
        "charrnn sample runs/harbour",
    ]
    assert at < lines.index("Learn and write")


def test_the_help_of_sample_is_short(shown):
    assert len(shown(80, "sample")) <= 64


@pytest.mark.parametrize("page", PAGES, ids=" ".join)
def test_a_page_says_defaults_once(shown, page):
    text = " ".join(" ".join(shown(100, *page)).split())
    assert not re.search(r"Default: [^.]*\. Default:|Default: (None|False|True)", text)


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("sample", "  -n, --length N              Characters to write; 0: no limit. Default: 500."),
        ("sample", "  -t, --temperature T         Below 1 safer, above 1 wilder; 0 always takes the"),
        ("sample", "      --checkpoint best|last  Which checkpoint. Default: best, or else last."),
        ("gradcheck", "      --seed N            The seed of the case. Default: 0."),
        ("bench", "      --seconds SECONDS   How long to measure, in all. Default: 3."),
        ("eval", "      --protocol contiguous|nanogpt|char-rnn"),
    ],
)
def test_a_row_has_the_value_and_the_default(shown, command, line):
    assert line in shown(80, command)


def test_the_usage_says_what_must_be_given(shown):
    usage = {name: next(line for line in shown(80, name) if line.startswith("Usage:")) for name in COMMANDS}
    assert usage["train"].endswith("train [TEXT]... [OPTIONS]")
    assert usage["plot"].endswith("plot [RUN]... [OPTIONS]")
    assert usage["derive"].endswith("derive [NAME] [OPTIONS]")


@pytest.mark.parametrize("command", ["train", "eval"])
def test_the_words_of_the_field_are_explained(shown, command):
    lines = shown(80, command)
    words = [line.split()[0] for line in lines[lines.index("Words") :] if re.match(r"  \w", line)]
    assert words == ["nats", "bpc", "perplexity", "stream", "step", "epoch"]


@pytest.mark.parametrize("page", [(), ("sample",)], ids=" ".join)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_terminal_shows_colours_and_the_same_words(shown, monkeypatch, page, width):
    code, coloured = on_terminal.run(monkeypatch, width, *page, "--help", term="xterm-256color")
    assert code == 0
    assert "\x1b[1mUsage:\x1b[0m" in coloured
    assert re.search(r"\x1b\[36m +--help|\x1b\[36m-h, --help\x1b\[0m", coloured)
    plain = re.sub(r"\x1b\[\d*m", "", coloured).splitlines()
    assert plain == [line.replace("Usage: root", "Usage: charrnn") for line in shown(width, *page)]


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_wants_no_colours_gets_none(monkeypatch, name, value):

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert Page().coloured
    monkeypatch.setenv(name, value)
    assert not Page().coloured


def test_a_pipe_gets_no_colours(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: False, raising=False)
    assert not Page().coloured
