"""`charrnn score`."""

from pathlib import Path
from typing import Annotated

import typer

from charrnn.cli.options import (
    CheckpointOption,
    NgramOption,
    RunArgument,
    TrainingTextOption,
    WeightsOption,
    WithOption,
    numbers,
)


def score(
    run: RunArgument,
    text: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files, folders, globs, builtin:NAME, or - for standard input, which is also the default.",
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="RUN2", readable=False, help="Which of the two is likelier to have written this?"),
    ] = None,
    top: Annotated[
        int, typer.Option(min=0, max=10_000, help="How many of the most surprising places are listed.")
    ] = 10,
    others: WithOption = None,
    ngram: NgramOption = False,
    weights: WeightsOption = None,
    training_text: TrainingTextOption = None,
    checkpoint: CheckpointOption = None,
    json: Annotated[
        bool, typer.Option("--json", help="A line of {index, line, column, character, surprisal} for each character.")
    ] = False,
) -> None:
    """Tell how surprising each character of a text is to a trained network.

    Surprisal is -ln of the probability that the character was given. A terminal shows the text in its colours.
    """
    from charrnn import api
    from charrnn.cli import scores

    mixed = None if weights is None else numbers("--weights", weights)
    model = api.load(run, *(others or ()), which=checkpoint, ngram=ngram, weights=mixed, text=training_text or ())
    rival = api.load(against, which=checkpoint) if against else None
    if rival:
        scores.require_comparable(model, rival)
    given = model.opened(text or ["-"])
    if json:
        scores.write_lines(model, rival, given)
    else:
        scores.show(model, rival, given, top)
