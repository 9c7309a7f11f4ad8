"""`charrnn write`."""

import secrets
import sys
from pathlib import Path

import typer

from charrnn.cli.exit_codes import FAILED
from charrnn.cli.options import common, typed_text, values

MAX_NEW_SEED = 1_000_000  # short enough to type
MAX_PROPOSALS = 9
LENGTH, LENGTH_OF_A_LINE = 60, 500
HOW = "How it proposes"


def write(
    run: common.RunArgument = common.NO_RUN,
    out: Path | None = common.out_option("FILE", "Save the text here as you go; an existing file is opened again."),
    prompt: str = typer.Option(
        "",
        "--prompt",
        "-p",
        metavar="TEXT",
        callback=typed_text.text,
        help="Begin a new text with this.",
        rich_help_panel=HOW,
    ),
    pick: int = typer.Option(
        1,
        help="List N proposals to choose from.",
        metavar="N",
        rich_help_panel=HOW,
        parser=values.whole(1, MAX_PROPOSALS),
    ),
    length: int | None = typer.Option(
        None,
        "--length",
        "-n",
        help="Characters of a proposal, at most. Default: 60, in a pipe 500.",
        metavar="N",
        rich_help_panel=HOW,
        parser=values.whole(1, 10_000),
    ),
    temperature: float = typer.Option(
        0.8,
        "--temperature",
        "-t",
        metavar="T",
        help="Below 1 safer, above 1 wilder; 0 always takes the likeliest.",
        rich_help_panel=HOW,
        parser=values.number(least=0, code=FAILED),
    ),
    top_p: float | None = typer.Option(
        None,
        metavar="P",
        help="Draw from the likeliest with probability P in all.",
        rich_help_panel=HOW,
        parser=values.number(above=0, most=1, code=FAILED),
    ),
    seed: int | None = typer.Option(
        None,
        help="The seed of the first proposal. Default: a new one.",
        metavar="N",
        rich_help_panel=HOW,
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

    has_terminal = bool(sys.stdin and sys.stdin.isatty() and sys.stderr.isatty())
    if has_terminal:
        _require_prompt_toolkit()
    elif pick > 1:
        raise typer.BadParameter("--pick needs a terminal to choose in; leave it out")
    with stage_lines():
        from charrnn import api
        from charrnn.cli.output import console
        from charrnn.cli.writing.lines import write_lines
        from charrnn.cli.writing.saved_text import SavedText
        from charrnn.cli.writing.writing_options import WritingOptions
        from charrnn.errors import OutputError
        from charrnn.generation.sampling import SamplingOptions
        from charrnn.generation.session import Session
        from charrnn.text.characters.escapes import unescape

        file = SavedText(out) if out else None
        sampling = SamplingOptions(temperature, top_p=top_p)
        first = secrets.randbelow(MAX_NEW_SEED) if seed is None else seed
        default = LENGTH if has_terminal else LENGTH_OF_A_LINE
        options = WritingOptions(first, sampling, length or default, pick)
        model = api.load(run, which=checkpoint)
        session = Session(model.generator(), (file.text if file else "") or unescape(prompt))
    console.print_note(f"{'; '.join(model.notes)}, seed {first}")
    if not has_terminal:
        write_lines(session, file, options)
        return
    from prompt_toolkit.output.defaults import create_output

    from charrnn.cli.writing.editor import Editor

    editor = Editor(session, file, options, output=create_output(sys.stderr))
    try:
        code = editor.run()
    except OutputError:
        sys.stdout.write(session.text)  # nothing is lost
        raise
    if file:
        console.write_path(file.path)
    elif session.text:
        console.write_text(session.text.rstrip("\n") + "\n")
    raise typer.Exit(code)


def _require_prompt_toolkit() -> None:
    from charrnn.errors import missing_library

    try:
        import prompt_toolkit  # noqa: F401 (it is here)
    except ImportError:
        raise missing_library("charrnn write", "prompt_toolkit") from None
