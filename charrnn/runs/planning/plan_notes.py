"""Notes about the text and the network of a plan."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from charrnn.config.data import Data
from charrnn.network.parameters import Parameters, Shapes
from charrnn.runs.planning.plan import Plan
from charrnn.text.columns import column_names
from charrnn.text.corpus import Corpus
from charrnn.text.reading.source_reader import SourceReader
from charrnn.text.reading.tables import join_names, table_kind
from charrnn.text.source_text import SourceText
from charrnn.words import parameter, plural

RARE_BELOW = 10  # occurrences; fewer are rare
MANY_SYMBOLS = 200  # with fewer symbols the readout takes next to no time
MANY_TIMES = 4  # as many characters validated as trained: a validation computes no gradient, and is faster
MAX_RARE_SHARE = 1e-3  # of the text
MAX_HIDDEN_SHARE = 0.01  # of the text: what a rare symbol of a large text may hide in a short one, or in Chinese
MIN_COUNTS = (50, 20, 10, 5, 2, 1)


def corpus_notes(corpus: Corpus) -> tuple[str, ...]:
    """How many documents the text has, or where it is kept encoded."""
    if corpus.vocabulary.end_id is not None:
        lengths = np.diff(np.flatnonzero(corpus.ids == corpus.vocabulary.end_id)) - 1
        return (f"{plural(len(lengths), 'document')}, the longest {lengths.max():,} characters",)
    return (f"a text this long is encoded into a file: {corpus.path}",) if corpus.path else ()


def rare_symbol_notes(text: SourceText, min_count: int) -> tuple[str, ...]:
    """A hint at data.min_count, if most symbols are rare and together make up almost nothing of the text."""
    counts = text.counts[text.counts >= min_count]
    rare = counts[counts < RARE_BELOW]
    if (
        text.unit == "byte"
        or len(counts) < MANY_SYMBOLS
        or 2 * len(rare) < len(counts)
        or rare.sum() > MAX_RARE_SHARE * text.length
    ):
        return ()
    return (
        f"{len(rare):,} of its {len(counts):,} different characters occur fewer than {RARE_BELOW} times, {rare.sum():,} times in all; {parameter('settings')} data.min_count={RARE_BELOW} lets them share one symbol, and trains faster",
    )


def table_notes(text: SourceText, data: Data) -> tuple[str, ...]:
    """A hint at data.field, if a table is read as a text."""
    tables = [name for name in text.files if table_kind(name)]
    if not tables or data.field is not None or text.unit == "byte":
        return ()
    encodings = replace(data.encodings, may_be_absent=True)
    head = next(SourceReader(tables[:1], "char", encodings, data.max_expansion).pieces()).content
    names = join_names(column_names(tables[0], head))
    others = f" and {plural(len(tables) - 1, 'other table')}" if len(tables) > 1 else ""
    return (
        f"{tables[0]}{others}: read as a text, with all columns; {parameter('settings')} data.field=NAME takes one: {names}",
    )


def hidden_symbol_notes(text: SourceText, min_count: int) -> tuple[str, ...]:
    """A warning, if data.min_count replaces much of the text by the unknown symbol, with a count that does not."""
    counts = text.counts[text.counts > 0]
    hidden = counts[counts < min_count]
    if text.unit == "byte" or hidden.sum() <= MAX_HIDDEN_SHARE * text.length:
        return ()
    better = next(
        count
        for count in MIN_COUNTS
        if count < min_count and counts[counts < count].sum() <= MAX_HIDDEN_SHARE * text.length
    )
    return (
        f"{len(hidden):,} of its {len(counts):,} different characters occur fewer than {min_count} times and share one symbol: {hidden.sum() / text.length:.1%} of the text; {parameter('settings')} data.min_count={better} keeps them apart",
    )


def validation_notes(plan: Plan) -> tuple[str, ...]:
    """A hint, where a short training of a long text would spend most of its time on the validations that nobody asked
    for.
    """
    training = plan.config.training
    validations = plan.steps // plan.eval_every
    trained = plan.steps * training.batch_size * (training.stride or training.sequence_length)
    if training.eval_every or validations * plan.valid.size < MANY_TIMES * trained:
        return ()
    return (
        f"{plural(validations, 'validation')} of {plan.valid.size:,} characters each take longer than the training; {parameter('settings')} training.eval_characters=10000 shortens them",
    )


def frozen_notes(plan: Plan) -> tuple[str, ...]:
    """Which biases are held at 0, and which parts do not learn."""
    freeze, architecture = plan.config.training.freeze, plan.architecture
    shapes, held, notes = architecture.shapes(), architecture.held_biases(), []
    if held:
        notes.append(
            f"model.bias is false: {_count(shapes, held):,} biases are held at 0, and not counted as parameters"
        )
    if freeze:
        learning = Parameters.size(shapes) - _count(shapes, architecture.frozen_names(freeze))
        parts = ", ".join(part for part in architecture.parts() if part in freeze)
        notes.append(f"frozen: {parts}; {learning:,} of {plan.parameters:,} parameters learn")
    return tuple(notes)


def _count(shapes: Shapes, names: Iterable[str]) -> int:
    """The size of the parameters of these names."""
    return Parameters.size({name: shapes[name] for name in names})
