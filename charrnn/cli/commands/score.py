"""`charrnn score`."""

from pathlib import Path

import typer

from charrnn.cli.options import common, values


def score(
    run: common.RunArgument,
    text: list[str] | None = common.text_argument("None: standard input."),
    against: Path | None = typer.Option(
        None, metavar="RUN2", readable=False, help="Compare with another run: which of the two more likely wrote this?"
    ),
    top: int = typer.Option(
        10, metavar="N", parser=values.whole(0, 10_000), help="How many of the most surprising places to list."
    ),
    others: common.WithOption = None,
    ngram: common.NgramOption = False,
    weights: common.WeightsOption = None,
    training_text: common.TrainingTextOption = None,
    encoding: common.EncodingOption = None,
    checkpoint: common.CheckpointOption = None,
    json: bool = typer.Option(
        False,
        "--json",
        help="Print a line of JSON for each character: {index, line, column, character, surprisal}, and file if there are several.",
    ),
) -> None:
    """Measure how surprising each character of a text is to a trained network.

    Surprisal is -ln of the probability that the network gave the character. A terminal shows the text coloured by
    surprisal.
    """
    from charrnn import api
    from charrnn.cli.reports import scores
    from charrnn.models.comparison import require_comparable
    from charrnn.models.model import read_in_step

    if training_text and not (ngram or others):
        raise typer.BadParameter(
            "--text is the training text, for --ngram and --with; give one of them too, or name the text to score without an option"
        )
    sources = text or ["-"]
    encodings, own = common.encodings(encoding, sources, both=ngram or bool(others))
    model = common.load(run, others, ngram, weights, training_text, checkpoint, own)
    rival = api.load(against, which=checkpoint) if against else None
    if rival:
        require_comparable(model, rival)
    texts = read_in_step([model, rival] if rival else [model], sources, encodings)
    if json:
        scores.write_lines(model, rival, texts)
    else:
        scores.show(model, rival, texts, top)
