"""Samples on stdout: side by side, in the colours of their surprisals, with what each character was drawn from."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from charrnn.cli.colours import coloured, legend
from charrnn.cli.display import Terminal, printable, show_sample, tell, write_json
from charrnn.generation.pieces import Piece
from charrnn.generation.samples import Sample
from charrnn.generation.tracing import TracedStep
from charrnn.text.unit_names import Unit, unit_name


def show_coloured(prompt: str, pieces: Iterable[Piece], stream: bool) -> None:
    """As show_sample, each character of the text in the colour of its surprisal; the scale goes to stderr."""
    _tell_scale()
    _write_coloured(prompt, pieces, stream)


def show_samples(
    samples: Sequence[Sample],
    prompt: str,
    json: bool,
    colour: bool,
    headings: bool,
    more: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Texts, with `headings` each below a line that names its seed where there are several, and with its trace; or all as JSON,
    each with what there is more to say of it. Documents need no headings: one a line, or with an empty line between them.
    """
    if json:
        said = more or [{}] * len(samples)
        write_json([{**_as_json(sample), **fields} for sample, fields in zip(samples, said, strict=True)])
        return
    if colour:
        _tell_scale()
    apart = not headings and any("\n" in each.text for each in samples)
    for number, sample in enumerate(samples, start=1):
        if number > 1 and apart:
            sys.stdout.write("\n")
        if len(samples) > 1 and headings:
            sys.stdout.write(f"--- sample {number} of {len(samples)}, seed {sample.seed} ---\n")
        if colour and sample.pieces is not None:
            _write_coloured(prompt, sample.pieces, stream=False)
        else:
            show_sample(prompt, [sample.text], stream=False)
        sys.stdout.writelines(f"{line}\n" for line in _trace_lines(sample.trace or ()))
    sys.stdout.flush()


def tell_best(samples: Sequence[Sample], of: int, unit: Unit) -> None:
    """Which seeds wrote the best of so many samples, and how likely they are."""
    for sample in samples:
        mean = f"mean log probability {sample.mean_log_probability:.4f} nats per {unit_name(unit, 1)}"
        tell(f"among the best of {of}: seed {sample.seed}, {mean}")


def _tell_scale() -> None:
    Terminal(stderr=True, highlight=False).print(legend(), soft_wrap=True)


def _write_coloured(prompt: str, pieces: Iterable[Piece], stream: bool) -> None:
    sys.stdout.write(prompt)
    sys.stdout.flush()
    console = Terminal(highlight=False)
    for some in ([piece] for piece in pieces) if stream else [list(pieces)]:
        shown = coloured([printable(character) for character, _ in some], [surprisal for _, surprisal in some])
        console.print(shown, end="", soft_wrap=True)
    console.print()


def _as_json(sample: Sample) -> dict[str, Any]:
    fields = {name: getattr(sample, name) for name in ("text", "seed", "finish", "log_probability")}
    return fields if sample.trace is None else {**fields, "trace": [asdict(step) for step in sample.trace]}


def _trace_lines(trace: Sequence[TracedStep]) -> list[str]:
    """A heading and a line for each character: its probability by the network, and the candidates, the drawn one marked."""
    lines = [
        f"{step:>6}  {_seen(each.character):<6}  {each.probability:.4f}  {_candidates(each)}"
        for step, each in enumerate(trace, 1)
    ]
    return ["  step  drawn   p       drawn from, * the one that was", *lines] if lines else []


def _candidates(step: TracedStep) -> str:
    return "  ".join(
        f"{'*' if character == step.character else ''}{_seen(character)} {p:.4f}" for character, p in step.candidates
    )


def _seen(character: str) -> str:
    return f"'{character}'" if character.isprintable() else repr(character)
