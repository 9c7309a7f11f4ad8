"""`charrnn plot`."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from charrnn.cli.options import common, values
from charrnn.words import did_you_mean, plural

if TYPE_CHECKING:
    from charrnn.cli.plots.curves import Quantity

IN_FIGURE, IN_TERMINAL = "loss,learning_rate,grad_norm", "loss"


def plot(
    runs: list[Path] = typer.Argument(
        ...,
        metavar="RUN...",
        readable=False,
        help="Run directories, or files with the output of train --json.",
        show_default=False,
    ),
    out: Path | None = common.out_option(
        "FILE", "Draw the figure into this .svg or .png file. Default: curves in the terminal."
    ),
    x: Literal["steps", "epochs", "time"] = typer.Option("steps", "--x", help="The horizontal axis."),
    what: str | None = typer.Option(
        None,
        metavar="NAME,NAME,...",
        help=f"What to draw: loss, bpc, grad_norm, clipped, learning_rate. Default: {IN_FIGURE}; in the terminal {IN_TERMINAL}.",
    ),
    smooth: int | None = typer.Option(
        None,
        metavar="N",
        parser=values.whole(1),
        help="Draw means over N steps. Default: a hundredth of the longest run.",
    ),
    force: common.ForceOption = False,
) -> None:
    """Draw the curves of trainings.

    Draws loss, bits per character, gradient norm and learning rate of one or several runs, with their evaluations.
    """
    from charrnn import api
    from charrnn.cli.output import console
    from charrnn.cli.plots import curves

    if force and not out:
        raise typer.BadParameter("--force needs --out; give both")
    quantities = _quantities((IN_FIGURE if out else IN_TERMINAL) if what is None else what)
    if out:
        from charrnn.cli.plots.matplotlib_style import require_writable

        replace = require_writable(out, force, "charrnn plot -o")
    histories = [api.read_history(run) for run in runs]
    for run, history in zip(runs, histories, strict=True):
        if history.skipped:
            console.print_note(f"{run}: {plural(history.skipped, 'damaged line')} skipped")
    data = curves.plot_data(runs, histories, x, smooth)
    if out:
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
