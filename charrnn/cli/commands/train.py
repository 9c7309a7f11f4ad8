"""`charrnn train`."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import typer

from charrnn.cli.exit_codes import FAILED
from charrnn.cli.options import bare_resume, common, completion, values


def train(
    text: list[str] | None = common.text_argument("None: the built-in text."),
    config: str | None = typer.Option(
        None,
        "--config",
        "-c",
        metavar="NAME|FILE",
        autocompletion=completion.recipes,
        help="A recipe by name, or a YAML file. Default: the recipe `default`, sized for the text.",
        rich_help_panel=common.TEXT_AND_NETWORK,
    ),
    settings: common.SettingsOption = None,
    encoding: common.EncodingOption = None,
    out: Path | None = common.out_option(
        "DIR", "The run directory, new or empty. Default: runs/NAME.", group=common.WHERE
    ),
    steps: common.StepsOption = None,
    epochs: common.EpochsOption = None,
    duration: common.TimeOption = None,
    resume: str | None = typer.Option(
        None,
        metavar="[RUN]|auto",
        autocompletion=completion.own_runs,
        help="Go on with this run; without RUN, with the newest unfinished one. auto: begin, or go on if the run is there.",
        rich_help_panel=common.WHERE,
    ),
    base: Path | None = typer.Option(
        None,
        "--from",
        metavar="RUN",
        autocompletion=completion.runs,
        readable=False,
        help="Begin with the weights of this run, or of builtin:english.",
        rich_help_panel=common.TEXT_AND_NETWORK,
    ),
    seed: int | None = typer.Option(
        None,
        help="The same seed, the same run. Default: as configured.",
        rich_help_panel=common.TEXT_AND_NETWORK,
        metavar="N",
        parser=values.whole(code=FAILED),
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
        _refuse_with_resume(({} if resume == bare_resume.AUTO else given) | {"--dry-run": dry_run or None})
    takes = None
    with ExitStack() as held:
        with stage_lines(json, quiet, text or ()) as on_stage:
            from charrnn import api
            from charrnn.cli.distributed import communicator
            from charrnn.cli.output.console import print_note, write_path
            from charrnn.cli.progress import tensorboard as boards
            from charrnn.cli.progress.follow import train_to_end
            from charrnn.cli.reports.plan import measure_seconds, show_plan
            from charrnn.cli.resumption import Resumption, choose

            seconds = common.seconds_of(duration)
            if tensorboard:
                boards.require_library()
            ranks = held.enter_context(communicator())
            asked = settings or (), common.settings_of(steps, epochs, seed), base
            chosen = choose(
                resume,
                Resumption(text or [], steps, epochs, seconds, out),
                ranks,
                lambda run: api.agree_with_run(run, config, *asked, encoding or ()),
            )
            if chosen.run is None:
                if out is not None:
                    ranks.on_root(lambda: api.require_free(out))  # before a long text is read for it
                hint = not (json or quiet)
                plan, resolved = api.prepare(
                    chosen.sources, config, *asked, seconds, ranks, encoding or (), on_stage, hint
                )
                if dry_run:
                    takes = measure_seconds(plan, on_stage) if seconds is None else seconds
                else:
                    run = api.start(plan, chosen.out)
            elif not chosen.finished:
                end = chosen.steps, chosen.epochs, chosen.seconds
                run = api.resume(chosen.run, chosen.sources, *end, ranks, encoding or (), on_stage)
        if dry_run:
            if ranks.rank == 0:
                show_plan(plan, resolved, takes, json)
            return
        if chosen.note and not quiet and ranks.rank == 0:
            print_note(chosen.note)
        if chosen.run and chosen.finished:
            if ranks.rank == 0 and not json:
                write_path(chosen.run)
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
