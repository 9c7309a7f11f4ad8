"""How a scored text looks."""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import tee

from rich.table import Table
from rich.text import Text as RichText

from charrnn.cli.colours import coloured, coloured_by_difference, legend, legend_of_difference
from charrnn.cli.display import in_colour, printable, stdout, tell
from charrnn.errors import RunError, TextError
from charrnn.learning.events import bits
from charrnn.network.arrays import Array
from charrnn.runs.model import Model
from charrnn.runs.spots import Spot, Spots
from charrnn.text.corpus import Once, Text
from charrnn.text.places import Places, Walk
from charrnn.text.vocabulary import END

Given = Text | Iterable[str | bytes]
"""What Model.opened gives."""


@dataclass(frozen=True)
class Stretch:
    """Characters, where they stand, and the surprisals of one model or of two, (n,), in nats."""

    characters: list[str]
    places: Places
    surprisals: Array
    rivals: Array | None


def show(model: Model, rival: Model | None, given: Given, top: int) -> None:
    """The text in colours, where a terminal shows them; the places that stand out; what it comes to."""
    console, totals, counted, spots = stdout(), [0.0, 0.0], 0, Spots(top)
    shown = in_colour(console)
    for stretch in _stretches(model, rival, given):
        if not counted:
            _tell_notes(model, rival, given)
        if shown:
            console.print(_in_colours(stretch), end="", soft_wrap=True)
        ranks = stretch.surprisals if stretch.rivals is None else abs(stretch.rivals - stretch.surprisals)
        spots.add(stretch.characters, ranks, stretch.places)
        counted += len(ranks)
        totals[0] += float(stretch.surprisals.sum())
        totals[1] += 0.0 if stretch.rivals is None else float(stretch.rivals.sum())
    if not counted:
        raise TextError("a text to be scored needs at least 1 character; found 0")
    if shown:
        console.print()
        console.print(legend_of_difference(_names(model, rival)) if rival else legend(), soft_wrap=True)
    if top:
        console.print(_table(spots.highest(), "difference" if rival else "surprisal"))
    for line in _verdict(model, rival, totals, counted):
        console.print(RichText(line), soft_wrap=True)


def write_lines(model: Model, rival: Model | None, given: Given) -> None:
    """A line of JSON for each character on stdout."""
    _tell_notes(model, rival, given)
    console = stdout()
    for stretch in _stretches(model, rival, given):
        places = stretch.places
        columns = [places.index, places.line, places.column]
        rows = zip(
            *(column.tolist() for column in columns), stretch.characters, stretch.surprisals.tolist(), strict=True
        )
        lines = [
            f'{{"index": {i}, "line": {line}, "column": {column}, "character": {json.dumps(c, ensure_ascii=False)}, "surprisal": {s:.6f}'
            for i, line, column, c, s in rows
        ]
        if stretch.rivals is not None:
            lines = [f'{line}, "against": {s:.6f}' for line, s in zip(lines, stretch.rivals.tolist(), strict=True)]
        console.file.write("".join(f"{line}}}\n" for line in lines))
        console.file.flush()


def _stretches(model: Model, rival: Model | None, given: Given) -> Iterator[Stretch]:
    walk = Walk()
    if rival is None:
        for found in model.scored(given):
            yield Stretch(found.characters, walk.over(found.characters), found.surprisals, None)
        return
    ours, theirs = (given, given) if isinstance(given, Text) else tee(given)  # read in step: hardly anything is held
    for found, other in zip(model.scored(ours), rival.scored(theirs), strict=True):
        yield Stretch(found.characters, walk.over(found.characters), found.surprisals, other.surprisals)


def require_comparable(model: Model, rival: Model) -> None:
    """Raises RunError where one reads characters and the other bytes, or other documents."""
    data = [each.saved.config.data for each in (model, rival)]
    for key in ("unit", "boundary"):
        ours, theirs = (getattr(each, key) for each in data)
        if ours != theirs:
            raise RunError(
                f"--against: data.{key} is {json.dumps(ours)} for the one model, {json.dumps(theirs)} for the other; they must read alike"
            )


def _tell_notes(model: Model, rival: Model | None, given: Given) -> None:
    of_text = given.notes if isinstance(given, Text | Once) else ()
    for note in (*model.notes, *(rival.notes if rival else ()), *of_text):
        tell(note)


def _in_colours(stretch: Stretch) -> RichText:
    shown = ["\n" if character == END else printable(character) for character in stretch.characters]
    if stretch.rivals is None:
        return coloured(shown, stretch.surprisals.tolist())
    return coloured_by_difference(shown, (stretch.rivals - stretch.surprisals).tolist())


def _table(spots: list[Spot], name: str) -> Table:
    table = Table("line", "column", f"{name}, bits", "where")
    for spot in spots:
        where = (
            RichText(_flat(spot.before))
            + RichText(_flat(spot.character), style="bold reverse")
            + RichText(_flat(spot.after))
        )
        table.add_row(f"{spot.line:,}", f"{spot.column:,}", f"{bits(spot.surprisal):.2f}", where)
    return table


def _flat(text: str) -> str:
    return printable(text.replace("\n", "\u23ce").replace(END, "\u2016"))


def _verdict(model: Model, rival: Model | None, totals: list[float], counted: int) -> list[str]:
    means = [f"{total / counted:.4f} nats, {bits(total / counted):.4f} bits per character" for total in totals]
    if rival is None:
        return [f"{counted:,} characters: {means[0]}"]
    names, difference = _names(model, rival), totals[1] - totals[0]
    likelier = names[0] if difference >= 0 else names[1]
    chance = 1 / (1 + math.exp(-min(abs(difference), 700)))
    return [
        *(f"{name}: {mean}" for name, mean in zip(names, means, strict=True)),
        f"{counted:,} characters: {likelier} is likelier to have written this, by {abs(difference):,.2f} nats in all, "
        f"{abs(difference) / counted:.4f} per character; at even odds before, with probability {chance:.6g}",
    ]


def _names(model: Model, rival: Model | None) -> list[str]:
    return ["+".join(member.name for member in each.members) for each in (model, rival) if each]
