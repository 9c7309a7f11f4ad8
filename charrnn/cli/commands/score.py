"""`charrnn score`."""

from pathlib import Path

import typer

from charrnn.cli.options import common, completion, texts_given, values


def score(
    run: common.RunArgument = common.NO_RUN,
    text: list[str] | None = common.text_argument("None: standard input."),
    against: Path | None = typer.Option(
        None,
        metavar="RUN2",
        autocompletion=completion.runs,
        readable=False,
        help="Which of the two runs more likely wrote this?",
        rich_help_panel="What to show",
    ),
    top: int = typer.Option(
        10,
        help="How many of the most surprising places.",
        rich_help_panel="What to show",
        metavar="N",
        parser=values.whole(0, 10_000),
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
        help="Print a line of JSON for each character.",
        rich_help_panel=common.OUTPUT,
    ),
) -> None:
    """Show how surprising each character of a text is to a network.

    Surprisal is -ln of the probability that the network gave the character. A terminal shows it in colours.

        charrnn score runs/harbour letter.txt
        echo "It was quiet." | charrnn score runs/harbour
        charrnn score runs/harbour letter.txt --against runs/play
    """
    from charrnn.cli.progress.stage_lines import stage_lines

    if training_text and not (ngram or others):  # nothing reads a training text: it is the text to score
        if text:
            raise typer.BadParameter(
                "--text is the training text, for --ngram and --with; give one of them too, or leave it out"
            )
        text, training_text = training_text, None
    sources = text or ["-"]
    with stage_lines(json, sources=[*sources, *(training_text or ())]) as on_stage:
        texts_given.check(run, text or (), "charrnn score")
        from charrnn import api
        from charrnn.cli.reports import scores
        from charrnn.models.comparison import require_comparable
        from charrnn.models.model import read_in_step

        encodings, own = common.encodings(encoding, sources, both=ngram or bool(others))
        model = common.load(run, others, ngram, weights, training_text, checkpoint, own, on_stage)
        rival = api.load(against, which=checkpoint) if against else None
        if rival:
            require_comparable(model, rival)
        texts = read_in_step([model, rival] if rival else [model], sources, encodings)
    if json:
        scores.write_lines(model, rival, texts)
    else:
        scores.show(model, rival, texts, top)
