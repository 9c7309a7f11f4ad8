"""`charrnn train`."""

from collections.abc import Mapping
from pathlib import Path

import typer

from charrnn.cli.options import common, values


def train(
    text: list[str] | None = common.text_argument("None: the built-in text."),
    config: str | None = typer.Option(
        None,
        "--config",
        "-c",
        metavar="NAME|FILE",
        help="A recipe by name, or a YAML file. Default: the recipe `default`, sized for the text.",
    ),
    settings: common.SettingsOption = None,
    encoding: common.EncodingOption = None,
    out: Path | None = common.out_option("DIR", "The run directory. It must be new or empty. Default: runs/NAME."),
    steps: common.StepsOption = None,
    epochs: common.EpochsOption = None,
    duration: common.TimeOption = None,
    resume: Path | None = typer.Option(
        None, metavar="DIR", readable=False, help="Continue this run from its last checkpoint."
    ),
    base: Path | None = typer.Option(
        None, "--from", metavar="RUN", readable=False, help="Start with the weights of this run, or of this checkpoint."
    ),
    seed: int | None = typer.Option(
        None, metavar="N", parser=values.whole(), help="The seed of every random number in the run."
    ),
    dry_run: bool = typer.Option(False, "--dry-run", help="Show the plan and stop."),
    tensorboard: bool = typer.Option(
        False, "--tensorboard", help="Also write files for TensorBoard into DIR/tensorboard."
    ),
    json: bool = typer.Option(False, "--json", help="Print every event as a line of JSON on stdout."),
    quiet: common.QuietOption = False,
) -> None:
    """Train a network on a text.

    Writes a run directory with checkpoints and metrics, and prints its path. Ctrl-C saves and stops; --resume
    continues.
    """
    from charrnn import api
    from charrnn.cli.distributed import communicator
    from charrnn.cli.progress import tensorboard as boards
    from charrnn.cli.progress.follow import train_to_end
    from charrnn.cli.reports.plan import show_plan

    common.require_one_end(steps, epochs, duration)
    if resume is not None:
        given = {"--from": base, "--config": config, "--set": settings, "--out": out, "--seed": seed}
        _refuse_with_resume(given | {"--dry-run": dry_run or None})
    seconds = common.seconds_of(duration)
    if tensorboard:
        boards.require_library()
    with communicator() as ranks:
        if out is not None:
            ranks.on_root(lambda: api.require_free(out))  # before a long text is read for it
        if resume is not None:
            run = api.resume(resume, text or (), steps, epochs, seconds, ranks, encoding or ())
        else:
            options = common.settings_of(steps, epochs, seed)
            plan, resolved = api.prepare(
                text or (), config, settings or (), options, base, seconds, ranks, encoding or ()
            )
            if dry_run:
                if ranks.rank == 0:
                    show_plan(plan, resolved, json)
                return
            run = api.start(plan, out)
        code = train_to_end(run, json, quiet, tensorboard, ranks)
    if code:
        raise typer.Exit(code)


def _refuse_with_resume(options: Mapping[str, object]) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise typer.BadParameter(
            f"{given[0]} cannot be combined with --resume, which takes only --steps, --epochs, --time, --encoding and a text"
        )
