"""Options that several commands have, and what they mean together.

Each is a type with its option; one that a single command has is the default of its parameter there.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from charrnn.cli.options import typed_text, values

if TYPE_CHECKING:
    from charrnn.models.model import Model
    from charrnn.text.reading.encodings import Encodings

MAX_STEPS, MAX_EPOCHS = 10**15, 1e6  # as in the configuration, which is too slow to import for --help
NO_TRAINING = "to see the plan without a training: --dry-run"


def text_argument(default: str, sources: str = "Files, folders, globs, - for standard input, or builtin:NAME.") -> Any:
    """The argument TEXT; `default` says what a command reads without one."""
    return typer.Argument(None, help=f"{sources} {default}", show_default=False)


def out_option(metavar: str, help: str, default: Any = None) -> Any:
    """The option --out, for a file or a directory. With `...` as its default it must be given."""
    return typer.Option(default, "--out", "-o", metavar=metavar, readable=False, help=help, show_default=False)


ConfigOption = Annotated[
    str | None,
    typer.Option("--config", "-c", metavar="NAME|FILE", help="A recipe by name, or a YAML file."),
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        metavar="KEY=VALUE",
        callback=typed_text.texts,
        help="Set one configuration key, for example model.hidden_size=128. Repeatable.",
    ),
]
RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", readable=False, help="A run directory, or a .safetensors checkpoint.")
]
CheckpointOption = Annotated[
    Literal["best", "last"] | None,
    typer.Option(help="Which checkpoint of a run directory. Default: best, or last if there is no best."),
]
WithOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--with", metavar="RUN2", readable=False, help="Mix in another run with the same vocabulary. Repeatable."
    ),
]
NgramOption = Annotated[
    bool, typer.Option("--ngram", help="Mix in an n-gram (Kneser-Ney) counted on the training split.")
]
WeightsOption = Annotated[
    str | None,
    typer.Option(
        metavar="W,W,...",
        help="The weights of RUN, each --with and --ngram, in this order. Default: fitted on the validation split.",
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace the file of --out if it exists.")]
TrainingTextOption = Annotated[
    list[str] | None,
    typer.Option("--text", metavar="TEXT", help="New location of the training text, if it moved. Repeatable."),
]
EncodingOption = Annotated[
    list[str] | None,
    typer.Option(
        "--encoding",
        metavar="NAME|FILE=NAME",
        help="The encoding of the texts, or of one file, for example notes.txt=cp1252. Repeatable. "
        "Default: what the byte order mark says, or UTF-8.",
    ),
]
StepsOption = Annotated[
    int | None,
    typer.Option(
        "--steps",
        metavar="N",
        parser=values.whole(1, MAX_STEPS, NO_TRAINING),
        help="The total number of updates.",
    ),
]
EpochsOption = Annotated[
    float | None,
    typer.Option(
        "--epochs",
        metavar="X",
        parser=values.number(above=0, most=MAX_EPOCHS),
        help="Passes over the training split, instead of --steps.",
    ),
]
TimeOption = Annotated[
    str | None,
    typer.Option(
        "--time", metavar="DURATION", help="Train for this long, for example 140s, 10m or 1h30m, instead of --steps."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]


def load(
    run: Path,
    others: Sequence[Path] | None,
    ngram: bool,
    weights: str | None,
    training_text: Sequence[str] | None,
    checkpoint: str | None,
    encoding: Sequence[str] = (),
) -> "Model":
    """The model that these options ask for; `encoding` is the present one of its training text.

    Raises BadParameter for weights that are not numbers, and what api.load raises.
    """
    from charrnn import api

    given = None if weights is None else numbers("--weights", weights)
    text = training_text or ()
    return api.load(run, *(others or ()), which=checkpoint, ngram=ngram, weights=given, text=text, encoding=encoding)


def encodings(encoding: Sequence[str] | None, text: Sequence[str] | None, both: bool) -> "tuple[Encodings, list[str]]":
    """The encodings of `text`, and the entries of --encoding for the training text.

    A NAME is for `text`, or for the training text if there is no other; FILE=NAME is for either, if `both` are read.
    Raises TextError for an unknown encoding.
    """
    from charrnn.text.reading.encodings import Encodings

    given = list(encoding or ())
    return replace(Encodings.parse(given), may_be_absent=both), [entry for entry in given if "=" in entry or not text]


def numbers(option: str, text: str, count: int | None = None, whole: bool = False) -> list[float]:
    """Numbers with commas between them. Raises BadParameter for anything else, or for another `count` of them."""
    kind = "whole numbers above 0" if whole else "numbers"
    try:
        found = [int(part) if whole else float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or (count and len(found) != count) or (whole and min(found) < 1):
        raise typer.BadParameter(
            f"{option} {text}: must be {f'{count} ' if count else ''}{kind} with commas between them"
        )
    return found


def require_one_end(steps: int | None, epochs: float | None, duration: str | None) -> None:
    """Raises BadParameter for more than one of the three."""
    if sum(end is not None for end in (steps, epochs, duration)) > 1:
        raise typer.BadParameter("give one of --steps, --epochs and --time")


def seconds_of(duration: str | None) -> float | None:
    """The seconds of --time. Raises BadValueError for what is not a duration."""
    return None if duration is None else values.parse_duration(duration, "--time")


def settings_of(steps: int | None, epochs: float | None, seed: int | None) -> dict[str, tuple[str, Any]]:
    """These options as configuration keys; a number of epochs replaces a number of steps."""
    options: dict[str, tuple[str, Any]] = {}
    if steps is not None:
        options["training.steps"] = ("--steps", steps)
    if epochs is not None:
        options["training.epochs"] = ("--epochs", epochs)
        options["training.steps"] = ("--epochs", None)
    if seed is not None:
        options["training.seed"] = ("--seed", seed)
    return options
