"""`charrnn train`."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import typer

from charrnn.cli.options import common


def train(
    text: list[str] | None = common.text_argument("None: the built-in text."),
    config: str | None = typer.Option(
        None,
        "--config",
        "-c",
        metavar="NAME|FILE",
        help="A recipe by name, or a YAML file. Default: the recipe `default`, sized for the text.",
        rich_help_panel=common.TEXT_AND_NETWORK,
    ),
    settings: common.SettingsOption = None,
    encoding: common.EncodingOption = None,
    out: Path | None = common.out_option(
        "DIR", "The run directory, new or empty. Default: runs/NAME.", group=common.WHERE
    ),
    steps: int | None = typer.Option(None, help="How many updates of the weights.", rich_help_panel=common.HOW_LONG),
    epochs: common.EpochsOption = None,
    duration: common.TimeOption = None,
    resume: Path | None = typer.Option(
        None,
        metavar="DIR",
        readable=False,
        help="Continue this run from its last checkpoint.",
        rich_help_panel=common.WHERE,
    ),
    base: Path | None = typer.Option(
        None,
        "--from",
        metavar="RUN",
        readable=False,
        help="Begin with the weights of this run.",
        rich_help_panel=common.TEXT_AND_NETWORK,
    ),
    seed: int | None = typer.Option(
        None, help="The same seed, the same run. Default: as configured.", rich_help_panel=common.TEXT_AND_NETWORK
    ),
    dry_run: bool = typer.Option(
        False,
        "--dry-run",
        help="Show the plan, and how long it would take here, and stop.",
        rich_help_panel=common.DISPLAY,
    ),
    tensorboard: bool = typer.Option(
        False,
        "--tensorboard",
        help="Also write files for TensorBoard.",
        rich_help_panel=common.DISPLAY,
    ),
    json: bool = typer.Option(
        False, "--json", help="Print every event as a line of JSON on stdout.", rich_help_panel=common.DISPLAY
    ),
    quiet: common.QuietOption = False,
) -> None:
    """Train a network on a text.

    Writes a run directory with checkpoints and metrics, and prints its path. Ctrl-C saves and stops; --resume
    continues.

        charrnn train play.txt                        # sizes follow its length
        charrnn train 'letters/*.txt' --time 10m      # for ten minutes
        charrnn train book.txt -c best -o runs/book   # with a recipe
        charrnn train --resume runs/book --epochs 40  # go on
    """
    from charrnn.cli.progress.stage_lines import stage_lines

    common.require_one_end(steps, epochs, duration)
    if resume is not None:
        given = {"--from": base, "--config": config, "--set": settings, "--out": out, "--seed": seed}
        _refuse_with_resume(given | {"--dry-run": dry_run or None})
        _require_positive(steps, epochs)
    with ExitStack() as held:
        with stage_lines(json, quiet, text or ()) as on_stage:
            from charrnn import api
            from charrnn.cli.distributed import communicator
            from charrnn.cli.progress import tensorboard as boards
            from charrnn.cli.progress.follow import train_to_end
            from charrnn.cli.reports.plan import measure_seconds, show_plan

            seconds = common.seconds_of(duration)
            if tensorboard:
                boards.require_library()
            ranks = held.enter_context(communicator())
            if out is not None:
                ranks.on_root(lambda: api.require_free(out))  # before a long text is read for it
            if resume is not None:
                run = api.resume(resume, text or (), steps, epochs, seconds, ranks, encoding or (), on_stage)
            else:
                options = common.settings_of(steps, epochs, seed)
                plan, resolved = api.prepare(
                    text or (), config, settings or (), options, base, seconds, ranks, encoding or (), on_stage
                )
                if dry_run:
                    takes = measure_seconds(plan, on_stage) if seconds is None else seconds
                else:
                    run = api.start(plan, out)
        if dry_run:
            if ranks.rank == 0:
                show_plan(plan, resolved, takes, json)
            return
        code = train_to_end(run, json, quiet, tensorboard, ranks)
    if code:
        raise typer.Exit(code)


def _refuse_with_resume(options: Mapping[str, object]) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise typer.BadParameter(
            f"{given[0]} cannot be combined with --resume, which takes only --steps, --epochs, --time, --encoding and a text"
        )


def _require_positive(steps: int | None, epochs: float | None) -> None:
    for name, value in (("--steps", steps), ("--epochs", epochs)):
        if value is not None and not value > 0:
            raise typer.BadParameter(f"{name} must be above 0; found {value}")
