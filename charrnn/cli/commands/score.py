"""`charrnn score`."""

from pathlib import Path
from typing import Annotated

import typer

from charrnn.cli.commands import common_options as common


def score(
    run: common.RunArgument,
    text: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files, folders, globs, builtin:NAME, or - for standard input, which is also the default.",
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN2",
            readable=False,
            help="Compare with another run: which of the two is likelier to have written this?",
        ),
    ] = None,
    top: Annotated[
        int, typer.Option(min=0, max=10_000, help="How many of the most surprising places are listed.")
    ] = 10,
    others: common.WithOption = None,
    ngram: common.NgramOption = False,
    weights: common.WeightsOption = None,
    training_text: common.TrainingTextOption = None,
    encoding: common.EncodingOption = None,
    checkpoint: common.CheckpointOption = None,
    json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Print a line of JSON, {index, line, column, character, surprisal}, of several files also file, for each character.",
        ),
    ] = False,
) -> None:
    """Tell how surprising each character of a text is to a trained network.

    Surprisal is -ln of the probability that the character was given. A terminal shows the text in its colours.
    """
    from charrnn import api
    from charrnn.cli.reports import scores
    from charrnn.models.model import read_in_step

    if training_text and not (ngram or others):
        raise typer.BadParameter(
            "--text says where the run's text stands now, for --ngram and --with: give one of them too; "
            "a text to be scored stands after the run, without an option"
        )
    sources = text or ["-"]
    said, own = common.encodings(encoding, sources, both=ngram or bool(others))
    model = common.load(run, others, ngram, weights, training_text, checkpoint, own)
    rival = api.load(against, which=checkpoint) if against else None
    if rival:
        scores.require_comparable(model, rival)
    texts = read_in_step([model, rival] if rival else [model], sources, said)
    if json:
        scores.write_lines(model, rival, texts)
    else:
        scores.show(model, rival, texts, top)
