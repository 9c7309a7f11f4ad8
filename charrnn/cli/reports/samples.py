"""Samples on stdout: one or several, in the colours of their surprisals, with traces, or as JSON."""

import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any
from unicodedata import category

from charrnn.cli.output.console import (
    Terminal,
    message_console,
    print_note,
    result_console,
    show_sample,
    write_json,
    write_text,
)
from charrnn.cli.output.surprisal_colours import colour_by_surprisal, legend
from charrnn.cli.output.tables import terminal_columns
from charrnn.cli.output.wrapping import width_of
from charrnn.generation.generator import Generator
from charrnn.generation.incremental_decoder import Piece
from charrnn.generation.sample_request import SampleRequest
from charrnn.generation.samples import Sample, TracedStep
from charrnn.text.characters.unit_names import Unit, unit_name

TRACE_LEGEND = "network: the network's probability of what was drawn; candidates: their probabilities after the temperature and the filters, * marks the one drawn"
TRACE_HEADINGS = "  step  drawn   network candidates"
UNSEEN = {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"}  # categories: controls, formats, spaces


def stream_sample(
    generator: Generator, request: SampleRequest, seed: int, colour: bool, as_drawn: bool, prompt: str
) -> None:
    """Write the prompt and one text, character by character or at its end, with `colour` each in that of its
    surprisal.
    """
    if colour:
        _print_scale()
        _write_in_colours(prompt, generator.stream_pieces(request, seed), as_drawn)
    else:
        show_sample(prompt, generator.stream(request, seed), as_drawn)


def show_samples(
    samples: Sequence[Sample],
    prompt: str,
    json: bool,
    colour: bool,
    headings: bool,
    more: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Print the samples with their traces, or as JSON with the fields of `more`.

    With `headings` a line before each of several samples names its seed. Documents need no headings: one a line, or
    with an empty line between them.
    """
    if json:
        fields_of_each = more or [{}] * len(samples)
        write_json([{**_as_json(sample), **fields} for sample, fields in zip(samples, fields_of_each, strict=True)])
        return
    if colour:
        _print_scale()
    apart = not headings and any("\n" in each.text for each in samples)
    for number, sample in enumerate(samples, start=1):
        if number > 1 and apart:
            sys.stdout.write("\n")
        if len(samples) > 1 and headings:
            sys.stdout.write(f"--- sample {number} of {len(samples)}, seed {sample.seed} ---\n")
        if colour and sample.pieces is not None:
            _write_in_colours(prompt, sample.pieces, stream=False)
        else:
            show_sample(prompt, [sample.text], stream=False)
        sys.stdout.writelines(
            f"{line}\n" for line in _trace_lines(sample.trace or (), terminal_columns(result_console()))
        )
    sys.stdout.flush()


def print_best(samples: Sequence[Sample], of: int, unit: Unit) -> None:
    """Print the seeds of the best of `of` samples, and how likely these are."""
    for sample in samples:
        mean = f"mean log probability {sample.mean_log_probability:.4f} nats per {unit_name(unit, 1)}"
        if not sample.drawn:
            mean = "no whole character"
        print_note(f"among the best of {of}: seed {sample.seed}, {mean}")


def _print_scale() -> None:
    message_console().print(legend(), soft_wrap=True)


def _write_in_colours(prompt: str, pieces: Iterable[Piece], stream: bool) -> None:
    write_text(prompt)
    sys.stdout.flush()
    console = Terminal(highlight=False)
    for some in ([piece] for piece in pieces) if stream else [list(pieces)]:
        for tab, run in groupby(some, lambda piece: piece[0] == "\t"):
            characters, surprisals = zip(*run, strict=True)
            if tab:
                sys.stdout.write("".join(characters))
            else:
                console.print(colour_by_surprisal(characters, surprisals), end="", soft_wrap=True)
    console.print()


def _as_json(sample: Sample) -> dict[str, Any]:
    fields = {name: getattr(sample, name) for name in ("text", "seed", "finish", "log_probability")}
    return fields if sample.trace is None else {**fields, "trace": [asdict(step) for step in sample.trace]}


def _trace_lines(trace: Sequence[TracedStep], columns: int | None) -> list[str]:
    """Headings and a line for each character: its probability by the network, and the candidates, the drawn one with
    *.

    In a terminal that is too narrow, the candidates go on in the next line.
    """
    lines = [*textwrap.wrap(TRACE_LEGEND, columns or len(TRACE_LEGEND)), TRACE_HEADINGS] if trace else []
    for step, each in enumerate(trace, 1):
        character = _visible(each.character)
        line = f"{step:>6}  {character}{' ' * (6 - width_of(character))}  {each.probability:.4f}"
        begin = width_of(line)
        for symbol, p in each.candidates:
            candidate = f"  {'*' if symbol == each.character else ''}{_visible(symbol)} {p:.4f}"
            if columns is not None and width_of(line) > begin and width_of(line) + width_of(candidate) > columns:
                lines.append(line)
                line = " " * begin
            line += candidate
        lines.append(line)
    return lines


def _visible(character: str) -> str:
    """In quotes; an invisible character as Python writes it. A byte that is not a character has a name of its own."""
    unseen = len(character) == 1 and character != " " and category(character) in UNSEEN
    return repr(character) if unseen else f"'{character}'"
