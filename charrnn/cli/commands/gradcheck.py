"""`charrnn gradcheck`."""

from pathlib import Path
from typing import Annotated

import typer

from charrnn.cli.commands.common_options import ConfigOption, SettingsOption
from charrnn.cli.exit_codes import FAILED


def gradcheck(
    config: ConfigOption = None,
    settings: SettingsOption = None,
    run: Annotated[
        Path | None,
        typer.Option(metavar="RUN", readable=False, help="Check the trained weights of this run, in their full size."),
    ] = None,
    oracle: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="complex-step, closed-form, forward or central. Repeatable. Default: all."),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(help="The largest relative error that passes. Default: 1e-6 for central, 1e-10 for the others."),
    ] = None,
    entries: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Check N random entries of each parameter, however long that takes. Default: every one, or as many as fit into a minute.",
            metavar="N",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the case.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")] = False,
) -> None:
    """Verify the gradients: backpropagation through time against four independent oracles, entry by entry.

    In float64, with several steps and streams, and a state that is not zero. Dropout (its masks are held), smoothed labels, a stride
    and documents are as the configuration says; what is configured and not checked is listed below the table.

    Then properties that no gradient shows: causality, that the past is used, that a window is its steps. Exit code 1 if anything fails.
    """
    from charrnn import api
    from charrnn.cli.progress.progress_bar import progress_bar
    from charrnn.cli.reports import gradcheck
    from charrnn.config.resolve import resolve

    if tolerance is not None and not tolerance > 0:
        raise typer.BadParameter(f"--tolerance must be above 0; found {tolerance}")
    if run is not None and (config or settings):
        raise typer.BadParameter("--run brings its own configuration; give it without --config and --set")
    resolved = resolve(config, settings or ())
    with progress_bar("checking gradients", json) as advance:
        report = api.gradcheck(resolved.config, run, oracle or (), tolerance, seed, entries, on_progress=advance)
    gradcheck.show_report(report, json)
    if not report.passed:
        raise typer.Exit(FAILED)
