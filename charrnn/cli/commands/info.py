"""`charrnn info`."""

from pathlib import Path

import typer

from charrnn.cli.options import common, completion


def info(
    run: Path | None = typer.Argument(
        None,
        metavar="[RUN]",
        autocompletion=completion.runs,
        readable=False,
        help="A run in runs/ by name, a run directory, a .safetensors checkpoint, or builtin:english. None: this machine.",
        show_default=False,
    ),
    json: common.JsonOption = False,
) -> None:
    """Show what a run or a checkpoint is, or what this machine is.

    Of a run: how far it came and how good it is, its network, vocabulary, text and versions, its files, and where its
    configuration differs from a recipe. Without a run: what a report of a fault needs, charrnn, Python, libraries,
    processor and terminal. Nothing is changed.

        charrnn info runs/harbour
        charrnn info runs/harbour/best.safetensors
        charrnn info                               # to paste into a report of a fault
    """
    from charrnn.cli.progress.stage_lines import stage_lines

    if run is None:
        with stage_lines(json):
            from charrnn.cli.reports import machine
        machine.show(json)
        return
    with stage_lines(json):
        from charrnn.cli.reports import info as report
        from charrnn.runs.run_info import describe_run

        found = describe_run(run)
    report.show(found, json)
