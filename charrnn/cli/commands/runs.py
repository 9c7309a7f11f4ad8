"""`charrnn runs`."""

from pathlib import Path

import typer

from charrnn.cli.options import common


def runs(
    folder: Path | None = typer.Argument(
        None, metavar="[DIR]", help="The folder of the runs. Default: runs.", readable=False, show_default=False
    ),
    json: common.JsonOption = False,
) -> None:
    """List the runs in a folder, the newest first.

    Shows text, network, steps, the best loss beside that of an n-gram, and whether a run is running, stopped, finished
    or diverged. Runs of a sweep are listed too. Nothing is changed.

        charrnn runs
        charrnn runs runs/harbour-sweep
    """
    from charrnn.cli.progress.stage_lines import stage_lines

    with stage_lines(json):
        from charrnn.cli.reports import runs as report
        from charrnn.errors import RunError
        from charrnn.package import shipped_model
        from charrnn.runs.catalogue import list_runs
        from charrnn.runs.finding import RUNS
        from charrnn.system.shell import shell_command

        place = folder or Path(RUNS)
        if place.is_file() or shipped_model(place):
            raise RunError(
                f"{place}: a file, not a folder of runs; for a checkpoint type: {shell_command('charrnn info', place)}"
            )
        if folder and not folder.exists():
            raise RunError(f"{folder}: no such folder; to begin a run type: charrnn train TEXT")
        found = list_runs(place)
    report.show(found, place, json)
