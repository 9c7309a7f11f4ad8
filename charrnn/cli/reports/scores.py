"""The report of a scored text."""

import json
import math
from collections.abc import Sequence

from rich.text import Text as RichText

from charrnn.cli.output import surprisal_colours as colours
from charrnn.cli.output.console import print_note, result_console, supports_colour
from charrnn.cli.output.styled_text import mark_unsafe_line
from charrnn.cli.output.tables import Name, Table
from charrnn.errors import TextError
from charrnn.models.comparison import Totals, score_stretches
from charrnn.models.encoded_text import EncodedText
from charrnn.models.model import Model
from charrnn.models.scoring.scoring import ScoredText
from charrnn.models.scoring.surprises import Surprise, TopSurprises
from charrnn.models.scoring.unknown_characters import describe_unknown
from charrnn.network.arrays import Array
from charrnn.text.characters.graphemes import first_graphemes, last_graphemes
from charrnn.text.characters.printable import json_text
from charrnn.text.characters.unit_names import Unit, amount, bits_name, unit_name
from charrnn.text.characters.utf_8 import stray_byte_notes
from charrnn.text.positions import Place
from charrnn.text.vocabulary import END, Vocabulary
from charrnn.training.events import bits, digits

SHOWN_BEFORE, SHOWN_AFTER = 30, 15  # characters around a surprising one
STRAYS = ("\ufffd", "\0")
SHOWN_END = "\u2016"  # the end of a document


def show(model: Model, rival: Model | None, texts: Sequence[EncodedText], top: int) -> None:
    """Print the text in colours, if the terminal has them; the most surprising places; the mean."""
    console, totals, surprises = result_console(), Totals(), TopSurprises(top)
    shown = supports_colour(console)
    for scored, places, rivals in score_stretches(model, rival, texts):
        if not totals.characters:
            _print_notes(model, rival, texts)
        if shown:
            console.print(_in_colours(scored, rivals), end="", soft_wrap=True)
        ranks = scored.surprisals if rivals is None else abs(rivals - scored.surprisals)
        surprises.add(scored.characters, ranks, places)
        totals.add(scored, rivals)
    if not totals.characters:
        raise TextError("a text to be scored needs at least 1 character; found 0")
    if shown:
        console.print()
        legend = colours.legend_of_difference(_names(model, rival)) if rival else colours.legend()
        console.print(legend, soft_wrap=True)
    if top:
        _table(surprises.highest(), "difference" if rival else "surprisal", texts[0].files).show(console)
    for line in _verdict(model, rival, totals):
        console.print(mark_unsafe_line(line), soft_wrap=True)
    print_note(*find_warnings(model.vocabulary, totals))


def write_lines(model: Model, rival: Model | None, texts: Sequence[EncodedText]) -> None:
    """Write a line of JSON for each character on stdout."""
    _print_notes(model, rival, texts)
    console = result_console()
    names = [f'"file": {json.dumps(name)}, ' for name in texts[0].files] if len(texts[0].files) > 1 else [""]
    for scored, places, rivals in score_stretches(model, rival, texts):
        columns = [places.at, places.file, places.line, places.column]
        rows = zip(*(column.tolist() for column in columns), scored.characters, scored.surprisals.tolist(), strict=True)
        lines = [
            f'{{"index": {i}, {names[file]}"line": {line}, "column": {column}, "character": {json_text(c)}, "surprisal": {s:.6f}'
            for i, file, line, column, c, s in rows
        ]
        if rivals is not None:
            lines = [f'{line}, "against": {s:.6f}' for line, s in zip(lines, rivals.tolist(), strict=True)]
        console.file.write("".join(f"{line}}}\n" for line in lines))
        console.file.flush()


def _print_notes(model: Model, rival: Model | None, texts: Sequence[EncodedText]) -> None:
    print_note(*model.notes, *(rival.notes if rival else ()), *texts[0].notes)


def _in_colours(scored: ScoredText, rivals: Array | None) -> RichText:
    shown = [f"{SHOWN_END}\n" if character == END else character for character in scored.characters]
    if rivals is None:
        return colours.colour_by_surprisal(shown, scored.surprisals.tolist())
    return colours.colour_by_difference(shown, (rivals - scored.surprisals).tolist())


def _table(surprises: Sequence[Surprise], name: str, files: Sequence[str]) -> Table:
    """A row for each place; with several files a place is file:line:column, as editors and compilers write it."""
    several = len(files) > 1
    table = Table(*([Name("place")] if several else ["line", "column"]), f"{name}, bits", Name("where"))
    for found in surprises:
        where = mark_unsafe_line(last_graphemes(_in_line(found.before), SHOWN_BEFORE))
        where += mark_unsafe_line(_in_line([found.character]), "bold reverse")
        where += mark_unsafe_line(first_graphemes(_in_line(found.after), SHOWN_AFTER))
        place = [f"{found.line:,}", f"{found.column:,}"]
        if several:
            place = [str(Place(files[found.file], found.line, found.column))]
        table.add_row(*place, f"{bits(found.surprisal):.2f}", where)
    return table


def _in_line(characters: Sequence[str]) -> str:
    """Characters in one line, with marks for the ends of lines and documents."""
    marks = {"\n": "\u23ce", END: SHOWN_END}
    return "".join(marks.get(character, character) for character in characters)


def _verdict(model: Model, rival: Model | None, totals: Totals) -> list[str]:
    unit = model.vocabulary.unit
    count = _count(totals, unit)
    means = [_means(total, totals, unit) for total in (totals.surprisal, totals.rival)]
    if rival is None:
        return [f"{count}: {means[0]}"]
    names, difference = _names(model, rival), totals.rival - totals.surprisal
    likelier = names[0] if difference >= 0 else names[1]
    chance = 1 / (1 + math.exp(-min(abs(difference), 700)))
    return [
        *(f"{name}: {mean}" for name, mean in zip(names, means, strict=True)),
        f"{count}: {likelier} is likelier to have written this, by {abs(difference):,.2f} nats in all, {digits(abs(difference) / totals.units)} per {unit_name(unit, 1)}; if both were equally likely before, the probability is {chance:.6g}",
    ]


def find_warnings(vocabulary: Vocabulary, totals: Totals) -> tuple[str, ...]:
    """Why the figures may mean less than they seem to."""
    counts = totals.counts
    if vocabulary.unit == "byte":
        return stray_byte_notes(sum(counts[stray] for stray in STRAYS), totals.characters)
    unknown = {character: counts[character] for character in counts.keys() - vocabulary.characters - {END}}
    if not unknown or vocabulary.unknown_id is not None:
        return ()
    return (f"unknown to the model: {amount(sum(unknown.values()), 'char')}: {describe_unknown(unknown)}",)


def _count(totals: Totals, unit: Unit) -> str:
    of_bytes = f", {amount(totals.units, unit)}" if unit == "byte" else ""
    return amount(totals.characters, "char") + of_bytes


def _means(total: float, totals: Totals, unit: Unit) -> str:
    """The mean per unit, and of bytes also per character."""
    mean = total / totals.units
    also = f", {digits(bits(total / totals.characters))} {bits_name('char')}" if unit == "byte" else ""
    return f"{digits(mean)} nats, {digits(bits(mean))} {bits_name(unit)}{also}"


def _names(model: Model, rival: Model | None) -> list[str]:
    return ["+".join(component.name for component in each.components) for each in (model, rival) if each]
