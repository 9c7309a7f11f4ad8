"""`charrnn derive`."""

import typer

from charrnn.cli.exit_codes import FAILED
from charrnn.cli.options import common, typed_text, values

NAMES = "mean-loss, mini-batch, vanishing, scalar, vector, multiple, update-rules"
SETTINGS = (
    "Set a size of the case: T steps, M inputs, D units, C outputs, B sequences; or a choice: inputs (real, one-hot), loss (sum, mean), "
    "initial (given, zero), phi_h (tanh, logistic, relu, identity), phi_o (softmax or one of these), ell (cross-entropy, "
    "binary-cross-entropy, squared-error). With --train: alpha, updates, clip, D."
)


def derive(
    name: str | None = typer.Argument(
        None, metavar="[NAME]", help=f"A system: {NAMES}; or a document: D0 ... D3. Default: all.", show_default=False
    ),
    system: str | None = typer.Option(
        None, metavar="NAME", help="The same as NAME.", show_default=False, rich_help_panel=common.WHAT_TO_CHECK
    ),
    explain: bool = typer.Option(
        False,
        "--explain",
        help="Walk through a tiny case, number by number.",
        rich_help_panel=common.WHAT_TO_CHECK,
    ),
    train: bool = typer.Option(
        False,
        "--train",
        help="Train a system, with and without clipping.",
        rich_help_panel=common.WHAT_TO_CHECK,
    ),
    settings: list[str] | None = typer.Option(
        None,
        "--set",
        "-s",
        metavar="KEY=VALUE",
        callback=typed_text.texts,
        help=f"{SETTINGS} Repeatable.",
        rich_help_panel=common.WHAT_TO_CHECK,
    ),
    seed: int = typer.Option(
        0, help="The seed of the case.", rich_help_panel=common.WHAT_TO_CHECK, metavar="N", parser=values.whole()
    ),
    json: common.JsonOption = False,
) -> None:
    """Check the equations of the derivations, as printed and corrected.

    Evaluates each of the four derivations that charrnn is built on, on a random case, and compares it with the complex
    step, which is exact to rounding. The exit code is 1 if a corrected form fails.

        charrnn derive
        charrnn derive vector --explain
        charrnn derive scalar --train
    """
    from charrnn.cli.output.console import print_error, result_console, write_json
    from charrnn.cli.progress.stage_lines import stage_lines

    with stage_lines(json):
        from charrnn.cli.derivations import compute
        from charrnn.cli.derivations.equation_tables import failures, show_equations
        from charrnn.cli.derivations.lessons import lesson_json, show_lesson
        from charrnn.cli.derivations.settings import find_system, find_systems, make_case
        from charrnn.cli.derivations.walkthroughs import show_walkthrough, walkthrough_json
        from charrnn.cli.progress.progress_bar import progress_bar
        from charrnn.derivations.case import Case

    if name is not None and system is not None and name != system:
        raise typer.BadParameter(f"NAME is {name!r}, and --system is {system!r}; give one of them")
    if explain and train:
        raise typer.BadParameter("give --explain or --train, not both")
    wanted = name if name is not None else system
    if explain:
        walkthrough = compute.explain(find_system(wanted, "--explain"), settings or (), seed)
        if json:
            write_json(walkthrough_json(walkthrough))
        else:
            show_walkthrough(result_console(), walkthrough)
        return
    if train:
        learner = find_system(wanted, "--train")
        with progress_bar("training", json) as advance:
            lesson = compute.train(learner, settings or (), seed, advance)
        if json:
            write_json(lesson_json(lesson))
        else:
            show_lesson(result_console(), lesson)
        return
    systems = find_systems(wanted)
    case = make_case(settings or (), systems, Case())
    with progress_bar("checking equations", json) as advance:
        checked = compute.check(systems, case, seed, advance)
    show_equations(checked, case, seed, json)
    if failed := failures(checked):
        print_error(failed)
        raise typer.Exit(FAILED)
