"""`charrnn sweep`."""

from pathlib import Path

import typer

from charrnn.cli.options import common, typed_text, values


def sweep(
    config: str = typer.Argument(
        ...,
        metavar="CONFIG",
        help="A recipe by name (that of train is `default`), or a YAML file.",
        show_default=False,
    ),
    text: list[str] | None = common.text_argument(
        "None: the built-in text.", "Files, folders, globs, or builtin:NAME."
    ),
    grid: list[str] | None = typer.Option(
        None,
        metavar="KEY=A,B,C",
        callback=typed_text.texts,
        help="Try these values of a configuration key; with --random also KEY=LOW..HIGH. Repeatable.",
    ),
    random: int | None = typer.Option(
        None,
        metavar="N",
        parser=values.whole(1),
        help="Draw N combinations at random, instead of trying all.",
        show_default=False,
    ),
    settings: common.SettingsOption = None,
    encoding: common.EncodingOption = None,
    out: Path | None = common.out_option(
        "DIR", "The sweep's directory; the same command continues it. Default: runs/NAME-sweep."
    ),
    jobs: int | None = typer.Option(
        None,
        metavar="J",
        parser=values.whole(1, 4096),
        help="How many trainings run at once. Default: one for each core.",
    ),
    steps: common.StepsOption = None,
    epochs: common.EpochsOption = None,
    duration: common.TimeOption = None,
    seed: int | None = typer.Option(
        None, metavar="N", parser=values.whole(), help="The seed of each training, and of --random."
    ),
    json: bool = typer.Option(False, "--json", help="Print the table as JSON on stdout."),
    quiet: common.QuietOption = False,
) -> None:
    """Train with every combination of some values, and print which was best.

    Each training is a process with its own run directory, here or, under mpiexec, on the other ranks. If one fails, the
    others go on. The exit code is then 1.
    """
    from charrnn.cli.sweep import mpi_pool
    from charrnn.cli.sweep.run_sweep import run_sweep
    from charrnn.sweeps import sweep
    from charrnn.sweeps.grid import parse_axes, trials

    with mpi_pool.worker_ranks() as team:
        common.require_one_end(steps, epochs, duration)
        if team and jobs is not None:
            raise typer.BadParameter("--jobs is for a single machine; under mpiexec each other rank runs one training")
        axes = parse_axes(grid or ())
        _require_varying([axis.key for axis in axes], steps or epochs or duration)
        seconds = common.seconds_of(duration)
        ends = common.settings_of(steps, epochs, seed)
        found = trials(axes, config, settings or (), ends, random, seed or 0, encoding or ())
        code = run_sweep(sweep.make(found, text or (), seconds), out, team, jobs, json, quiet)
    raise typer.Exit(code)


def _require_varying(keys: list[str], end: object) -> None:
    from charrnn.config.schema import END_KEYS

    if not keys:
        raise typer.BadParameter("nothing varies; add for example --grid training.learning_rate=1e-3,3e-3")
    twice = [key for key in END_KEYS if key in keys]
    if end is not None and twice:
        raise typer.BadParameter(
            f"--grid {twice[0]} already says how long to train; leave out --steps, --epochs and --time"
        )
