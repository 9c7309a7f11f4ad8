"""The report of a text scored line by line: as it comes, or the likeliest line first."""

import math
import sys
from typing import Any

import numpy as np
from rich.text import Text

from charrnn.cli.output.console import print_note, result_console
from charrnn.cli.output.surprisal_colours import colour_by_surprisal
from charrnn.cli.reports.scores import SHOWN_END, find_warnings
from charrnn.models.comparison import Totals
from charrnn.models.model import Model
from charrnn.models.scoring.lines import split_lines
from charrnn.models.scoring.scoring import ScoredText
from charrnn.models.scoring.side_by_side import score_each
from charrnn.text.characters.printable import json_text
from charrnn.text.reading.source_reader import SourceReader
from charrnn.text.vocabulary import END

EMPTY = ScoredText([], np.empty(0), 0)


def show(model: Model, reader: SourceReader, per_character: bool, sort: bool, json: bool) -> None:
    """Print a figure for each line, in nats of the line or per character: in columns in a terminal, the line in the
    colours of its surprisal; with tabs between in a pipe; or as a line of JSON.
    """
    in_columns, name = sys.stdout.isatty() and not json, "nats_per_character" if per_character else "nats"
    totals, rows, count = Totals(), list[tuple[float, str | Text]](), 0
    byte = model.vocabulary.unit == "byte"
    contents = (piece.content for piece in reader.pieces())
    for lines in split_lines(content.decode("latin-1") if byte else content for content in contents):
        if not count:  # not before an error
            print_note(*model.notes, *reader.notes())
        texts: list[Any] = [line.encode("latin-1") for line in lines] if byte else lines
        found = score_each(model.components, model.weights, model.vocabulary, texts)
        for line, scored in zip(texts, (each or EMPTY for each in found), strict=True):
            count += 1
            totals.add(scored, None)
            text = line.decode("utf-8", "replace") if byte else line
            characters = len(scored.characters)
            figure = (scored.loss if per_character else scored.nats) if characters else math.nan
            if in_columns:
                shown = [SHOWN_END if character == END else character for character in scored.characters]
                row = Text(f"{figure:>10.4f}{characters:>8,}  ") + colour_by_surprisal(shown, scored.surprisals)
                rows.append((figure, row))
            elif json:
                nats = round(figure, 6) if characters else None
                rows.append((figure, json_text({"line": count, name: nats, "characters": characters, "text": text})))
            else:
                rows.append((figure, f"{figure:.4f}\t{characters}\t{text}"))
        if not sort:
            _write(rows)
    rows.sort(key=lambda row: (math.isnan(row[0]), row[0]))
    _write(rows)
    print_note(*find_warnings(model.vocabulary, totals))


def _write(rows: list[tuple[float, str | Text]]) -> None:
    """Print the rows, and take them out."""
    console = result_console()
    for _, row in rows:
        if isinstance(row, Text):
            console.print(row, soft_wrap=True)
        else:
            sys.stdout.write(f"{row}\n")
    sys.stdout.flush()
    rows.clear()
