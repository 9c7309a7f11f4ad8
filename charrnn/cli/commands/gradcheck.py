"""`charrnn gradcheck`."""

from pathlib import Path

import typer

from charrnn.cli.exit_codes import FAILED
from charrnn.cli.options import common, values


def gradcheck(
    config: common.ConfigOption = None,
    settings: common.SettingsOption = None,
    run: Path | None = typer.Option(
        None, metavar="RUN", readable=False, help="Check the trained weights of this run, in full size."
    ),
    oracle: list[str] | None = typer.Option(
        None,
        metavar="NAME",
        help="Compare with this oracle: complex-step, closed-form, forward or central. Repeatable. Default: all.",
    ),
    tolerance: float | None = typer.Option(
        None,
        metavar="X",
        parser=values.number(above=0),
        help="The largest relative error that passes. Default: 1e-6 for central, 1e-10 for the others.",
    ),
    entries: int | None = typer.Option(
        None,
        parser=values.whole(1),
        help="Check N random entries of each parameter, however long it takes. Default: all, or as many as fit into a minute.",
        metavar="N",
    ),
    seed: int = typer.Option(0, metavar="N", parser=values.whole(), help="The seed of the case."),
    json: common.JsonOption = False,
) -> None:
    """Compare the gradients of backpropagation through time with four independent oracles, entry by entry.

    Computes in float64, with several steps and streams, from a state that is not zero. Dropout (with fixed masks),
    smoothed labels, a stride and documents are as configured; a line below the table lists what is configured and not
    checked.

    Then checks what no gradient shows: no character sees the future, the past is used, and a window gives the same as
    single steps. Exit code 1 if anything fails.
    """
    from charrnn import api
    from charrnn.cli.progress.progress_bar import progress_bar
    from charrnn.cli.reports import gradcheck
    from charrnn.config.resolve import resolve

    if run is not None and (config or settings):
        raise typer.BadParameter("--run has its own configuration; leave out --config and --set")
    resolved = resolve(config, settings or ())
    with progress_bar("checking gradients", json) as advance:
        report = api.gradcheck(resolved.config, run, oracle or (), tolerance, seed, entries, on_progress=advance)
    gradcheck.show_report(report, json)
    if not report.passed:
        raise typer.Exit(FAILED)
