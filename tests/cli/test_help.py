"""`--help`: a list in groups that fits the terminal, with examples that can be pasted."""

import re
from itertools import pairwise

import pytest
import typer.main

from charrnn.cli.app import app
from charrnn.cli.help import OTHERS

GROUP = typer.main.get_command(app)
COMMANDS = sorted(GROUP.commands)
PAGES = [(), *((command,) for command in COMMANDS)]
WIDTHS = [60, 80, 120]
WITH_VALUE = re.compile(r"^ {2,6}(?:(-\w), )?(--[\w-]+)(?:, (--[\w-]+))?(?: (\S+))?(?: {2,}|$)")


@pytest.fixture
def shown(charrnn, monkeypatch):
    """The lines of a page of help at a width."""

    def show(width, *command):
        monkeypatch.setenv("COLUMNS", str(width))
        return charrnn(*command, "--help").stdout.splitlines()

    return show


def options(command):
    return [parameter for parameter in command.params if parameter.param_type_name == "option" and not parameter.hidden]


def command_of(page):
    return GROUP.commands[page[0]] if page else GROUP


def examples_of(lines):
    """The command lines that a page shows, without their comments."""
    lines = [line.partition("  #")[0].strip() for line in lines if line.startswith("  ")]
    return [line for line in lines if line.startswith("charrnn ") or "| charrnn " in line]


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
