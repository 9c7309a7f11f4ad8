"""`charrnn sweep`."""

from pathlib import Path
from typing import Annotated

import typer

from charrnn.cli.commands import typed_text
from charrnn.cli.commands.common_options import EncodingOption, SettingsOption, settings_of

ENDS = ("training.steps", "training.epochs")


def sweep(
    config: Annotated[
        str,
        typer.Argument(
            metavar="CONFIG",
            help="A shipped configuration by name (default: what train uses), or a YAML file.",
            show_default=False,
        ),
    ],
    text: Annotated[
        list[str] | None,
        typer.Argument(help="Files, folders, globs, or builtin:NAME. None: the built-in text.", show_default=False),
    ] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=A,B,C",
            callback=typed_text.texts,
            help="Values of a configuration key; with --random also KEY=LOW..HIGH. Repeatable.",
        ),
    ] = None,
    random: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Draw N points, in place of every combination.", show_default=False),
    ] = None,
    settings: SettingsOption = None,
    encoding: EncodingOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            readable=False,
            help="The sweep's directory; one that was begun by the same command goes on. Default: runs/NAME-sweep.",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            metavar="J", min=1, max=4096, help="Trainings side by side. Default: as many as there are cores for."
        ),
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Updates to make in each training.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the training split, in place of --steps.")] = None,
    duration: Annotated[
        str | None,
        typer.Option(
            "--time", metavar="DURATION", help="Let each training take so long, for example 10m, in place of --steps."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="The seed of each training, and of what --random draws.", show_default=False)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the table as JSON on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Tell nothing but errors.")] = False,
) -> None:
    """Train with every combination of some values, and tell which was best.

    Each training is a process with a run directory of its own, here or, under mpiexec, in the other ranks. One that fails does
    not stop the others; but the exit code is then 1, so that a script does not take a part for the whole.
    """
    from charrnn.cli.sweep import mpi_pool, run
    from charrnn.runs.time_budget import parse_duration
    from charrnn.sweeps import sweep
    from charrnn.sweeps.grid import parse_axes, trials

    with mpi_pool.worker_ranks() as team:
        if sum(end is not None for end in (steps, epochs, duration)) > 1:
            raise typer.BadParameter("give one of --steps, --epochs and --time")
        if team and jobs is not None:
            raise typer.BadParameter("--jobs is for this machine; under mpiexec there are as many as other ranks")
        axes = parse_axes(grid or ())
        _require_varying([axis.key for axis in axes], steps or epochs or duration)
        seconds = None if duration is None else parse_duration(duration)
        ends = settings_of(steps, epochs, seed)
        found = trials(axes, config, settings or (), ends, random, seed or 0, encoding or ())
        code = run.run(sweep.make(found, text or (), seconds), out, team, jobs, json, quiet)
    raise typer.Exit(code)


def _require_varying(keys: list[str], end: object) -> None:
    if not keys:
        raise typer.BadParameter("nothing varies; say what, for example --grid training.learning_rate=1e-3,3e-3")
    twice = [key for key in ENDS if key in keys]
    if end is not None and twice:
        raise typer.BadParameter(
            f"--grid {twice[0]} says how long to train already; leave out --steps, --epochs and --time"
        )
