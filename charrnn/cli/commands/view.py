"""`charrnn view`."""

from pathlib import Path

import typer

from charrnn.cli.options import common, texts_given, values


def view(
    run: common.RunArgument = common.NO_RUN,
    text: list[str] | None = common.text_argument("None: the run's validation split."),
    length: int = typer.Option(
        50_000,
        help="The most characters to show.",
        rich_help_panel="What to show",
        metavar="N",
        parser=values.whole(1, 200_000),
    ),
    units: int = typer.Option(
        24,
        help="How many units and gates, those that follow the text best.",
        rich_help_panel="What to show",
        metavar="N",
        parser=values.whole(1, 512),
    ),
    unit: str | None = typer.Option(
        None,
        metavar="I|NAME:I",
        help="Begin with this unit: 17, or of a gate or a layer: z:17, h_2:17.",
        rich_help_panel="What to show",
    ),
    training_text: common.TrainingTextOption = None,
    encoding: common.EncodingOption = None,
    checkpoint: common.CheckpointOption = None,
    out: Path | None = common.out_option("FILE", "The .html file to write. Default: NAME.html."),
    force: common.ForceOption = False,
) -> None:
    """Write a web page that shows a network reading a text.

    The colours are surprisal, or the values of a hidden unit or gate. The page is one file, and loads nothing.

        charrnn view runs/harbour
        charrnn view runs/harbour letter.txt -o letter.html
    """
    from charrnn.cli.output import console
    from charrnn.cli.output.files import confirm_overwrite
    from charrnn.cli.output.next_command import suggest_opening
    from charrnn.cli.progress.stage_lines import stage_lines
    from charrnn.system.files.output_names import default_name, require_ending

    path = out or Path(f"{default_name(run)}.html")
    require_ending(path, (".html", ".htm"), "view writes an HTML page")
    replace = confirm_overwrite(path, force)
    with stage_lines(sources=[*(text or ()), *(training_text or ())]) as on_stage:
        texts_given.check(run, text or (), "charrnn view")
        from charrnn import api
        from charrnn.cli.page import build

        encodings, own = common.encodings(encoding, text, both=False)
        model = api.load(run, which=checkpoint, text=training_text or (), encoding=own, on_stage=on_stage)
        notes = build.write(model, run.resolve().name, text or (), encodings, path, replace, length, units, unit)
    console.print_note(*notes)
    console.write_path(path)
    suggest_opening(path)
