"""`charrnn eval`."""

from typing import Literal

import typer

from charrnn.cli.options import common, texts_given, values
from charrnn.text.splits import Protocol


def evaluate(
    run: common.RunArgument = common.NO_RUN,
    text: list[str] | None = common.text_argument("None: a split of the training text."),
    split: Literal["train", "valid", "test"] | None = typer.Option(
        None,
        help="Which split of the training text. Default: test, or else valid.",
        rich_help_panel="What to measure",
    ),
    protocol: Protocol | None = typer.Option(
        None,
        help="How to split that text. Default: as in the training.",
        rich_help_panel="What to measure",
    ),
    slices: str | None = typer.Option(
        None,
        metavar="B,S",
        help="For char-rnn: B slices, in windows of S characters. Default: as in the training.",
        rich_help_panel="What to measure",
    ),
    dynamic: bool = typer.Option(
        False,
        "--dynamic",
        help="Learn while reading: one step of SGD a window.",
        rich_help_panel="What to measure",
    ),
    learning_rate: float | None = typer.Option(
        None,
        "--learning-rate",
        help="The learning rate of --dynamic. Default: 0.1.",
        show_default=False,
        rich_help_panel="What to measure",
        metavar="X",
        parser=values.number(least=0),
    ),
    others: common.WithOption = None,
    ngram: common.NgramOption = False,
    weights: common.WeightsOption = None,
    baselines: bool = typer.Option(
        True,
        "--baselines/--no-baselines",
        help="Compare with counting, an n-gram and xz.",
        rich_help_panel="What to measure",
    ),
    training_text: common.TrainingTextOption = None,
    encoding: common.EncodingOption = None,
    checkpoint: common.CheckpointOption = None,
    json: common.JsonOption = False,
) -> None:
    """Measure how well a trained network predicts a text.

    Reads the text once, from beginning to end. Prints nats and bits for each character, with a 95% interval.

        charrnn eval runs/harbour
        charrnn eval runs/harbour other.txt
        charrnn eval runs/harbour --split valid --ngram
    """
    from charrnn.cli.progress.stage_lines import stage_lines

    if learning_rate is not None and not dynamic:
        raise typer.BadParameter("--learning-rate needs --dynamic; give both")
    if text and (split or protocol or slices is not None):
        raise typer.BadParameter(
            "--split, --protocol and --slices are for the training text; leave them out with another TEXT"
        )
    with stage_lines(json, sources=[*(text or ()), *(training_text or ())]) as on_stage:
        texts_given.check(run, text or (), "charrnn eval")
        from charrnn.cli.reports import evaluation
        from charrnn.models.mixture.dynamic_scorer import LEARNING_RATE

        rate = (LEARNING_RATE if learning_rate is None else learning_rate) if dynamic else None
        encodings, own = common.encodings(encoding, text, both=baselines or ngram or bool(others))
        model = common.load(run, others, ngram, weights, training_text, checkpoint, own, on_stage)
        given = model.read(text, encodings) if text else None
        cut = None
        if slices is not None:
            B, S = common.numbers("--slices", slices, 2, whole=True)
            cut = int(B), int(S)
        made = model.evaluate(given, split, protocol, cut, rate, baselines)
    evaluation.show(made, model, json, text or ())
