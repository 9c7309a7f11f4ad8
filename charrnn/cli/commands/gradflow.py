"""`charrnn gradflow`."""

from pathlib import Path

import typer

from charrnn.cli.options import common


def gradflow(
    run: Path | None = typer.Argument(
        None,
        metavar="[RUN]",
        readable=False,
        help="A run directory, or a .safetensors checkpoint. None: a fresh network with this configuration.",
        show_default=False,
    ),
    text: list[str] | None = common.text_argument("None: the run's validation split."),
    config: common.ConfigOption = None,
    settings: common.SettingsOption = None,
    lags: int = typer.Option(
        200,
        min=1,
        max=10_000,
        help="The largest lag, in characters (bytes, for a byte model).",
        rich_help_panel="What to measure",
    ),
    positions: int = typer.Option(
        8, min=1, max=1_000, help="The number of places of the text to start from.", rich_help_panel="What to measure"
    ),
    out: Path | None = common.out_option("FILE", "Draw the figure into this .svg or .png file."),
    force: common.ForceOption = False,
    training_text: list[str] | None = typer.Option(
        None,
        "--text",
        metavar="TEXT",
        help="Without RUN: the text whose validation split the fresh network reads. Default: the built-in one. "
        "With RUN: new location of its training text, if it moved. Repeatable.",
        rich_help_panel=common.TEXT_AND_NETWORK,
    ),
    encoding: common.EncodingOption = None,
    checkpoint: common.CheckpointOption = None,
    json: common.JsonOption = False,
) -> None:
    """Measure how far back gradients reach in a network: what it can learn to remember.

    Prints the norms of the products of Jacobians by lag, the memory horizon, saturated units, the spectrum of W_hh with
    Pascanu's conditions, the Lyapunov exponent, and what truncated backpropagation leaves out.
    """
    from charrnn.cli.progress.stage_lines import stage_lines

    if run is not None and (config or settings):
        raise typer.BadParameter("RUN has its own configuration; leave out --config and --set")
    if force and out is None:
        raise typer.BadParameter("--force needs --out; give both")
    if out is not None:
        from charrnn.cli.plots.matplotlib_style import require_writable

        replace = require_writable(out, force, "charrnn gradflow -o")
    moved = training_text or ()
    with stage_lines(json, sources=[*(text or ()), *moved]) as on_stage:
        from charrnn import api
        from charrnn.cli.plots import gradflow_figure
        from charrnn.cli.reports import gradflow
        from charrnn.config.resolve import DEFAULT, resolve

        if run is None:
            settled = resolve(config or DEFAULT, settings or ()).config
            found = api.gradflow(None, moved, settled, lags, positions, encoding=encoding or (), on_stage=on_stage)
        else:
            found = api.gradflow(run, text or (), None, lags, positions, checkpoint, moved, encoding or (), on_stage)
    gradflow.print_text_notes(found, positions)
    gradflow.show(found, json)
    if out is not None:
        with stage_lines() as on_stage:
            on_stage("drawing the figure")
            gradflow_figure.draw(found, out, replace)
