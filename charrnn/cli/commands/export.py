"""`charrnn export`."""

from pathlib import Path
from typing import Literal

import typer

from charrnn.cli.options import common

MAX_PAGE_MB = 50  # of a page that a phone opens


def export(
    run: common.RunArgument = common.NO_RUN,
    checkpoint: common.CheckpointOption = None,
    out: Path | None = common.out_option("FILE", "The file to write. Default: NAME-plain.safetensors, NAME.html."),
    to: Literal["plain", "torch", "charrnn", "onnx", "html"] = typer.Option(
        "plain",
        help="Names and layouts of the equations, or of PyTorch; weights alone that charrnn reads as a run; an ONNX graph; or a page to write with.",
        rich_help_panel=common.OUTPUT,
    ),
    half: bool = typer.Option(
        False,
        "--half",
        help="With --to charrnn: 16 bits for each weight, half the size.",
        rich_help_panel=common.OUTPUT,
    ),
    force: common.ForceOption = False,
) -> None:
    """Write a trained network's weights for other tools, to give them away, or as a page.

    Writes a safetensors file with the vocabulary and the configuration in its metadata. With --to charrnn it is a RUN
    for every command, which says nothing of where your files are. With --to html it is a web page, in one file that
    loads nothing, on which a visitor writes with the network.

        charrnn export runs/harbour
        charrnn export runs/harbour --to torch -o h.safetensors
        charrnn export runs/harbour --to charrnn --half
        charrnn export runs/harbour --to onnx
        charrnn export runs/harbour --to html
    """
    import json

    if half and to != "charrnn":
        raise typer.BadParameter("--half is for --to charrnn; give both")
    from charrnn.cli.output import console
    from charrnn.cli.output.files import confirm_overwrite
    from charrnn.cli.output.next_command import suggest, suggest_opening
    from charrnn.cli.progress.stage_lines import stage_lines
    from charrnn.models.export_names import default_file, require_file_name
    from charrnn.system.files.output_names import default_name

    path = out or default_file(default_name(run), to)
    require_file_name(path, to)
    replace = confirm_overwrite(path, force)
    with stage_lines():
        from charrnn import api

        loaded = api.export(run, path, to, checkpoint, replace, half)
    console.print_note(f"{loaded.note or loaded.path}, step {loaded.checkpoint.progress.step:,}")
    megabytes = path.stat().st_size / 1e6
    if to == "html" and megabytes > MAX_PAGE_MB:
        note = "a phone may not open it; a smaller model.hidden_size makes a smaller page"
        console.print_note(f"{path} has {megabytes:,.0f} MB: {note}")
    console.write_path(path)
    if to == "html":
        suggest_opening(path)
    elif to == "charrnn":
        suggest("write with it", "charrnn sample", path)
    else:
        from charrnn.models.export import FORMATS
        from charrnn.system.platform_features import PYTHON

        name = json.dumps(str(path), ensure_ascii=False)  # in double quotes: the shell's are single
        suggest("read it", f"{PYTHON} -c", FORMATS[to].read_with.format(name=name))
