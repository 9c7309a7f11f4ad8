"""`charrnn plot`."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from charrnn.cli.options import common, completion, run_argument, values
from charrnn.words import did_you_mean, plural

if TYPE_CHECKING:
    from charrnn.cli.plots.curves import Quantity

HISTORY = "run; name a run directory, or a file of events as charrnn train --json prints them"
IN_FIGURE, IN_TERMINAL = "loss,learning_rate,grad_norm", "loss"


def plot(
    runs: list[Path] = typer.Argument(
        None,
        metavar="[RUN]...",
        autocompletion=completion.own_runs,
        callback=run_argument.runs_or_newest,
        readable=False,
        help="Runs, or files written by train --json. None, in a terminal: the newest run.",
        show_default=False,
    ),
    x: Literal["steps", "epochs", "time"] = typer.Option(
        "steps", "--x", help="The horizontal axis.", rich_help_panel="What to draw"
    ),
    what: str | None = typer.Option(
        None,
        metavar="NAME,NAME,...",
        help=f"Of loss, bpc, grad_norm, clipped, learning_rate. Default: {IN_FIGURE}; in the terminal {IN_TERMINAL}.",
        rich_help_panel="What to draw",
    ),
    smooth: int | None = typer.Option(
        None,
        metavar="N",
        help="Draw means over N steps. Default: a hundredth of all.",
        rich_help_panel="What to draw",
        parser=values.whole(1),
    ),
    out: Path | None = common.out_option("FILE", "An .svg or .png file. Default: in the terminal."),
    force: common.ForceOption = False,
) -> None:
    """Draw the curves of trainings.

    Draws loss, bits per character, gradient norm and learning rate of one or several runs.

        charrnn plot runs/harbour
        charrnn plot runs/harbour runs/play -o curves.svg
    """
    from charrnn.cli.output import console
    from charrnn.cli.progress.stage_lines import stage_lines

    if force and not out:
        raise typer.BadParameter("--force needs --out; give both")
    if out:
        from charrnn.cli.output.files import confirm_overwrite

        with stage_lines():
            from charrnn.cli.plots.matplotlib_style import require_drawable

            require_drawable(out, "charrnn plot -o")
        replace = confirm_overwrite(out, force)
    with stage_lines() as on_stage:
        from charrnn import api
        from charrnn.cli.plots import curves

        quantities = _quantities((IN_FIGURE if out else IN_TERMINAL) if what is None else what)
        on_stage("reading the metrics")
        runs = [api.find_run(run, HISTORY, any_file=True) for run in runs]
        histories = [api.read_history(run) for run in runs]
    for run, history in zip(runs, histories, strict=True):
        if history.skipped:
            console.print_note(f"{run}: {plural(history.skipped, 'damaged line')} skipped")
    data = curves.plot_data(runs, histories, x, smooth)
    if out:
        with stage_lines() as on_stage:
            on_stage("drawing the figure")
            from charrnn.cli.plots.figure import write_figure

            write_figure(out, data, quantities, replace)
        console.write_path(out)
    else:
        from charrnn.cli.plots.terminal import show

        show(data, quantities)


def _quantities(names: str) -> "list[Quantity]":
    from charrnn.cli.plots.curves import QUANTITIES

    wanted = list(dict.fromkeys(names.split(",")))
    for name in wanted:
        if name not in QUANTITIES:
            raise typer.BadParameter(
                f"--what {name}: must be one or several of {', '.join(QUANTITIES)}, with commas between them"
                f"{did_you_mean(name, QUANTITIES)}"
            )
    return [QUANTITIES[name] for name in wanted]
