"""The report of a text scored line by line: as it comes, or the likeliest line first."""

import math
import sys

from rich.text import Text

from charrnn.cli.output.console import print_note, result_console, supports_colour
from charrnn.cli.output.styled_text import mark_unsafe_line
from charrnn.cli.output.surprisal_colours import colour_by_surprisal
from charrnn.cli.reports.scores import find_warnings
from charrnn.models.comparison import Totals
from charrnn.models.model import Model
from charrnn.models.scoring.lines import ScoredLine, score_lines
from charrnn.text.characters.printable import json_text
from charrnn.text.reading.source_reader import SourceReader
from charrnn.text.vocabulary import END

HEADINGS = "      nats characters  line"


def show(model: Model, reader: SourceReader, per_character: bool, sort: bool, json: bool) -> None:
    """Print a figure for each line, in nats of the line or per character: aligned in a terminal, with the line in the
    colours of its surprisal; with tabs between in a pipe; or as a line of JSON.
    """
    totals, console = Totals(), result_console()
    aligned, coloured = sys.stdout.isatty() and not json, supports_colour(console)
    files = reader.names if len(reader.names) > 1 else ()
    rows: list[tuple[float, str | Text]] = []

    def row(line: ScoredLine) -> tuple[float, str | Text]:
        characters = len(line.scored.characters) if line.scored else 0
        figure = math.nan if not line.scored else line.scored.loss if per_character else line.scored.nats
        if json:
            return figure, _json(line, figure, characters, "nats_per_character" if per_character else "nats", files)
        if not aligned:
            return figure, f"{figure:.4f}\t{characters}\t{line.text}"
        shown = mark_unsafe_line(line.text)
        if coloured and line.scored:
            characters_alone = [character for character in line.scored.characters if character != END]
            shown = colour_by_surprisal(characters_alone, line.scored.surprisals[: len(characters_alone)].tolist())
        return figure, Text(f"{figure:>10.4f} {characters:>10,}  ") + shown

    def write() -> None:
        for _, shown in rows:
            if isinstance(shown, Text):
                console.print(shown, soft_wrap=True)
            else:
                sys.stdout.write(f"{shown}\n")
        sys.stdout.flush()
        rows.clear()

    found = score_lines(model.components, model.weights, model.vocabulary, reader.pieces())
    for number, lines in enumerate(found):
        if number == 0:  # not before an error
            print_note(*model.notes, *reader.notes())
            if aligned:
                console.print(Text(HEADINGS, "dim"))
        for line in lines:
            if line.scored:
                totals.add(line.scored, None)
            rows.append(row(line))
        if not sort:
            write()
    rows.sort(key=lambda row: (math.isnan(row[0]), row[0]))
    write()
    print_note(*find_warnings(model.vocabulary, totals))


def _json(line: ScoredLine, figure: float, characters: int, name: str, files: tuple[str, ...]) -> str:
    place = {"file": files[line.file]} if files else {}
    nats = None if math.isnan(figure) else round(figure, 6)
    return json_text({**place, "line": line.number, name: nats, "characters": characters, "text": line.text})
