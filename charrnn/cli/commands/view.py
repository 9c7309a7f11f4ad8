"""`charrnn view`."""

from pathlib import Path

import typer

from charrnn.cli.options import common, values


def view(
    run: common.RunArgument,
    out: Path = common.out_option("FILE.html", "The page to write.", ...),
    text: list[str] | None = common.text_argument("None: the run's validation split."),
    length: int = typer.Option(
        50_000,
        metavar="N",
        parser=values.whole(1, 200_000),
        help="The most characters (bytes, for a byte model) to show.",
    ),
    units: int = typer.Option(
        24,
        metavar="N",
        parser=values.whole(1, 512),
        help="The number of units and gates in the page: those that follow the text's features best.",
    ),
    unit: str | None = typer.Option(
        None, metavar="I|NAME:I", help="Open with this unit: 17 (hidden unit of the top layer), z:17 (a gate), h_2:17."
    ),
    training_text: common.TrainingTextOption = None,
    encoding: common.EncodingOption = None,
    checkpoint: common.CheckpointOption = None,
    force: common.ForceOption = False,
) -> None:
    """Write a web page that shows a network reading a text.

    The colours are surprisal, or the values of a hidden unit or gate. The page is one file, and loads nothing.
    """
    from charrnn import api
    from charrnn.cli.output import console
    from charrnn.cli.output.files import confirm_overwrite
    from charrnn.cli.page import build

    replace = confirm_overwrite(out, force)
    encodings, own = common.encodings(encoding, text, both=False)
    model = api.load(run, which=checkpoint, text=training_text or (), encoding=own)
    build.write(model, run.resolve().name, text or (), encodings, out, replace, length, units, unit)
    console.write_path(out)
