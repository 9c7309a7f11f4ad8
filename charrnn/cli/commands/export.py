"""`charrnn export`."""

from pathlib import Path
from typing import Literal

import typer

from charrnn.cli.options import common


def export(
    run: common.RunArgument,
    out: Path = common.out_option("FILE", "The .safetensors file to write.", ...),
    to: Literal["plain", "torch"] = typer.Option(
        "plain",
        help="Names and layouts: plain, those of the equations; torch, those of PyTorch.",
        rich_help_panel=common.OUTPUT,
    ),
    checkpoint: common.CheckpointOption = None,
    force: common.ForceOption = False,
) -> None:
    """Write a trained network's weights for other tools.

    Writes a safetensors file with the vocabulary and the configuration in its metadata.
    """
    from charrnn import api
    from charrnn.cli.output import console
    from charrnn.cli.output.files import confirm_overwrite

    replace = confirm_overwrite(out, force)
    loaded = api.export(run, out, to, checkpoint, replace)
    console.print_note(f"{loaded.note or loaded.path}, step {loaded.checkpoint.progress.step:,}")
    console.write_path(out)
