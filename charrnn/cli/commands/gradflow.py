"""`charrnn gradflow`."""

from pathlib import Path

import typer

from charrnn.cli.options import common, values


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
        metavar="N",
        parser=values.whole(1, 10_000),
        help="The largest lag, in characters (bytes, for a byte model).",
    ),
    positions: int = typer.Option(
        8, metavar="N", parser=values.whole(1, 1_000), help="The number of places of the text to start from."
    ),
    out: Path | None = common.out_option("FILE", "Draw the figure into this .svg or .png file."),
    force: common.ForceOption = False,
    training_text: list[str] | None = typer.Option(
        None,
        "--text",
        metavar="TEXT",
        help="Without RUN: the text whose validation split the fresh network reads. Default: the built-in one. "
        "With RUN: new location of its training text, if it moved. Repeatable.",
    ),
    encoding: common.EncodingOption = None,
    checkpoint: common.CheckpointOption = None,
    json: common.JsonOption = False,
) -> None:
    """Measure how far back gradients reach in a network: what it can learn to remember.

    Prints the norms of the products of Jacobians by lag, the memory horizon, saturated units, the spectrum of W_hh with
    Pascanu's conditions, the Lyapunov exponent, and what truncated backpropagation leaves out.
    """
    from charrnn import api
    from charrnn.cli.plots import gradflow_figure
    from charrnn.cli.plots.matplotlib_style import require_writable
    from charrnn.cli.reports import gradflow
    from charrnn.config.resolve import resolve

    if run is not None and (config or settings):
        raise typer.BadParameter("RUN has its own configuration; leave out --config and --set")
    if force and out is None:
        raise typer.BadParameter("--force needs --out; give both")
    if out is not None:
        replace = require_writable(out, force, "charrnn gradflow -o")
    moved = training_text or ()
    if run is None:
        settled = resolve(config, settings or ()).config
        found = api.gradflow(None, moved, settled, lags, positions, encoding=encoding or ())
    else:
        found = api.gradflow(run, text or (), None, lags, positions, checkpoint, moved, encoding or ())
    gradflow.print_text_notes(found, positions)
    gradflow.show(found, json)
    if out is not None:
        gradflow_figure.draw(found, out, replace)
