"""`charrnn sweep`."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import typer

from charrnn.cli.exit_codes import FAILED
from charrnn.cli.options import common, completion, sweep_words, typed_text, values
from charrnn.system.shell import shell_word


def sweep(
    words: list[str] | None = typer.Argument(
        None,
        metavar="[CONFIG] [TEXT]...",
        help="A recipe by name or a YAML file, unless -c names one; files, folders, globs, or builtin:NAME. "
        "None: the built-in text.",
        show_default=False,
    ),
    config: common.ConfigOption = None,
    grid: list[str] | None = typer.Option(
        None,
        metavar="KEY=A,B,C",
        autocompletion=completion.settings,
        callback=typed_text.texts,
        help="Try these values of a key; with --random also KEY=LOW..HIGH. Repeatable.",
        rich_help_panel="What to try",
    ),
    random: int | None = typer.Option(
        None,
        metavar="N",
        help="Draw N combinations at random, instead of all.",
        show_default=False,
        rich_help_panel="What to try",
        parser=values.whole(1),
    ),
    settings: common.SettingsOption = None,
    encoding: common.EncodingOption = None,
    out: Path | None = common.out_option(
        "DIR",
        "The sweep's directory. Default: runs/NAME-sweep.",
        group=common.WHERE,
    ),
    jobs: int | None = typer.Option(
        None,
        metavar="J",
        help="How many trainings run at once. Default: one for each core.",
        rich_help_panel=common.HOW_LONG,
        parser=values.whole(1, 4096),
    ),
    steps: common.StepsOption = None,
    epochs: common.EpochsOption = None,
    duration: common.TimeOption = None,
    seed: int | None = typer.Option(
        None,
        help="The seed of each training, and of --random.",
        rich_help_panel="What to try",
        metavar="N",
        parser=values.whole(code=FAILED),
    ),
    json: bool = typer.Option(
        False, "--json", help="Print the table as JSON on stdout.", rich_help_panel=common.DISPLAY
    ),
    quiet: common.QuietOption = False,
) -> None:
    """Train with each combination of some values, and print the best.

    Each training has its own run directory. The same command continues a sweep. If one training fails, the others go
    on, and the exit code is 1.

        charrnn sweep quick --grid model.cell=rnn,gru --steps 300
        charrnn sweep best play.txt --grid model.dropout=0.2,0.4
        charrnn sweep quick --grid training.seed=0..99 --random 5
    """
    from charrnn.cli.progress.stage_lines import stage_lines

    with ExitStack() as held:
        with stage_lines(json, quiet) as on_stage:
            from charrnn.cli.sweep import mpi_pool
            from charrnn.cli.sweep.run_sweep import run_sweep
            from charrnn.config.resolve import DEFAULT
            from charrnn.sweeps import sweep
            from charrnn.sweeps.grid import parse_axes, trials

            team = held.enter_context(mpi_pool.worker_ranks())
            common.require_one_end(steps, epochs, duration)
            if team and jobs is not None:
                raise typer.BadParameter(
                    "--jobs is for a single machine; under mpiexec each other rank runs one training"
                )
            axes = parse_axes(grid or ())
            _require_varying([axis.key for axis in axes], settings or (), steps or epochs or duration)
            seconds = common.seconds_of(duration)
            ends = common.settings_of(steps, epochs, seed)
            config, text = sweep_words.split_words(config, words or ())
            found = trials(axes, config or DEFAULT, settings or (), ends, random, seed or 0, encoding or ())
            made = sweep.make(found, text, seconds, on_stage)
        code = run_sweep(made, out, team, jobs, json, quiet)
    raise typer.Exit(code)


def _require_varying(keys: list[str], settings: Sequence[str], end: object) -> None:
    from charrnn.config.schema import END_KEYS

    if not keys:
        if several := [each for each in settings if "," in each and "[" not in each]:  # -s KEY=A,B
            raise typer.BadParameter(f"nothing varies; did you mean --grid {shell_word(several[0])}?")
        raise typer.BadParameter("nothing varies; add for example --grid training.learning_rate=1e-3,3e-3")
    twice = [key for key in END_KEYS if key in keys]
    if end is not None and twice:
        raise typer.BadParameter(
            f"--grid {twice[0]} already says how long to train; leave out --steps, --epochs and --time"
        )
