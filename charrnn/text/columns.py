"""Documents from tables: each row's cell in one column is a document."""

import re
from collections.abc import Sequence

import numpy as np

from charrnn.errors import TextError
from charrnn.text.characters.printable import quote
from charrnn.text.documents import FILE, Documents, begin_places, split_documents
from charrnn.text.positions import Places
from charrnn.text.reading import delimited, json_lines
from charrnn.text.reading.sources import STANDARD_INPUT
from charrnn.text.reading.tables import Cell, TableKind, guess_kind, not_a_table, table_kind
from charrnn.words import plural

LINE_END = re.compile(r"[\r\n]")


def read_documents(names: Sequence[str], files: Sequence[str], field: str, with_plain: bool = False) -> Documents:
    """The documents in one column of some files. `with_plain`: a file that is no table, and standard input, is one
    document; otherwise it is an error, and standard input is a table.

    Raises TextError for a file that is not a table, a column that does not exist, and if no row has a text.
    """
    documents: list[str] = []
    starts: list[tuple[int, int, int, int]] = []  # which document, character, file, line
    notes: list[str] = []
    missing: list[str] = []  # places
    rows = 0
    for number, (name, content) in enumerate(zip(names, files, strict=True)):
        kind = _kind(name, content, with_plain)
        if kind is None:
            cells = [Cell(document, 1) for document in _whole(content)]
        else:
            cells, more = _read_cells(name, content, field, kind)
            notes += more
        rows += len(cells)
        for text, line in cells:
            if not text or text.isspace():
                missing.append(f"{name}:{line}")
                continue
            # Characters that are on other lines of the file than their own line breaks say.
            jumps = [end.end() for end in LINE_END.finditer(text)] if kind == "jsonl" else []
            starts += [(len(documents), at, number, line) for at in (0, *jumps) if at < len(text)]
            documents.append(text)
    if not documents:
        raise TextError(f"data.field={quote(field)}: no row has a text in this column")
    if missing:
        notes.append(
            f"{len(missing):,} of {plural(rows, 'row')} left out, without a text in {quote(field)}; the first: {missing[0]}"
        )
    document, character, numbers, lines = (np.array(values, np.intp) for values in zip(*starts, strict=True))
    places = Places(begin_places(documents)[document] + character, numbers, lines, character + 1)
    return Documents(tuple(documents), places, tuple(notes))


def column_names(name: str, head: str) -> list[str]:
    """The columns of a table, from its beginning; empty for another file."""
    kind = table_kind(name)
    if kind is None:
        return []
    return json_lines.column_names(head) if kind == "jsonl" else delimited.column_names(head, kind == "tsv")


def _kind(name: str, content: str, with_plain: bool) -> TableKind | None:
    """The kind of a file; None for one that is a document. Raises TextError."""
    kind = table_kind(name)
    if kind is None and name == STANDARD_INPUT and not with_plain:
        return guess_kind(content)
    if kind is None and not with_plain:
        raise not_a_table(name)
    return kind


def _whole(content: str) -> Sequence[str]:
    return split_documents([content], FILE).documents if content and not content.isspace() else ()


def _read_cells(name: str, content: str, field: str, kind: TableKind) -> tuple[list[Cell], Sequence[str]]:
    if kind == "jsonl":
        return json_lines.read_cells(name, content, field), ()
    return delimited.read_cells(name, content, field, kind == "tsv")
