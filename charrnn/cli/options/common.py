"""Options that several commands have, and what they mean together.

Each is a type with its option; one that a single command has is the default of its parameter there.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from charrnn.cli.exit_codes import FAILED
from charrnn.cli.options import completion, run_argument, typed_text, values
from charrnn.stages import OnStage, ignore_stage

if TYPE_CHECKING:
    from charrnn.models.model import Model
    from charrnn.text.reading.encodings import Encodings

MAX_STEPS, MAX_EPOCHS = 10**15, 1e6  # as in the configuration, which is too slow to import for --help
NO_TRAINING = "to see the plan without a training: --dry-run"


# The groups of options in the help that several commands have.
TEXT_AND_NETWORK = "Text and network"
HOW_LONG = "How long"
WHERE = "Where"
DISPLAY = "Display"
MIXTURES = "Mixtures"
WHAT_TO_CHECK = "What to check"
OUTPUT = "Output"


def text_argument(default: str, sources: str = "Files, folders, globs, - (standard input) or builtin:NAME.") -> Any:
    """The argument TEXT; `default` says what a command reads without one."""
    return typer.Argument(None, help=f"{sources} {default}", show_default=False, autocompletion=completion.texts)


def out_option(metavar: str, help: str, default: Any = None, group: str = OUTPUT) -> Any:
    """The option --out, for a file or a directory. With `...` as its default it must be given."""
    return typer.Option(
        default, "--out", "-o", metavar=metavar, readable=False, help=help, show_default=False, rich_help_panel=group
    )


def settings(context: typer.Context, typed: list[str] | None) -> list[str] | None:
    """The values of --set as UTF-8. Raises BadValueError for -steps, which the parser reads as -s teps."""
    for each in typed or ():
        if any(f"--s{each.partition('=')[0]}" in parameter.opts for parameter in context.command.params):
            raise values.BadValueError(each, "must be KEY=VALUE")
    return typed_text.texts(typed)


ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config",
        "-c",
        metavar="NAME|FILE",
        autocompletion=completion.recipes,
        help="A recipe by name, or a YAML file. Default: the recipe `default`.",
        rich_help_panel=TEXT_AND_NETWORK,
    ),
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        metavar="KEY=VALUE",
        autocompletion=completion.settings,
        callback=settings,
        help="Set a key, for example model.hidden_size=128. Repeatable.",
        rich_help_panel=TEXT_AND_NETWORK,
    ),
]
RunArgument = Annotated[
    Path,
    typer.Argument(
        metavar="[RUN]",
        autocompletion=completion.runs,
        readable=False,
        callback=run_argument.run_or_newest,
        help="A run in runs/ by name, a run directory, a .safetensors checkpoint, or builtin:english. None, in a terminal: the newest.",
        show_default=False,
    ),
]
NO_RUN: Any = None  # the default of a RunArgument, which its callback replaces
CheckpointOption = Annotated[
    Literal["best", "last"] | None,
    typer.Option(
        help="Which checkpoint. Default: best, or else last.",
        rich_help_panel=TEXT_AND_NETWORK,
    ),
]
WithOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--with",
        metavar="RUN2",
        autocompletion=completion.runs,
        readable=False,
        help="Mix in another run. Repeatable.",
        rich_help_panel=MIXTURES,
    ),
]
NgramOption = Annotated[
    bool,
    typer.Option("--ngram", help="Mix in an n-gram of the training text.", rich_help_panel=MIXTURES),
]
WeightsOption = Annotated[
    str | None,
    typer.Option(
        metavar="W,W,...",
        help="The weights of RUN, each --with and --ngram. Default: the best on the validation split.",
        rich_help_panel=MIXTURES,
    ),
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Replace the file of --out if it exists.", rich_help_panel=OUTPUT)
]
TrainingTextOption = Annotated[
    list[str] | None,
    typer.Option(
        "--text",
        metavar="TEXT",
        help="Where the training text is now. Repeatable.",
        rich_help_panel=TEXT_AND_NETWORK,
    ),
]
EncodingOption = Annotated[
    list[str] | None,
    typer.Option(
        "--encoding",
        metavar="NAME|FILE=NAME",
        help="The encoding of the texts, or of FILE. Repeatable. Default: UTF-8, or by the byte order mark.",
        rich_help_panel=TEXT_AND_NETWORK,
    ),
]
TemperatureOption = Annotated[
    float,
    typer.Option(
        "--temperature",
        "-t",
        metavar="T",
        help="Below 1 safer, above 1 wilder; 0 always takes the likeliest.",
        rich_help_panel="How",
        parser=values.number(least=0, code=FAILED),
    ),
]
TopPOption = Annotated[
    float | None,
    typer.Option(
        "--top-p",
        metavar="P",
        help="Draw from the likeliest with probability P in all.",
        rich_help_panel="How",
        parser=values.number(above=0, most=1, code=FAILED),
    ),
]
StepsOption = Annotated[
    int | None,
    typer.Option(
        "--steps",
        metavar="N",
        help="How many updates of the weights.",
        rich_help_panel=HOW_LONG,
        parser=values.whole(1, MAX_STEPS, NO_TRAINING, FAILED),
    ),
]
EpochsOption = Annotated[
    float | None,
    typer.Option(
        "--epochs",
        help="How many passes over the text, instead of --steps.",
        rich_help_panel=HOW_LONG,
        metavar="X",
        parser=values.number(above=0, most=MAX_EPOCHS, code=FAILED),
    ),
]
TimeOption = Annotated[
    str | None,
    typer.Option(
        "--time",
        metavar="DURATION",
        help="Train for this long, such as 140s, 10m or 1h30m.",
        rich_help_panel=HOW_LONG,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.", rich_help_panel=OUTPUT)]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.", rich_help_panel=DISPLAY)]


def load(
    run: Path,
    others: Sequence[Path] | None,
    ngram: bool,
    weights: str | None,
    training_text: Sequence[str] | None,
    checkpoint: str | None,
    encoding: Sequence[str] = (),
    on_stage: OnStage = ignore_stage,
) -> "Model":
    """The model that these options ask for; `encoding` is the present one of its training text.

    Raises BadParameter for weights that are not numbers, and what api.load raises.
    """
    from charrnn import api

    given = None if weights is None else numbers("--weights", weights)
    text = training_text or ()
    return api.load(
        run,
        *(others or ()),
        which=checkpoint,
        ngram=ngram,
        weights=given,
        text=text,
        encoding=encoding,
        on_stage=on_stage,
    )


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
