"""`charrnn gradcheck`."""

from pathlib import Path

import typer

from charrnn.cli.exit_codes import FAILED
from charrnn.cli.options import common, completion, values

ORACLES = ("complex-step", "closed-form", "forward", "central")


def gradcheck(
    run: Path | None = typer.Argument(
        None,
        metavar="[RUN]",
        autocompletion=completion.runs,
        readable=False,
        help="A run, whose trained weights are checked in full size. None: a small network with this configuration.",
        show_default=False,
    ),
    config: common.ConfigOption = None,
    settings: common.SettingsOption = None,
    run_option: Path | None = typer.Option(
        None,
        "--run",
        metavar="RUN",
        autocompletion=completion.runs,
        readable=False,
        help="The same as RUN.",
        rich_help_panel=common.TEXT_AND_NETWORK,
    ),
    oracle: list[str] | None = typer.Option(
        None,
        metavar="NAME",
        parser=values.choice(ORACLES, FAILED),
        help="One of complex-step, closed-form, forward, central. Repeatable. Default: all.",
        rich_help_panel=common.WHAT_TO_CHECK,
    ),
    tolerance: float | None = typer.Option(
        None,
        help="The largest relative error that passes. Default: 1e-6 for central, else 1e-10.",
        rich_help_panel=common.WHAT_TO_CHECK,
        metavar="X",
        parser=values.number(above=0),
    ),
    entries: int | None = typer.Option(
        None,
        help="Check N random entries of each parameter. Default: as many as fit into a minute.",
        metavar="N",
        rich_help_panel=common.WHAT_TO_CHECK,
        parser=values.whole(1),
    ),
    seed: int = typer.Option(
        0, help="The seed of the case.", rich_help_panel=common.WHAT_TO_CHECK, metavar="N", parser=values.whole()
    ),
    json: common.JsonOption = False,
) -> None:
    """Check the gradients against four independent oracles.

    Compares every entry in float64, on a small network of this kind, or on trained weights. Then checks what no
    gradient shows: no character sees the future, the past is used, and a window gives the same as single steps. The
    exit code is 1 if anything fails.

        charrnn gradcheck
        charrnn gradcheck -s model.cell=lstm -s model.num_layers=2
        charrnn gradcheck --run runs/harbour --oracle forward
    """
    from charrnn.cli.progress.stage_lines import stage_lines

    if run is not None and run_option is not None and run != run_option:
        raise typer.BadParameter(f"RUN is {run}, and --run is {run_option}; give one of them")
    run = run or run_option
    if run is not None and (config or settings):
        raise typer.BadParameter("RUN has its own configuration; leave out --config and --set")
    with stage_lines(json):
        from charrnn import api
        from charrnn.cli.progress.progress_bar import progress_bar
        from charrnn.cli.reports import gradcheck
        from charrnn.config.resolve import DEFAULT, resolve

        resolved = resolve(config or DEFAULT, settings or ())
    with progress_bar("checking gradients", json) as advance:
        report = api.gradcheck(resolved.config, run, oracle or (), tolerance, seed, entries, on_progress=advance)
    gradcheck.show_report(report, json)
    if not report.passed:
        raise typer.Exit(FAILED)
