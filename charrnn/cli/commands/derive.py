"""`charrnn derive`."""

from typing import TYPE_CHECKING, Annotated

import typer

from charrnn.cli.exit_codes import FAILED
from charrnn.cli.options import common, typed_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from charrnn.derivations.case import Case
    from charrnn.derivations.documents import System

VACUOUS = "a wrong equation may hold at this size, where there is nothing to get wrong; take 2 or more"
NAMES = "mean-loss, mini-batch, vanishing, scalar, vector, multiple, update-rules"
SETTINGS = (
    "Set a size of the case: T steps, M inputs, D units, C outputs, B sequences; or a choice: inputs (real, one-hot), loss (sum, mean), "
    "initial (given, zero), phi_h (tanh, logistic, relu, identity), phi_o (softmax or one of these), ell (cross-entropy, "
    "binary-cross-entropy, squared-error). With --train: alpha, updates, clip, D."
)
ERRORS = "an error is relative to the largest entry of the true value, that of the complex step"


def derive(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help=f"A system: {NAMES}; or a document: D0 ... D3. Default: all.", show_default=False
        ),
    ] = None,
    system: Annotated[str | None, typer.Option(metavar="NAME", help="The same as NAME.", show_default=False)] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Walk through one tiny case of a system, number by number.")
    ] = False,
    train: Annotated[
        bool, typer.Option("--train", help="Let a system learn something small, with and without clipping.")
    ] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            "-s",
            metavar="KEY=VALUE",
            callback=typed_text.texts,
            help=f"{SETTINGS} Repeatable.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the case.")] = 0,
    json: common.JsonOption = False,
) -> None:
    """Check the equations of the four derivations that charrnn is built on, as printed and as corrected.

    Evaluates each on a random case and compares it with the complex step, which is exact to rounding. An error is relative to the
    largest entry of the true value. Exit code 1 if a corrected form fails.
    """
    from charrnn.cli.derivations.settings import find_system, find_systems, make_case
    from charrnn.derivations.case import Case

    if name is not None and system is not None and name != system:
        raise typer.BadParameter(f"NAME is {name!r}, and --system is {system!r}; give one of them")
    if explain and train:
        raise typer.BadParameter("give --explain or --train, not both")
    wanted = name if name is not None else system
    if train:
        _train(find_system(wanted, "--train"), settings or (), seed, json)
    elif explain:
        _explain(find_system(wanted, "--explain"), settings or (), seed, json)
    else:
        systems = find_systems(wanted)
        _check(systems, make_case(settings or (), systems, Case()), seed, json)


def _explain(system: "System", settings: "Sequence[str]", seed: int, json: bool) -> None:
    """One tiny case, number by number."""
    import numpy as np

    from charrnn.cli.derivations.settings import make_case, require_at_most
    from charrnn.cli.derivations.walkthroughs import show_walkthrough, walkthrough_json
    from charrnn.cli.output import console as output
    from charrnn.derivations.case import Case
    from charrnn.derivations.walkthrough import EXPLAINED, LIMITS, walk_through
    from charrnn.errors import CheckError

    case = make_case(settings, [system], Case(**EXPLAINED))
    require_at_most(LIMITS, case, "--explain shows every number")
    with np.errstate(all="ignore"):
        walkthrough = walk_through(system.name, system.make(case, np.random.default_rng(seed)))
    if not np.isfinite(walkthrough.backward.difference):
        raise CheckError("--explain: numbers overflow in this case; lower T, set phi_h=tanh, or take another --seed")
    if json:
        output.write_json(walkthrough_json(walkthrough))
    else:
        show_walkthrough(output.result_console(), walkthrough)


def _train(system: "System", settings: "Sequence[str]", seed: int, json: bool) -> None:
    """Something small, learned with and without clipping."""
    from charrnn.cli.derivations.lessons import lesson_json, show_lesson
    from charrnn.cli.derivations.settings import split_settings
    from charrnn.cli.output import console as output
    from charrnn.cli.progress.progress_bar import progress_bar
    from charrnn.derivations.tasks import lessons
    from charrnn.errors import CheckError

    chosen = split_settings(settings)
    for key, value in chosen.items():
        try:
            lessons.choose(lessons.TASKS[system.name].DEFAULTS, {key: value})
        except ValueError as error:
            raise CheckError(f"--set {key}={value}: {error}") from None
    with progress_bar("training", json) as advance:
        try:
            lesson = lessons.train(system.name, seed, chosen, lambda done, total: advance(done / total))
        except ValueError as error:
            raise CheckError(f"--train: {error}") from None
    if json:
        output.write_json(lesson_json(lesson))
    else:
        show_lesson(output.result_console(), lesson)


def _check(systems: "Sequence[System]", case: "Case", seed: int, json: bool) -> None:
    """The table of all equations."""
    import numpy as np

    from charrnn.cli.derivations.bridges import bridges
    from charrnn.cli.derivations.equation_tables import (
        Checked,
        bridges_json,
        equations_json,
        overflow_advice,
        show_table,
        summary,
    )
    from charrnn.cli.derivations.settings import settings_of
    from charrnn.cli.derivations.time_estimate import require_a_minute
    from charrnn.cli.output import console as output
    from charrnn.cli.progress.progress_bar import progress_bar
    from charrnn.derivations.equation import judge
    from charrnn.derivations.rounding import rounding

    require_a_minute(systems, case)
    every = []
    with progress_bar("checking equations", json) as advance:
        for done, each in enumerate(systems):
            instance = each.make(case, np.random.default_rng(seed))
            noise = rounding(instance)
            findings = [judge(equation, noise) for equation in each.equations(instance)]
            every.append(Checked(each, findings, list(bridges(seed, [each.name]))))
            advance((done + 1) / len(systems))
    failed = {checked.system.name: checked.failed for checked in every if checked.failed}
    if json:
        report = {"passed": not failed, "seed": seed, "settings": settings_of(systems, case)}
        output.write_json({**report, "equations": equations_json(every), "bridges": bridges_json(every)})
    else:
        console = output.result_console()
        for checked in every:
            show_table(console, checked)
        ones = [f"{size} = 1" for size in ("T", "D", "C") if settings_of(systems, case).get(size) == 1]
        vacuous = f"{', '.join(ones)}: {VACUOUS}" if ones else ""
        for line, style in (
            (ERRORS, ""),
            (vacuous, "yellow"),
            (summary(every), "" if failed else "green"),
            (overflow_advice(every, case), ""),
        ):
            if line:
                console.print(line, style=style, soft_wrap=not console.is_terminal)
    if failed:
        which = "; ".join(f"{name}: {'; '.join(dict.fromkeys(what))}" for name, what in failed.items())
        output.print_error(f"{sum(map(len, failed.values()))} fail as corrected: {which}")
        raise typer.Exit(FAILED)
