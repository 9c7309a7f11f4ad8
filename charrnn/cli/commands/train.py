"""`charrnn train`."""

from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charrnn.cli.commands.common_options import EncodingOption, SettingsOption, settings_of
from charrnn.cli.exit_codes import UNREAD

if TYPE_CHECKING:
    from charrnn.runs.run import Run
    from charrnn.training.parallel.communicator import Communicator


def train(
    text: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files, folders, globs, - for standard input, or builtin:NAME. None: the built-in text.",
            show_default=False,
        ),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(
            "--config",
            "-c",
            metavar="NAME|FILE",
            help="A shipped configuration by name, or a YAML file. Default: default, sized for the text.",
        ),
    ] = None,
    settings: SettingsOption = None,
    encoding: EncodingOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="DIR", readable=False, help="The run directory to make. Default: runs/NAME."
        ),
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Updates to make in all.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the training split, in place of --steps.")] = None,
    duration: Annotated[
        str | None,
        typer.Option(
            "--time", metavar="DURATION", help="Train for so long, for example 140s, 10m or 1h30m, in place of --steps."
        ),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="DIR", readable=False, help="Go on with this run from its last checkpoint.")
    ] = None,
    base: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="RUN", readable=False, help="Begin with the weights of this run, or of this checkpoint."
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The seed of every random number in the run.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")] = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write what TensorBoard shows, too: files in DIR/tensorboard.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print every event as a line of JSON on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Tell nothing but errors.")] = False,
) -> None:
    """Train a network on a text.

    Writes a run directory with checkpoints and metrics, and prints its path. Ctrl-C saves and stops; --resume goes on.
    """
    from charrnn import api
    from charrnn.cli.distributed import communicator
    from charrnn.cli.progress import tensorboard as boards
    from charrnn.cli.reports.plan import show_plan
    from charrnn.config.resolve import DEFAULT, resolve, with_encodings
    from charrnn.runs.time_budget import parse_duration

    if sum(end is not None for end in (steps, epochs, duration)) > 1:
        raise typer.BadParameter("give one of --steps, --epochs and --time")
    if resume is not None:
        _refuse_with_resume(
            {
                "--from": base,
                "--config": config,
                "--set": settings,
                "--out": out,
                "--seed": seed,
                "--dry-run": dry_run or None,
            }
        )
        _require_positive(steps, epochs)
    if tensorboard:
        boards.require_library()
    seconds = None if duration is None else parse_duration(duration)
    with communicator() as ranks:
        if out is not None:
            ranks.on_root(lambda: api.require_free(out))  # before a long text is read for it
        if resume is not None:
            run = api.resume(resume, text or (), steps, epochs, seconds, ranks, encoding or ())
        else:
            begun = ranks.on_every_rank(lambda: api.load_base(base)) if base else None
            settled = begun.settings if begun else None
            options = settings_of(steps, epochs, seed)
            resolved = ranks.on_every_rank(
                lambda: with_encodings(resolve(config or DEFAULT, settings or (), options, settled), encoding or ())
            )
            plan = api.plan(text or (), resolved.config, seconds, begun, ranks)
            del begun  # its weights are the plan's now, and large
            if dry_run:
                if ranks.rank == 0:
                    show_plan(plan, resolved, json)
                return
            run = api.start(plan, out)
        _follow(run, json, quiet, tensorboard, ranks)


def _follow(run: "Run", json: bool, quiet: bool, tensorboard: bool, ranks: "Communicator") -> None:
    """Train to the end; of several ranks the first tells of it."""
    from charrnn.cli.distributed import resume_hint_if_killed
    from charrnn.cli.progress import tensorboard as boards
    from charrnn.cli.progress.follow import follow
    from charrnn.system import signals

    tells = ranks.rank == 0
    unit = run.plan.config.data.unit
    tensorboard_log = boards.open_board(run.folder, unit) if tensorboard and tells else nullcontext()
    with resume_hint_if_killed(ranks, run.path), signals.graceful_stop() as stop, tensorboard_log as board:
        finished = follow(run, stop.requested, json and tells, quiet or not tells, [board] if board else [])
    code = max(ranks.all_gather(stop.exit_code))  # of a signal, whichever rank got it
    if finished.reason != "stopped":
        _print(run.path, json or not tells)
        return
    if code:
        with suppress(OSError):  # the terminal may be gone
            _print(run.path, json or not tells)
    raise typer.Exit(code or UNREAD)


def _print(path: Path, json: bool) -> None:
    from charrnn.cli.output.console import write_path

    if not json:
        write_path(path)


def _refuse_with_resume(options: dict[str, object]) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise typer.BadParameter(
            f"--resume goes on with the run's own configuration, so {given[0]} has no place beside it; only --steps, --epochs, --time, the text and --encoding may be given"
        )


def _require_positive(steps: int | None, epochs: float | None) -> None:
    for name, value in (("--steps", steps), ("--epochs", epochs)):
        if value is not None and not value > 0:
            raise typer.BadParameter(f"{name} must be above 0; found {value}")
