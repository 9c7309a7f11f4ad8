"""Options that several commands have."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from charrnn.cli.commands import typed_text

if TYPE_CHECKING:
    from charrnn.models.model import Model
    from charrnn.text.reading.encodings import Encodings

ConfigOption = Annotated[
    str | None,
    typer.Option("--config", "-c", metavar="NAME|FILE", help="A shipped configuration by name, or a YAML file."),
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
    Path,
    typer.Argument(
        metavar="RUN", readable=False, help="A run directory, or a .safetensors checkpoint.", show_default=False
    ),
]
CheckpointOption = Annotated[
    Literal["best", "last"] | None,
    typer.Option(help="Which checkpoint of a run directory. Default: best, or last where there is no best."),
]
WithOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--with", metavar="RUN2", readable=False, help="Mix in another run of the same vocabulary. Repeatable."
    ),
]
NgramOption = Annotated[
    bool, typer.Option("--ngram", help="Mix in an n-gram (Kneser-Ney) of the training split of the run's text.")
]
WeightsOption = Annotated[
    str | None,
    typer.Option(
        metavar="W,W,...",
        help="The weights of what is mixed: RUN, each --with, --ngram. Default: fitted on the validation split.",
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace the file of --out where it exists.")]
TrainingTextOption = Annotated[
    list[str] | None,
    typer.Option(
        "--text", metavar="TEXT", help="Where the text of the training stands now, if it was moved. Repeatable."
    ),
]
EncodingOption = Annotated[
    list[str] | None,
    typer.Option(
        "--encoding",
        metavar="NAME|FILE=NAME",
        help="The encoding of the texts, or of one file, for example notes.txt=cp1252. Repeatable. Default: UTF-8, or what a "
        "byte order mark says.",
        show_default=False,
    ),
]


def load(
    run: Path,
    others: Sequence[Path] | None,
    ngram: bool,
    weights: str | None,
    training_text: Sequence[str] | None,
    checkpoint: str | None,
    encoding: Sequence[str] = (),
) -> "Model":
    """The model that these options ask for; `encoding` is what its training text is in now. Raises BadParameter for weights that
    are no numbers, and as api.load does.
    """
    from charrnn import api

    given = None if weights is None else numbers("--weights", weights)
    text = training_text or ()
    return api.load(run, *(others or ()), which=checkpoint, ngram=ngram, weights=given, text=text, encoding=encoding)


def encodings(encoding: Sequence[str] | None, text: Sequence[str] | None, both: bool) -> "tuple[Encodings, list[str]]":
    """What --encoding says of `text`, and what of the run's own text: a NAME is for the own one where there is no other, and
    FILE=NAME for either, where `both` are read. Raises TextError for an unknown encoding.
    """
    from charrnn.text.reading.encodings import Encodings

    given = list(encoding or ())
    said = replace(Encodings.parse(given), may_be_absent=both)
    return said, [entry for entry in given if "=" in entry or not text]


def numbers(option: str, text: str, count: int | None = None, whole: bool = False) -> list[float]:
    """Numbers with commas between them. Raises BadParameter for anything else, or another count of them."""
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


def settings_of(steps: int | None, epochs: float | None, seed: int | None) -> dict[str, tuple[str, Any]]:
    """The dedicated options as configuration keys; a number of epochs replaces a number of steps."""
    options: dict[str, tuple[str, Any]] = {}
    if steps is not None:
        options["training.steps"] = ("--steps", steps)
    if epochs is not None:
        options["training.epochs"] = ("--epochs", epochs)
        options["training.steps"] = ("--epochs", None)
    if seed is not None:
        options["training.seed"] = ("--seed", seed)
    return options
