"""The only place that draws: results on stdout, the telling on stderr."""

import math
import os
import secrets
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from charrnn.cli.colours import REVERSE, marked, marked_line
from charrnn.cli.gradcheck_notes import notes
from charrnn.cli.tables import Name, Table, terminal_columns
from charrnn.config import sizing
from charrnn.config.resolve import Resolved, leaves
from charrnn.diagnostics.gradcheck.gradcheck import Check, Report, by_parameter
from charrnn.runs.planning import memory_estimate
from charrnn.runs.planning.plan import Plan
from charrnn.text.printable import is_unsafe, json_text, printable
from charrnn.text.unit_names import counted, unit_name
from charrnn.training.benchmark import Bench

WHERE_TIME_GOES = {
    "forward": "forward, of one core's streams",
    "backward": "backward, of one core's streams",
    "update": "clipping and optimizer",
    "rest": "windows, waiting for other cores, adding their gradients",
}
SIZE = ("COLUMNS", "LINES")  # in the environment
WIDE = 120  # columns of a drawing that no terminal bounds


class Terminal(Console):
    """A console that says so when its reader has gone; rich's own would leave the program there and then.

    It is as large as its terminal, whatever COLUMNS and LINES say: they may be left over from another one, or 0.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(_environ={key: value for key, value in os.environ.items() if key not in SIZE}, **options)
        if self.is_dumb_terminal and (columns := terminal_columns(self)):  # which rich takes for one of 80
            self.size = (columns, self.height)

    def on_broken_pipe(self) -> None:
        """Let the caller decide what a vanished reader means."""
        raise BrokenPipeError


def tell_error(message: str, lines: bool = False) -> None:
    """The one line that starts with `error:`; with `lines` it may have more, for several mistakes in a configuration."""
    told = marked(message, "default") if lines else marked_line(message, "default")
    _stderr().print(Text("error: ", style="bold red") + told, soft_wrap=True)


def tell(message: str) -> None:
    """A line for the person, not for the pipe."""
    _stderr().print(marked_line(message, "dim"), soft_wrap=True)


def write_json(value: object) -> None:
    """One line of JSON on stdout."""
    sys.stdout.write(json_text(value) + "\n")


def write_path(path: Path) -> None:
    """A path that is a result, on stdout; a pipe gets it as it is."""
    if sys.stdout.isatty():
        stdout().print(marked_line(str(path)), soft_wrap=True)
    else:
        sys.stdout.write(f"{path}\n")
        sys.stdout.flush()


def stdout() -> Console:
    """Where results go."""
    return Terminal(width=None if sys.stdout.isatty() else WIDE, highlight=False, markup=False, emoji=False)


def in_colour(console: Console) -> bool:
    """Whether it shows colours: a terminal that can, unless NO_COLOR is set."""
    return console.is_terminal and console.color_system is not None and not console.no_color


def new_seed() -> int:
    """A seed that is short enough to type."""
    return secrets.randbelow(1_000_000)


def show_sample(prompt: str, text: Iterable[str], stream: bool) -> None:
    """Prompt and text on stdout, character by character or all at once, and a line's end."""
    write_text(prompt)
    for piece in text if stream else ["".join(text)]:
        write_text(piece)
        sys.stdout.flush()
    sys.stdout.write("\n")
    sys.stdout.flush()


def write_text(text: str) -> None:
    """A text that is a result, on stdout: as it is, but that a terminal shows its control characters and does not obey them."""
    if not sys.stdout.isatty():
        sys.stdout.write(text)
        return
    for replaced, run in groupby(text, lambda character: is_unsafe(character) and character not in "\n\t"):
        if replaced:
            stdout().print(Text(printable("".join(run)), REVERSE), end="", soft_wrap=True)
        else:
            sys.stdout.write("".join(run))


def show_report(report: Report, json: bool) -> None:
    """A table with a row for each parameter and oracle and one of the properties, or JSON; then the verdict."""
    if json:
        write_json({"passed": report.passed, **asdict(report)})
        return
    console = stdout()
    _table_of_checks(report.checks).show(console)
    properties = Table(Name("property"), Name("measured"), "")
    for found in report.properties:
        properties.add_row(found.name, found.detail, _verdict(found.passed))
    properties.show(console)
    for note in notes(report):
        console.print(marked_line(note), soft_wrap=True)
    failed = [check.parameter for check in report.checks if not check.passed]
    failed_properties = [found.name for found in report.properties if not found.passed]
    if report.passed:
        told = f"all {len(report.checks)} checks passed, and all {len(report.properties)} properties hold"
        console.print(told, style="green")
    if failed:
        tell_error(f"{len(failed)} of {len(report.checks)} checks failed, in {', '.join(dict.fromkeys(failed))}")
    if failed_properties:
        tell_error(f"{len(failed_properties)} properties do not hold: {'; '.join(failed_properties)}")


def _table_of_checks(checks: Sequence[Check]) -> Table:
    table = Table("parameter", "shape", "entries", "oracle", "largest error", "at", "backward", "oracle's", "")
    for rows in by_parameter(checks).values():
        for check in rows:
            table.add_row(*_check_row(check, check is rows[0]), closes=check is rows[-1])
    return table


def show_bench(found: Bench, json: bool) -> None:
    """A measurement in words, or as JSON."""
    if json:
        also = {"bytes_per_second": found.chars_per_second} if found.unit == "byte" else {}
        write_json({**asdict(found), **also})
        return
    layers = f", {found.num_layers} layers" if found.num_layers > 1 else ""
    cores = f"{found.threads} core{'s' if found.threads > 1 else ''}"
    new = f" ({found.stride} of them new)" if found.stride < found.sequence_length else ""
    different = "" if found.unit == "byte" else f"{found.vocab_size} different, "
    shares = f" in {found.accumulate} shares" if found.accumulate > 1 else ""
    lines = (
        f"{found.cell}, {found.hidden_size} units{layers}, {found.batch_size} streams{shares} x {counted(found.sequence_length, found.unit)}{new}, "
        f"{different}{cores}",
        f"{found.chars_per_second:,.0f} {unit_name(found.unit)}/s: {found.seconds * 1e3:.3g} ms for each update",
        f"matrix products: {found.gflops:,.1f} GFLOP/s, {found.share_of_peak:.0%} of the {found.sgemm_peak_gflops:,.0f} that a large one reaches here",
    )
    for line in lines:
        stdout().print(Text(line), soft_wrap=True)
    table = Table(Name("where the time goes"), "ms", "share")
    for name in ("forward", "backward", "update", "rest"):
        seconds = getattr(found, name)
        table.add_row(WHERE_TIME_GOES[name], f"{seconds * 1e3:.2f}", f"{seconds / found.seconds:.0%}")
    table.show(stdout())


def show_plan(plan: Plan, resolved: Resolved, json: bool) -> None:
    """The resolved configuration with where each value came from, and what the training would take."""
    unit = plan.corpus.vocabulary.unit
    of_bytes = {"bytes": len(plan.corpus.ids)} if unit == "byte" else {}
    text: dict[str, Any] = {
        "sources": list(plan.sources),
        "unit": unit,
        "characters": len(plan.corpus.ids),
        **of_bytes,
        "vocabulary": len(plan.corpus.vocabulary),
        "splits": {name: len(plan.corpus.split(name)) for name in ("train", "valid", "test")},
    }
    sizes = {
        "parameters": plan.parameters,
        "memory": memory_estimate.needed(plan),
        "windows_per_epoch": plan.windows_per_epoch,
        "steps": plan.steps,
    }
    if json:
        origins = {key: _origin(resolved, key, value) for key, value in leaves(plan.config)}
        write_json(
            {
                "config": plan.config.model_dump(mode="json"),
                "origins": origins,
                "text": text,
                **sizes,
                "notes": plan.notes,
                "files": {source: files.as_json() for source, files in plan.files.items()},
            }
        )
        return
    table = Table(Name("key"), Name("value"), Name("from"))
    for key, value in leaves(plan.config):
        table.add_row(key, json_text(value), _origin(resolved, key, value))
    console = stdout()
    table.show(console)
    splits = ", ".join(f"{name} {size:,}" for name, size in text["splits"].items())
    different = "" if unit == "byte" else f", {text['vocabulary']:,} different"
    for line in (
        f"text: {', '.join(plan.sources)}",
        f"{unit_name(unit)}: {text['characters']:,} ({splits}){different}",
        f"parameters: {plan.parameters:,}",
        f"memory: {sizes['memory'] / 1e6:,.0f} MB of arrays",
        f"steps: {plan.steps:,}, {plan.windows_per_epoch:,} windows per epoch",
        *plan.notes,
        *(line for source, files in plan.files.items() for line in files.listing(source)),
    ):
        console.print(marked_line(line), soft_wrap=True)


def _origin(resolved: Resolved, key: str, value: Any) -> str:
    """Where a value came from; what was decided for this text and machine says so."""
    asked = dict(leaves(resolved.config))[key]
    if asked is None and key in sizing.KEYS:
        return "chosen for the text's length"
    return resolved.origin(key) if asked == value else "chosen for this text and machine"


def _check_row(check: Check, first: bool) -> list[str | Text]:
    return [
        check.parameter if first else "",
        " x ".join(map(str, check.shape)) if first else "",
        _entries(check) if first else "",
        check.oracle,
        f"{check.max_relative_error:.1e}",
        str(list(check.worst.index)),
        f"{check.worst.analytic:+.7e}",
        f"{check.worst.numeric:+.7e}",
        _verdict(check.passed),
    ]


def _entries(check: Check) -> str:
    size = math.prod(check.shape)
    return f"{size:,}" if check.entries == size else f"{check.entries:,} of {size:,}"


def _verdict(passed: bool) -> Text:
    return Text("ok", style="green") if passed else Text("FAILED", style="bold red")


def _stderr() -> Console:
    return Terminal(stderr=True, highlight=False)
