"""The report of a gradient check: a table of parameters and oracles, and one of properties."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from rich.text import Text

from charrnn.cli.output.console import print_error, result_console, write_json
from charrnn.cli.output.styled_text import mark_unsafe_line
from charrnn.cli.output.tables import Name, Table
from charrnn.config.typed_values import as_text
from charrnn.diagnostics.gradcheck.gradcheck import Check, Report, by_parameter


def show_report(report: Report, json: bool) -> None:
    """Print a table with a row for each parameter and oracle, one of the properties, and the verdict; or JSON."""
    if json:
        write_json({"passed": report.passed, **asdict(report)})
        return
    console = result_console()
    _table_of_checks(report.checks).show(console)
    properties = Table(Name("property"), Name("measured"), "")
    for found in report.properties:
        properties.add_row(found.name, found.detail, _verdict(found.passed))
    properties.show(console)
    for note in _notes(report):
        console.print(mark_unsafe_line(note), soft_wrap=True)
    failed = [check.parameter for check in report.checks if not check.passed]
    failed_properties = [found.name for found in report.properties if not found.passed]
    if report.passed:
        verdict = f"all {len(report.checks)} checks passed, and all {len(report.properties)} properties hold"
        console.print(verdict, style="green")
    if failed:
        print_error(f"{len(failed)} of {len(report.checks)} checks failed, in {', '.join(dict.fromkeys(failed))}")
    if failed_properties:
        which = "1 property does" if len(failed_properties) == 1 else f"{len(failed_properties)} properties do"
        print_error(f"{which} not hold: {'; '.join(failed_properties)}")


def _table_of_checks(checks: Sequence[Check]) -> Table:
    table = Table("parameter", "shape", "entries", "oracle", "largest error", "at", "backward", "oracle's", "")
    for rows in by_parameter(checks).values():
        for check in rows:
            table.add_row(*_check_row(check, check is rows[0]), closes=check is rows[-1])
    return table


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


def _notes(report: Report) -> Iterator[str]:
    """What was covered: how many entries, with which settings, and what was left out."""
    if report.entries is not None:
        parameters = [rows[0] for rows in by_parameter(report.checks).values()]
        checked, there = sum(row.entries for row in parameters), sum(math.prod(row.shape) for row in parameters)
        yield (
            f"{checked:,} of {there:,} entries checked, at most {report.entries:,} of each parameter; "
            f"the same again: --entries {report.entries} --seed {report.seed}"
        )
    if report.checked_with:
        yield f"checked with: {', '.join(f'{key} {_show_value(value)}' for key, value in report.checked_with.items())}"
    if report.not_checked:
        left = (f"{found.key} {_show_value(found.value)} ({found.why})" for found in report.not_checked)
        yield f"not checked: {', '.join(left)}"


def _show_value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else as_text(value)


def _verdict(passed: bool) -> Text:
    return Text("ok", style="green") if passed else Text("FAILED", style="bold red")
