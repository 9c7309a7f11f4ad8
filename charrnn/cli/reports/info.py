"""What a run or a checkpoint is."""

import time
import unicodedata
from collections.abc import Iterator
from typing import Any

from rich.text import Text

from charrnn.cli.output.console import DEFAULT_COLUMNS, print_note, result_console, write_json
from charrnn.cli.output.styled_text import mark_unsafe_line
from charrnn.cli.output.tables import terminal_columns
from charrnn.cli.output.wrapping import fold
from charrnn.cli.reports.runs import time_in_words
from charrnn.config.typed_values import as_text
from charrnn.runs.run_info import RunInfo
from charrnn.text.characters.printable import printable_line
from charrnn.text.characters.unit_names import amount
from charrnn.text.vocabulary import END, UNKNOWN, Vocabulary
from charrnn.training.events import digits
from charrnn.words import plural

INDENT = 15  # columns of a heading
MAX_SYMBOLS = 400  # of a vocabulary
MAX_NAMES = 20  # of the sources of a text
WHITESPACE = {" ": "␠", "\t": "␉"}


def show(info: RunInfo, json: bool) -> None:
    """Print a line, or a few, for each fact; or JSON."""
    if info.loaded.note:
        print_note(info.loaded.note)
    if json:
        write_json(as_json(info))
        return
    console = result_console()
    room = (terminal_columns(console) or DEFAULT_COLUMNS) - INDENT
    for heading, value in facts(info):
        for number, line in enumerate(fold(mark_unsafe_line(value), room)):
            console.print(Text(("" if number else heading).ljust(INDENT), "bold") + line, soft_wrap=True)


def as_json(info: RunInfo) -> dict[str, Any]:
    """The object of `--json`."""
    saved, summary, place = info.checkpoint, info.summary, info.text
    return {
        "path": str(info.path),
        "checkpoint": str(info.loaded.path),
        "config": saved.config.model_dump(mode="json"),
        "recipe": info.recipe,
        "differences": {
            each.key: {"value": each.value, "recipe_value": each.recipe_value} for each in info.differences
        },
        "vocabulary": list(saved.vocabulary.symbols),
        "parameters": info.parameters,
        "step": saved.progress.step,
        "steps": info.steps,
        "best_loss": saved.progress.best_loss,
        "best_step": saved.progress.best_step if saved.progress.best_loss is not None else None,
        "ngram_loss": summary.ngram_loss if summary else None,
        "unit": saved.vocabulary.unit,
        "state": summary.state if summary else None,
        "text": {
            "sha256": saved.text.sha256,
            "characters": saved.text.characters,
            "sources": saved.text.sources,
            "found": place.found,
            "verified": place.verified,
            "problem": place.problem,
        },
        "versions": dict(saved.versions),
        "base": saved.base.model_dump(mode="json") if saved.base else None,
        "files": dict(info.files),
        "weights_only": saved.weights_only,
    }


def facts(info: RunInfo) -> Iterator[tuple[str, str]]:
    """Each fact, with its heading where it is the first below it."""
    saved, summary = info.checkpoint, info.summary
    model, progress = saved.config.model, saved.progress
    if summary:
        yield "run", f"{info.path}: {summary.state}, last changed {time_in_words(summary.changed, time.time())}"
    steps = f"step {progress.step:,}{f' of {info.steps:,}' if info.steps else ''}"
    kind = "; weights alone, with which --resume cannot go on" if saved.weights_only else ""
    yield "checkpoint", f"{info.loaded.path}: {steps}{kind}"
    yield "loss", _loss(info)
    kind = f" ({model.nonlinearity})" if model.cell == "rnn" else ""
    yield (
        "network",
        f"{model.cell}{kind}, {plural(model.num_layers, 'layer')} of {plural(model.hidden_size, 'unit')}, "
        f"{plural(info.parameters, 'parameter')}, {saved.config.training.precision}",
    )
    yield "vocabulary", vocabulary_in_words(saved.vocabulary)
    yield "text", f"{_names(saved.text.sources)}: {amount(saved.text.characters, saved.vocabulary.unit)}"
    yield "", f"SHA-256 {saved.text.sha256}"
    yield "", _place(info)
    if saved.base:
        yield "base", f"{saved.base.path}: step {saved.base.step:,}; its text had SHA-256 {saved.base.text_sha256}"
    yield "versions", ", ".join(f"{name} {version}" for name, version in saved.versions.items())
    yield "files", ", ".join(f"{name} {size_in_words(size)}" for name, size in info.files.items())
    yield "configuration", f"recipe {info.recipe}{', but for:' if info.differences else ', unchanged'}"
    for each in info.differences:
        yield "", f"{each.key} {as_text(each.value)} (in the recipe {as_text(each.recipe_value)})"


def vocabulary_in_words(vocabulary: Vocabulary) -> str:
    """The symbols one by one: a line break as ␊, a space as ␠, a mark on a circle."""
    if vocabulary.unit == "byte":
        return "the 256 bytes"
    shown = " ".join(map(_symbol, vocabulary.symbols[:MAX_SYMBOLS]))
    more = len(vocabulary) - MAX_SYMBOLS
    return f"{plural(len(vocabulary), 'symbol')}: {shown}{f' and {more:,} more' if more > 0 else ''}"


def size_in_words(size: int) -> str:
    """A number of bytes.

    >>> size_in_words(812), size_in_words(20_480), size_in_words(1_234_567)
    ('812 B', '20 kB', '1.2 MB')
    """
    if size < 1000:
        return f"{size} B"
    return f"{size / 1e3:.0f} kB" if size < 999_500 else f"{size / 1e6:,.1f} MB"


def _symbol(symbol: str) -> str:
    if symbol == UNKNOWN:
        return "(rare characters)"
    if symbol == END:
        return "(end of a document)"
    mark = "◌" if unicodedata.category(symbol)[0] == "M" else ""
    return mark + WHITESPACE.get(symbol, printable_line(symbol))


def _loss(info: RunInfo) -> str:
    progress, unit = info.checkpoint.progress, info.checkpoint.vocabulary.unit
    if progress.best_loss is None:
        return "not validated yet"
    per = " per byte" if unit == "byte" else ""
    line = f"{digits(progress.best_loss)} nats{per} at step {progress.best_step:,}, the best on the validation split"
    ngram = info.summary.ngram_loss if info.summary else None
    return line if ngram is None else f"{line}; an n-gram has {digits(ngram)}"


def _names(sources: tuple[str, ...]) -> str:
    more = len(sources) - MAX_NAMES
    return ", ".join(sources[:MAX_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def _place(info: RunInfo) -> str:
    """Whether the text is still where it was."""
    place, sources = info.text, info.checkpoint.text.sources
    if place.problem:
        return place.problem
    where = "still there" if place.found == sources else f"now {_names(place.found)}"
    return f"{where}, unchanged" if place.verified else f"{where} (too long to compare here)"
