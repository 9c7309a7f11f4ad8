"""`--help`: a list of the arguments and options in groups, and examples to paste, wrapped to the terminal.

The group of an option, and that of a command, is its `rich_help_panel`. The text is the docstring: what stands above
its examples, which are its indented lines, comes before the list; what stands below them comes last.
"""

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

import typer
from typer.core import TyperCommand

Row = tuple[str, str]  # what is typed, and what it means

MIN_COLUMNS, MAX_COLUMNS = 40, 100  # of a page: longer lines are hard to read
NAME_COLUMNS = 26  # a name that is wider has its text below
NARROW, NARROW_NAME_COLUMNS = 72, 20
EXAMPLE = ("    ", "charrnn ")  # how it begins: without an indent if nothing else stands below the first paragraph
OTHERS = "Options"  # the group of what has none
TYPES = {"int": "N", "integer": "N", "float": "X", "str": "TEXT", "text": "TEXT", "path": "PATH", "list[str]": "TEXT"}

WORDS = """\
nats: How surprising a character is to the network, on average: -ln of its probability. Less is better.
bpc: The same in bits for each character: nats / 0.693.
perplexity: The same as a number of choices: 5 is like a guess among 5 characters.
stream: One of the places in the text from which a training reads, all at the same time.
step: One update of the weights, after some characters of each stream.
epoch: One pass over the training text."""


class Command(TyperCommand):
    """A command whose help is a list in groups."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page of this command."""
        before, examples, after = _parts(self.help or "")
        page = Page()
        page.add_paragraphs(before)
        page.add_usage(ctx.command_path, [_usage_of(parameter) for parameter in _arguments(self)])
        page.add_groups(_parameter_groups(self, ctx))
        page.add_examples("Examples", examples)
        page.add_paragraphs(after)
        if self.epilog:
            page.add_groups({"Words": [_row_of_word(line) for line in self.epilog.splitlines()]})
        formatter.write(page.text())


def format_group_help(group: Any, ctx: Any, formatter: Any) -> None:
    """Write the first page: where to begin, and the commands in groups."""
    before, examples, after = _parts(group.help or "")
    page = Page()
    page.add_paragraphs(before)
    page.add_usage(ctx.command_path, ["COMMAND"])
    page.add_examples("Begin here", examples)
    commands = [command for command in group.commands.values() if not command.hidden]
    page.add_groups(_grouped((command.rich_help_panel, (command.name, _first(command))) for command in commands))
    page.add_groups(_parameter_groups(group, ctx))
    page.add_paragraphs(after)
    formatter.write(page.text())


class Page:
    """A page of help, as wide as the terminal."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self.columns = min(max(_columns(), MIN_COLUMNS), MAX_COLUMNS)
        self.coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def text(self) -> str:
        """The page: its blocks with empty lines between them."""
        return "\n\n".join(self.blocks)

    def add_paragraphs(self, paragraphs: Iterable[str]) -> None:
        """Add paragraphs, each wrapped."""
        self.blocks += ["\n".join(self._wrap(paragraph, self.columns)) for paragraph in paragraphs]

    def add_usage(self, command: str, arguments: list[str]) -> None:
        """Add the line with the order of the arguments."""
        words = " ".join([command, *arguments, "[OPTIONS]"])
        self.blocks.append(f"{self._style('Usage:', bold=True)} {words}")

    def add_groups(self, groups: dict[str, list[Row]]) -> None:
        """Add lists with headings; the texts of all of them begin in the same column."""
        limit = NAME_COLUMNS if self.columns >= NARROW else NARROW_NAME_COLUMNS
        widths = [len(name) for rows in groups.values() for name, _ in rows]
        at = max((width for width in widths if width <= limit), default=limit) + 4
        for heading, rows in groups.items():
            lines = [line for row in rows for line in self._lines_of(*row, at)]
            self.blocks.append("\n".join([self._style(heading, bold=True), *lines]))

    def add_examples(self, heading: str, examples: list[Row]) -> None:
        """Add command lines, with their comments beside them, or above if one has no room."""
        if not examples:
            return
        at = max(len(line) for line, _ in examples) + 2
        beside = all(2 + at + len(comment) <= self.columns for _, comment in examples)
        lines = []
        for line, comment in examples:
            shown, note = self._style(line, fg="cyan"), self._style(comment, dim=True)
            if beside:
                lines.append(f"  {shown}{' ' * (at - len(line))}{note}".rstrip())
            else:
                lines += [f"  {each}" for each in (note, shown) if each]
        self.blocks.append("\n".join([self._style(heading, bold=True), *lines]))

    def _lines_of(self, name: str, text: str, at: int) -> Iterator[str]:
        """A row: the text beside the name, from column `at`, or below a name that is too wide."""
        lines = self._wrap(text, self.columns - at)
        shown = f"  {self._style(name, fg='cyan')}"
        if len(name) + 4 <= at and lines:
            yield shown + " " * (at - 2 - len(name)) + lines.pop(0)
        else:
            yield shown
        yield from (" " * at + line for line in lines)

    def _wrap(self, text: str, columns: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), columns, break_long_words=False, break_on_hyphens=False)

    def _style(self, text: str, **style: Any) -> str:
        return typer.style(text, **style) if self.coloured and text else text


def _columns() -> int:
    """The width of the terminal; of a pipe what COLUMNS says, or 80."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except (AttributeError, OSError, ValueError):  # not a terminal
        return shutil.get_terminal_size().columns


def _parts(help: str) -> tuple[list[str], list[Row], list[str]]:
    """The paragraphs above the examples of a text, the examples with their comments, and the paragraphs below."""
    paragraphs = help.split("\n\n")
    places = [place for place, paragraph in enumerate(paragraphs) if paragraph.startswith(EXAMPLE)]
    if not places:
        return paragraphs, [], []
    lines = [line.strip() for place in places for line in paragraphs[place].strip("\n").splitlines()]
    pairs = [line.partition("  # ") for line in lines]
    examples = [(line.rstrip(), mark.strip() + " " + comment if mark else "") for line, mark, comment in pairs]
    return paragraphs[: places[0]], examples, paragraphs[places[-1] + 1 :]


def _arguments(command: Any) -> list[Any]:
    return [parameter for parameter in command.params if parameter.param_type_name == "argument"]


def _parameter_groups(command: Any, ctx: Any) -> dict[str, list[Row]]:
    """The arguments, and the options by group, in the order in which they are declared; --help comes last."""
    groups = {"Arguments": [(_name_of(parameter), parameter.help or "") for parameter in _arguments(command)]}
    options = [each for each in command.params if each.param_type_name == "option" and not each.hidden]
    groups |= _grouped((option.rich_help_panel, _row_of(option, ctx)) for option in options)
    last = list(groups)[-1] if options else OTHERS
    groups.setdefault(last, []).append(("-h, --help", "Show this page."))
    return {heading: rows for heading, rows in groups.items() if rows}


def _grouped(rows: Iterable[tuple[str | None, Row]]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for group, row in rows:
        groups.setdefault(group or OTHERS, []).append(row)
    return {**groups, OTHERS: groups.pop(OTHERS)} if OTHERS in groups else groups


def _first(command: Any) -> str:
    return str(command.help or "").partition("\n\n")[0]


def _name_of(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper()).strip("[].")


def _usage_of(argument: Any) -> str:
    name = _name_of(argument)
    return (name if argument.required else f"[{name}]") + ("" if argument.nargs == 1 else "...")


def _row_of(option: Any, ctx: Any) -> Row:
    """The names of an option, the short one first, with the name of its value; and its help with its default."""
    names = sorted([*option.opts, *option.secondary_opts], key=lambda name: name.startswith("--"))
    typed = ", ".join(names) if len(names[0]) == 2 else " " * 4 + ", ".join(names)
    if not option.is_flag:
        typed += " " + _value_of(option, ctx)
    elif option.secondary_opts:
        typed = typed.strip()
    return typed, (option.help or "") + _default_of(option, ctx)


def _value_of(option: Any, ctx: Any) -> str:
    """The name of the value of an option: its metavar, its choices, or a letter for its type."""
    if option.metavar:
        return str(option.metavar)
    shown = option.get_help_record(ctx)[0].rpartition(" --")[2].partition(" ")[2].strip("<>[]")
    words = str(shown).removesuffix(" range")
    return TYPES.get(words.lower(), words)


def _default_of(option: Any, ctx: Any) -> str:
    """The default in words, unless the help says it, or there is none."""
    default = option.get_default(ctx, call=False)
    if not option.show_default or default in (None, "") or default is False or "Default:" in (option.help or ""):
        return ""
    shown = option.opts[0] if default is True else f"{default:g}" if isinstance(default, float) else default
    return f" Default: {shown}."


def _row_of_word(line: str) -> Row:
    word, _, meaning = line.partition(": ")
    return word, meaning
