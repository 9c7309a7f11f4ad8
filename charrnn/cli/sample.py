"""`charrnn sample`."""

import os
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Literal

import typer

LONGEST_PROMPT = 1 << 24  # bytes


def sample(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", readable=False, help="A run directory, or a .safetensors checkpoint.", show_default=False
        ),
    ],
    prompt: Annotated[
        str, typer.Option("--prompt", "-p", metavar="TEXT", help="The text to go on from; it is printed first.")
    ] = "",
    prompt_file: Annotated[
        str | None,
        typer.Option("--prompt-file", metavar="FILE", help="Read the prompt from a file; - is standard input."),
    ] = None,
    length: Annotated[
        int,
        typer.Option(
            "--length",
            "-n",
            min=0,
            help="Characters to write (bytes, for a byte model), at most, where documents end; 0: without end, or to a document's.",
        ),
    ] = 500,
    temperature: Annotated[
        float, typer.Option("--temperature", "-t", help="Below 1 safer, above 1 wilder; 0 always takes the likeliest.")
    ] = 0.8,
    top_k: Annotated[
        int | None, typer.Option("--top-k", metavar="K", help="Choose among the K likeliest characters only.")
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option(
            "--top-p", metavar="P", help="Choose among the likeliest characters that together have probability P."
        ),
    ] = None,
    min_p: Annotated[
        float | None,
        typer.Option(
            "--min-p", metavar="P", help="Choose among the characters at least P times as likely as the likeliest."
        ),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            metavar="CHARS",
            help="Write these characters alone, or a class: letters, lowercase, uppercase, digits, space, ascii.",
        ),
    ] = None,
    stop: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT", help="End where this text would come; it is not printed. Repeatable.", show_default=False
        ),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Samples to draw side by side, with seeds SEED, SEED + 1, ...")] = 1,
    seed: Annotated[
        int | None, typer.Option(min=0, help="The same seed gives the same text. Default: a new one, told on stderr.")
    ] = None,
    checkpoint: Annotated[
        Literal["best", "last"] | None,
        typer.Option(help="Which checkpoint of a run directory. Default: best, or last where there is no best."),
    ] = None,
    stream: Annotated[
        bool, typer.Option("--stream/--no-stream", help="Print each character as it is drawn, or all at the end.")
    ] = True,
    json: Annotated[
        bool, typer.Option("--json", help="Print a list of {text, seed, finish, log_probability} as JSON.")
    ] = False,
) -> None:
    """Write text with a trained network.

    The text goes to stdout, everything else to stderr.
    """
    from charrnn import api
    from charrnn.cli import display
    from charrnn.generation.sampling import Options

    options = Options(temperature, top_k, top_p, min_p)
    generator, loaded = api.sample(run, checkpoint, only)
    if length == 0 and (json or count > 1) and loaded.checkpoint.vocabulary.end_id is None:
        raise typer.BadParameter("--length 0 writes without end: one text alone, and not as JSON")
    prompt, stops = _prompt(prompt, prompt_file), stop or []
    first = display.new_seed() if seed is None else seed
    if count == 1 and not json:
        text = generator.generate(prompt, length, options, first, stops)
        display.tell(f"{loaded.note or loaded.path}, seed {first}")
        display.show_sample(prompt, text, stream)
        return
    samples = generator.generate_many(prompt, length, options, range(first, first + count), stops, scored=json)
    display.tell(f"{loaded.note or loaded.path}, seed {first}")
    display.show_samples(samples, prompt, json)


def _prompt(prompt: str, file: str | None) -> str:
    from charrnn.errors import SamplingError
    from charrnn.text.source import standard_input

    if file is None:  # under a locale that is not UTF-8, Python hands over what it could not decode as surrogates
        return prompt if not _undecoded(prompt) else os.fsencode(prompt).decode("utf-8", "replace")
    if prompt:
        raise typer.BadParameter("give --prompt or --prompt-file, not both")
    try:
        with nullcontext(standard_input()) if file == "-" else open(file, "rb") as given:
            content = given.read(LONGEST_PROMPT + 1)
        if len(content) > LONGEST_PROMPT:
            raise SamplingError(f"--prompt-file {file}: longer than {LONGEST_PROMPT:,} bytes")
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise SamplingError(f"--prompt-file {file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise SamplingError(f"--prompt-file {file}: byte {error.start} is not UTF-8") from None


def _undecoded(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
