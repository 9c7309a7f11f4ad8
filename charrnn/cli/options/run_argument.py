"""The argument RUN, where it may be left out: a terminal gets the newest run."""

import sys
from pathlib import Path

import typer


def run_or_newest(context: typer.Context, run: Path | None) -> Path | None:
    """RUN as given, or without one the newest run, which is printed on stderr. Raises TyperException in a pipe, where a
    script would get another run each time, and RunError if there is none.
    """
    if run is not None or context.resilient_parsing:
        return run
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        context.fail(_missing(context.command_path))
    from charrnn.cli.output.console import print_note
    from charrnn.cli.progress.stage_lines import stage_lines

    with stage_lines():
        from charrnn.runs.finding import newest_run

        newest = newest_run()
    print_note(f"the newest run: {newest}")
    return newest


def runs_or_newest(context: typer.Context, runs: list[Path] | None) -> list[Path]:
    """The same for a list of runs."""
    if runs or context.resilient_parsing:
        return list(runs or ())
    newest = run_or_newest(context, None)
    return [newest] if newest else []


def _missing(command: str) -> str:
    from charrnn.runs.finding import at_once, newest_names

    names = newest_names()
    line = f"Missing argument RUN; name one, for example: {command}"
    return f"{line} {names.split(', ')[0]}" if names else f"{line} runs/NAME{at_once()}"
