"""`charrnn gradflow`."""

from pathlib import Path

import typer

from charrnn.cli.options import common, completion, values


def gradflow(
    run: Path | None = typer.Argument(
        None,
        metavar="[RUN]",
        autocompletion=completion.runs,
        readable=False,
        help="A run directory, or a .safetensors checkpoint. None: a fresh network.",
        show_default=False,
    ),
    text: list[str] | None = common.text_argument("None: the run's validation split."),
    config: common.ConfigOption = None,
    settings: common.SettingsOption = None,
    lags: int = typer.Option(
        200,
        help="How many characters back to look.",
        rich_help_panel="What to measure",
        metavar="N",
        parser=values.whole(1, 10_000),
    ),
    positions: int = typer.Option(
        8,
        help="From how many places of the text.",
        rich_help_panel="What to measure",
        metavar="N",
        parser=values.whole(1, 1_000),
    ),
    out: Path | None = common.out_option("FILE", "Draw it into an .svg or .png file."),
    force: common.ForceOption = False,
    training_text: list[str] | None = typer.Option(
        None,
        "--text",
        metavar="TEXT",
        help="Where the training text is now; without RUN, a text to read. Repeatable.",
        rich_help_panel=common.TEXT_AND_NETWORK,
    ),
    encoding: common.EncodingOption = None,
    checkpoint: common.CheckpointOption = None,
    json: common.JsonOption = False,
) -> None:
    """Measure how far back gradients reach: what can be remembered.

    Prints the norms of the products of Jacobians by lag, the memory horizon, saturated units, the spectrum of W_hh with
    Pascanu's conditions, the Lyapunov exponent, and what truncated backpropagation leaves out.

        charrnn gradflow runs/harbour
        charrnn gradflow -s model.cell=lstm --lags 100 -o flow.svg
    """
    from charrnn.cli.progress.stage_lines import stage_lines

    if run is not None and (config or settings):
        raise typer.BadParameter("RUN has its own configuration; leave out --config and --set")
    if force and out is None:
        raise typer.BadParameter("--force needs --out; give both")
    if out is not None:
        from charrnn.cli.output.files import confirm_overwrite

        with stage_lines(json):
            from charrnn.cli.plots.matplotlib_style import require_drawable

            require_drawable(out, "charrnn gradflow -o")
        replace = confirm_overwrite(out, force)
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
