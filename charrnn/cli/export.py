"""`charrnn export`."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def export(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", readable=False, help="A run directory, or a .safetensors checkpoint.", show_default=False
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="FILE", readable=False, help="The .safetensors file to write.", show_default=False
        ),
    ],
    to: Annotated[
        Literal["plain", "torch"],
        typer.Option(help="plain: the names of the equations; torch: PyTorch's names and layouts."),
    ] = "plain",
    checkpoint: Annotated[
        Literal["best", "last"] | None,
        typer.Option(help="Which checkpoint of a run directory. Default: best, or last where there is no best."),
    ] = None,
) -> None:
    """Write a trained network's weights for other tools.

    The file is safetensors; vocabulary and configuration are in its metadata.
    """
    from charrnn import api
    from charrnn.cli import display

    loaded = api.export(run, out, to, checkpoint)
    display.tell(f"{loaded.note or loaded.path}, step {loaded.checkpoint.progress.step:,}")
    typer.echo(out)
