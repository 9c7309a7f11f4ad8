"""One column of a table: a .csv, .tsv or .jsonl file. Each row is a document.

A place is the line of the file where a cell begins, and a character in the cell.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Literal, NamedTuple

from charrnn.errors import TextError
from charrnn.text.characters.printable import quote
from charrnn.text.reading.file_kinds import Kind
from charrnn.text.reading.text_file import OPENERS
from charrnn.words import did_you_mean, parameter, shell_command, shell_word

TableKind = Literal["csv", "tsv", "jsonl"]
KINDS: Mapping[str, TableKind] = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}  # by ending
NO_TABLE = Kind("a file that is no table", "files that are no tables")
MAX_NAMES_SHOWN = 20  # columns in a message
MAX_NAME_CHARS = 40  # of a column in a message
PLAIN_NAME = re.compile(r"[\w-]+")


class Cell(NamedTuple):
    """The text of one row, empty where it is missing, and the line of the file where it begins."""

    text: str
    line: int


def table_kind(name: str) -> TableKind | None:
    """The kind of a table, by the ending of its name; None for any other file.

    >>> table_kind("songs.CSV.gz"), table_kind("songs.txt")
    ('csv', None)
    """
    path = PurePath(name)
    return KINDS.get((PurePath(path.stem) if path.suffix.lower() in OPENERS else path).suffix.lower())


def guess_kind(content: str) -> TableKind:
    """The kind of a table without a name: JSON if it begins with an object."""
    return "jsonl" if content.lstrip().startswith("{") else "csv"


def is_number(field: str) -> bool:
    """Whether a field may be the number of a column.

    >>> is_number("2"), is_number("1.5"), is_number("lyrics")
    (True, False, False)
    """
    return field.isascii() and field.isdigit()


def no_such_column(name: str, field: str, known: Sequence[str], hint: str = "") -> TextError:
    """The error for a field that a table does not have; `hint` is for a field that is like no other."""
    meant = did_you_mean(field, known) or hint
    return TextError(f"{name}: no column {quote(field)}; its columns are {join_names(known)}{meant}")


def not_a_table(name: str) -> TextError:
    """The error for a file that has no columns, or none that can be read."""
    path = PurePath(name)
    if path.suffix.lower() == ".json":
        command = f"{shell_command('jq -c', '.[]', name)} > {shell_word(f'{path.stem}.jsonl')}"
        return TextError(f"{name}: data.field takes JSON with each row on a line of its own; for a list: {command}")
    return TextError(
        f"{name}: data.field takes one column of .csv, .tsv and .jsonl files, also as .gz, .bz2 or .xz; "
        f"for the whole text: {parameter('settings')} data.field=null"
    )


def join_names(names: Sequence[str]) -> str:
    """The names of columns as a message shows them.

    >>> join_names(["id", "my title"])
    "id, 'my title'"
    """
    short = [name if len(name) <= MAX_NAME_CHARS else f"{name[:MAX_NAME_CHARS]}..." for name in names[:MAX_NAMES_SHOWN]]
    shown = ", ".join(name if PLAIN_NAME.fullmatch(name) else quote(name) for name in short)
    return shown + (f" and {len(names) - MAX_NAMES_SHOWN:,} more" if len(names) > MAX_NAMES_SHOWN else "")
