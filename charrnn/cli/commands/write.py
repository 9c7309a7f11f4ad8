"""`charrnn write`."""

import os
import secrets
import sys
from pathlib import Path

import typer

from charrnn.cli.options import common, values

MAX_NEW_SEED = 1_000_000  # short enough to type


def write(
    run: common.RunArgument = common.NO_RUN,
    out: Path | None = common.out_option("FILE", "Save the text here as you go; an existing file is opened again."),
    pick: int = typer.Option(
        1, help="List N proposals.", metavar="N", rich_help_panel="How", parser=values.whole(1, 9)
    ),
    temperature: common.TemperatureOption = 0.8,
    top_p: common.TopPOption = None,
    seed: int | None = typer.Option(
        None,
        help="The first proposal's. Default: a new one.",
        metavar="N",
        rich_help_panel="How",
        parser=values.whole(),
    ),
    checkpoint: common.CheckpointOption = None,
) -> None:
    """Write a text together with a trained network.

    Its proposal stands behind the cursor in grey: → or Tab takes a word, Enter a line, ↓ shows another, Esc hides it,
    Ctrl-Z undoes, Ctrl-Q ends. In a pipe, each line gets its continuation.

        charrnn write builtin:english -o story.txt
        charrnn write runs/harbour --pick 5
        echo "JUNE: Where is" | charrnn write runs/harbour
    """
    from charrnn.cli.progress.stage_lines import stage_lines

    has_terminal = bool(sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()) and os.environ.get("TERM") != "dumb"
    if pick > 1 and not has_terminal:
        raise typer.BadParameter("--pick needs a terminal to choose in; leave it out")
    with stage_lines():
        from charrnn import api
        from charrnn.cli.output import console
        from charrnn.cli.writing.pipe import write_lines
        from charrnn.cli.writing.saved_text import SavedText
        from charrnn.generation.sampling import SamplingOptions
        from charrnn.generation.session import Session
        from charrnn.system.optional_libraries import missing_library

        try:
            if has_terminal:
                from prompt_toolkit.output.defaults import create_output

                from charrnn.cli.writing.editor import Editor
        except ModuleNotFoundError:
            raise missing_library("charrnn write", "prompt_toolkit", "write") from None
        file = SavedText(out) if out else None
        options = SamplingOptions(temperature, top_p=top_p)
        first = secrets.randbelow(MAX_NEW_SEED) if seed is None else seed
        model = api.load(run, which=checkpoint)
        session = Session(model.generator(), file.text if file else "")
    console.print_note(f"{'; '.join(model.notes)}, seed {first}")
    if not has_terminal:
        write_lines(session, file, first, options)
        return
    try:
        code = Editor(session, file, first, options, pick, output=create_output(sys.stderr)).run()
    finally:  # whatever has happened, the text is where its writer finds it
        if session.text and file and file.text == session.text:
            console.write_path(file.path)
        elif session.text:
            console.write_text(session.text.removesuffix("\n") + "\n")
    raise typer.Exit(code)
