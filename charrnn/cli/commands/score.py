"""`charrnn score`."""

from pathlib import Path
from typing import Literal

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
    lines: bool = typer.Option(
        False,
        "--lines",
        help="One figure for each line: nats, characters, the line.",
        rich_help_panel="What to show",
    ),
    sort: bool = typer.Option(
        False, "--sort", help="With --lines: the likeliest line first.", rich_help_panel="What to show"
    ),
    per: Literal["line", "character"] | None = typer.Option(
        None,
        help="With --lines: nats of the whole line, or per character. Default: line.",
        rich_help_panel="What to show",
    ),
    top: int | None = typer.Option(
        None,
        help="How many of the most surprising places. Default: 10.",
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
        help="Print a line of JSON for each character, or for each line.",
        rich_help_panel=common.OUTPUT,
    ),
) -> None:
    """Show how surprising each character of a text is to a network.

    Surprisal is -ln of the probability that the network gave the character. A terminal shows it in colours.

        charrnn score runs/harbour letter.txt
        echo "It was quiet." | charrnn score runs/harbour
        charrnn score runs/harbour letter.txt --against runs/play
        charrnn score runs/harbour --lines names.txt --sort
    """
    from charrnn.cli.progress.stage_lines import stage_lines

    if training_text and not (ngram or others):  # nothing reads a training text: it is the text to score
        if text:
            raise typer.BadParameter(
                "--text is the training text, for --ngram and --with; give one of them too, or leave it out"
            )
        text, training_text = training_text, None
    for option, given in (("--sort", sort), ("--per", per)):
        if given and not lines:
            raise typer.BadParameter(f"{option} needs --lines; give both")
    if lines and (against or top is not None):
        kind = "--against compares two models" if against else "--top lists places"
        raise typer.BadParameter(f"{kind} character by character; leave it out with --lines")
    sources = text or ["-"]
    with stage_lines(json, sources=[*sources, *(training_text or ())]) as on_stage:
        texts_given.check(run, text or (), "charrnn score")
        from charrnn import api
        from charrnn.cli.reports import line_scores, scores
        from charrnn.models.comparison import require_comparable
        from charrnn.models.model import read_in_step
        from charrnn.runs.recorded_text import read_once

        encodings, own = common.encodings(encoding, sources, both=ngram or bool(others))
        model = common.load(run, others, ngram, weights, training_text, checkpoint, own, on_stage)
        if lines:
            reader = read_once(sources, model.saved.config.data, encodings)
        rival = api.load(against, which=checkpoint) if against else None
        if rival:
            require_comparable(model, rival)
        texts = [] if lines else read_in_step([model, rival] if rival else [model], sources, encodings)
    if lines:
        line_scores.show(model, reader, per == "character", sort, json)
    elif json:
        scores.write_lines(model, rival, texts)
    else:
        scores.show(model, rival, texts, 10 if top is None else top)
