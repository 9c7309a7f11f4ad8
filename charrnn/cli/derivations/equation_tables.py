"""The report of the equations of the documents: a table for each system, or JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from charrnn.cli.derivations.bridges import Bridge
from charrnn.cli.derivations.settings import settings_of
from charrnn.cli.output.console import result_console, write_json
from charrnn.cli.output.tables import Name, Table
from charrnn.derivations.case import Case
from charrnn.derivations.documents import DOCUMENTS, System
from charrnn.derivations.equation import ABSENT, OVERFLOWS, Finding, Verdict

VACUOUS = "a wrong equation may hold at this size, where there is nothing to get wrong; take 2 or more"
ERRORS = "an error is relative to the largest entry of the true value, that of the complex step"
BOUNDED = ("tanh", "logistic")  # their states do not grow


@dataclass(frozen=True)
class SystemCheck:
    """A system, the findings on its equations, and the comparisons with charrnn's own network."""

    system: System
    findings: Sequence[Finding]
    bridges: Sequence[Bridge]

    @property
    def failures(self) -> list[str]:
        """What fails even as corrected: numbers of equations (several may share one), and configurations."""
        equations = [found.number for found in self.findings if not found.passed]
        return equations + [f"as {bridge.configuration}" for bridge in self.bridges if not bridge.holds]


def show_equations(every: Sequence[SystemCheck], case: Case, seed: int, json: bool) -> None:
    """A table for each system with notes below, or all of them as JSON."""
    settings = settings_of([checked.system for checked in every], case)
    failed = failures(every)
    if json:
        write_json(
            {
                "passed": not failed,
                "seed": seed,
                "settings": settings,
                "equations": equations_json(every),
                "bridges": [{**asdict(bridge), "holds": bridge.holds} for each in every for bridge in each.bridges],
            }
        )
        return
    console = result_console()
    for checked in every:
        show_table(console, checked)
    ones = [f"{size} = 1" for size in ("T", "D", "C") if settings.get(size) == 1]
    notes = (
        (ERRORS, ""),
        (f"{', '.join(ones)}: {VACUOUS}" if ones else "", "yellow"),
        (summary(every), "" if failed else "green"),
        (overflow_advice(every, case), ""),
    )
    for line, style in notes:
        if line:
            console.print(line, style=style, soft_wrap=not console.is_terminal)


def failures(every: Sequence[SystemCheck]) -> str:
    """What fails as corrected, in one line; nothing if all passed."""
    failed = {checked.system.name: checked.failures for checked in every if checked.failures}
    which = "; ".join(f"{name}: {'; '.join(dict.fromkeys(what))}" for name, what in failed.items())
    return f"{sum(map(len, failed.values()))} fail as corrected: {which}" if failed else ""


def show_table(console: Console, checked: SystemCheck) -> None:
    """Print the equations of one system, in the document's order."""
    system = checked.system
    document = DOCUMENTS[system.document]
    title = f"{system.name}: {system.title}\n{system.document}, {document.author}, {document.title} ({document.year})"
    table = Table(Name("equation"), Name("what it says"), Name("does it hold?"), title=title)
    for found in checked.findings:
        table.add_row(found.number, found.says, _show_verdict(found.printed, "as printed", "yellow"))
        if found.corrected is not None:
            form = "as derived here" if found.printed.reason == ABSENT else "as corrected"
            table.add_row(f"{found.number} →", found.right, _show_verdict(found.corrected, form, "bold red"))
    table.show(console)
    shared = _common_settings([bridge.configuration.split() for bridge in checked.bridges])
    heading = f"charrnn's own network, measured on the default case, with {' '.join(shared)}"
    console.print(Text(heading, "italic"), soft_wrap=not console.is_terminal)
    network = Table(Name("this system in charrnn"), Name("and with"), "largest error")
    for bridge in checked.bridges:
        errors = (bridge.forward_error, bridge.loss_error, bridge.gradient_error)
        error = f"{max(error for error in errors if error is not None):.1g}"
        settings = " ".join(setting for setting in bridge.configuration.split() if setting not in shared)
        network.add_row(bridge.how, settings, Text(error, "green" if bridge.holds else "bold red"))
    network.show(console)


def _common_settings(configurations: Sequence[Sequence[str]]) -> list[str]:
    """The settings that all of them have."""
    return [setting for setting in configurations[0] if all(setting in each for each in configurations)]


def summary(every: Sequence[SystemCheck]) -> str:
    """How many hold, in one line."""
    findings = [found for checked in every for found in checked.findings]
    printed = [found.printed for found in findings if found.printed.reason != ABSENT]
    corrected = [found.corrected for found in findings if found.corrected is not None]
    missing, undecided = len(findings) - len(printed), sum(verdict.open for verdict in (*printed, *corrected))
    added = f", {missing} more {'are' if missing > 1 else 'is'} derived here" if missing else ""
    apart = f"; {undecided} cannot be judged on this case" if undecided else ""
    return (
        f"{_of(printed)} hold as printed{added}; {_of(corrected)} hold as corrected{apart}; "
        f"{sum(len(checked.bridges) for checked in every)} configurations of charrnn's network were compared with them"
    )


def _of(verdicts: Sequence[Verdict]) -> str:
    """How many hold, of those that the case can decide."""
    judged = [verdict for verdict in verdicts if not verdict.open]
    return f"{sum(verdict.holds for verdict in judged)} of {len(judged)}"


def overflow_advice(every: Sequence[SystemCheck], case: Case) -> str | None:
    """What to change if numbers overflow; None if none does."""
    verdicts = (
        verdict for checked in every for found in checked.findings for verdict in (found.printed, found.corrected)
    )
    if not any(verdict and verdict.reason == OVERFLOWS for verdict in verdicts):
        return None
    bounded = case.φ_h in BOUNDED or not any("φ_h" in checked.system.reads for checked in every)
    return f"Numbers overflow in this case: lower T{'' if bounded else ', or set phi_h=tanh'}."


def equations_json(every: Sequence[SystemCheck]) -> list[dict[str, Any]]:
    """A row for each equation."""
    return [
        {"system": checked.system.name, "document": checked.system.document, **asdict(found), "passed": found.passed}
        for checked in every
        for found in checked.findings
    ]


def _show_verdict(verdict: Verdict, form: str, otherwise: str) -> Text:
    """The verdict and its error, which is relative to the largest entry of the true value."""
    if verdict.open or verdict.reason == ABSENT:
        return Text(verdict.reason, style="dim" if verdict.open else otherwise)
    if verdict.reason:
        return Text(f"no: {verdict.reason}", style=otherwise)
    return (
        Text(f"{form}, {verdict.error:.1g}", "green") if verdict.holds else Text(f"no, {verdict.error:.2g}", otherwise)
    )
